import type { Rows } from "./gaussian-mixture.ts";

/** A question to one feature: is it at most the threshold? */
export interface Stump {
  readonly feature: number;
  readonly threshold: number;
}

/** Σ p² of classes: 1 less Gini's impurity. */
export function purityOf(answers: Iterable<number>): number {
  const counts = new Map<number, number>();
  let whole = 0;
  for (const answer of answers) {
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
    whole++;
  }
  let sum = 0;
  for (const count of counts.values()) sum += (count / whole) ** 2;
  return sum;
}

/** The class that is given most often, the least of several. */
export function mostOf(answers: Iterable<number>): number {
  const counts = new Map<number, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].sort(([a, n], [b, m]) => m - n || a - b)[0]?.[0] ?? 0;
}

/** The rows' numbers on either side of a stump. */
export function sidesOf({ data, width }: Rows, { feature, threshold }: Stump): readonly [number[], number[]] {
  const sides: readonly [number[], number[]] = [[], []];
  for (let row = 0; row < data.length / width; row++) {
    sides[(data[row * width + feature] as number) <= threshold ? 0 : 1].push(row);
  }
  return sides;
}

/** CART's best split of rows by Gini's impurity, half-way between two values; undefined where none makes the sides purer. */
export function bestStump({ data, width }: Rows, answers: readonly number[]): Stump | undefined {
  const count = answers.length;
  const names = [...new Set(answers)];
  const classes = Uint32Array.from(answers, (answer) => names.indexOf(answer));
  const totals = new Float64Array(names.length);
  for (const c of classes) totals[c] = (totals[c] as number) + 1;
  let best: Stump | undefined;
  // Σ n·Σ p² of the sides, which is largest where impurity is least.
  let most = totals.reduce((sum, n) => sum + n * n, 0) / count + 1e-9 * count;
  for (let feature = 0; feature < width; feature++) {
    const value = (row: number): number => data[row * width + feature] as number;
    const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => value(a) - value(b));
    const left = new Float64Array(names.length);
    let [leftSquares, rightSquares] = [0, totals.reduce((sum, n) => sum + n * n, 0)];
    for (let i = 0; i + 1 < count; i++) {
      const row = order[i] as number;
      const c = classes[row] as number;
      const own = left[c] as number;
      leftSquares += 2 * own + 1;
      rightSquares += 1 - 2 * ((totals[c] as number) - own);
      left[c] = own + 1;
      const [here, next] = [value(row), value(order[i + 1] as number)];
      if (here === next) continue;
      const score = leftSquares / (i + 1) + rightSquares / (count - i - 1);
      if (score <= most) continue;
      most = score;
      best = { feature, threshold: (here + next) / 2 };
    }
  }
  return best;
}

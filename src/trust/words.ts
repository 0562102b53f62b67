import type { Curve, OtherClass, Trust } from "./measures.ts";

/** Rank correlations from here on count as "hardly depends". */
export const ALIKE = { class: 0.9, weights: 0.5 } as const;
/** Measures beyond these are worth a word. */
const POOR = { muFidelity: 0.1, infidelity: 0.9, sensitivity: 1 } as const;

/**
 * What the figures of a map mean, in words; figures that mean nothing in particular get none.
 * @param blank whether the map is the same everywhere.
 * @param nameOf a class's label.
 */
export function wordsOf(
  trust: Omit<Trust, "words">,
  { blank, nameOf }: { readonly blank: boolean; readonly nameOf: (other: number) => string },
): string[] {
  if (blank) return ["This map is the same everywhere: it says nothing of the image."];
  const words: string[] = [];
  const { classSwap, randomised, muFidelity, infidelity, sensitivity } = trust;
  if (classSwap && classSwap.correlation >= ALIKE.class) {
    words.push(`This map hardly depends on the class: ${likeness(classSwap, nameOf)}, the runner-up.`);
  }
  const logit = randomised?.logit;
  if (logit && logit.correlation >= ALIKE.class && logit.other !== classSwap?.other) {
    words.push(`This map hardly depends on the class: ${likeness(logit, nameOf)}, drawn at random.`);
  }
  const parameters = randomised?.parameters;
  if (parameters !== undefined && parameters >= ALIKE.weights) {
    words.push(
      `This map hardly depends on the weights: a network with random ones gives the same order of pixels (rank correlation ${figure(parameters)}).`,
    );
  }
  const chance = chanceWords(trust);
  if (chance) words.push(chance);
  if (muFidelity !== undefined && muFidelity < POOR.muFidelity) {
    words.push(
      `What this map sums to over a region says little of how far the score falls without it (correlation ${figure(muFidelity)}).`,
    );
  }
  if (infidelity && infidelity.relative > POOR.infidelity) {
    const change = infidelity.by === "noise" ? "small noise changes the score" : "a cell of the image weighs";
    words.push(
      `This map says next to nothing of how ${change}: ${Math.round(100 * infidelity.relative)} % of it is left unexplained.`,
    );
  }
  if (sensitivity !== undefined && sensitivity > POOR.sensitivity) {
    words.push(
      `Noise that nobody sees changes this map by more than its own size (sensitivity ${figure(sensitivity)}).`,
    );
  }
  return words;
}

function likeness({ other, correlation }: OtherClass, nameOf: (other: number) => string): string {
  return `its order of pixels is that of the map of ${nameOf(other)} (rank correlation ${figure(correlation)})`;
}

/** How many random rankings do as well, counting insertion up and deletion down. */
function chanceWords({ insertion, deletion }: Omit<Trust, "words">): string | undefined {
  const curves: readonly [Curve | undefined, number][] = [
    [insertion, 1],
    [deletion, -1],
  ];
  const total = (value: (curve: Curve) => number): number =>
    curves.reduce((sum, [curve, sign]) => sum + (curve ? sign * value(curve) : 0), 0);
  const chances = Math.max(insertion?.chance.length ?? 0, deletion?.chance.length ?? 0);
  if (chances === 0) return undefined;
  const own = total(({ area }) => area);
  const asWell = Array.from({ length: chances }, (_, i) => total(({ chance }) => chance[i] ?? 0)).filter(
    (value) => value >= own,
  ).length;
  if (asWell === 0) return undefined;
  const by = insertion && deletion ? "insertion and deletion" : insertion ? "insertion" : "deletion";
  return `This map is no better than chance at ${by}: of ${chances} copies moved elsewhere ${asWell} ${asWell === 1 ? "does" : "do"} as well.`;
}

function figure(value: number): string {
  return value.toFixed(2);
}

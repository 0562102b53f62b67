import { type Shape, sizeOf } from "../../gpu/tensor.ts";
import type { Layout } from "./value.ts";

/** The shape that the file sees. */
export function shapeOf({ factors, axes }: Layout): number[] {
  return axes.map((axis) => sizeOf(axis.map((factor) => factors[factor] ?? 1)));
}

/** A layout without factors of 1, in which neighbours that stand together in one axis are one factor. */
export function simplified({ factors, axes }: Layout): Layout {
  const joinsNext = new Set<number>();
  const kept = axes.map((axis) => axis.filter((factor) => factor === 0 || factors[factor] !== 1));
  const next = nextKept(factors);
  for (const axis of kept) {
    for (const [index, factor] of axis.entries()) {
      if (factor > 0 && next.get(factor) === axis[index + 1]) joinsNext.add(factor);
    }
  }
  const sizes: number[] = [];
  const renamed = new Map<number, number>();
  let joining = false;
  for (const [factor, size] of factors.entries()) {
    if (factor > 0 && size === 1) continue;
    if (joining) sizes[sizes.length - 1] = (sizes.at(-1) ?? 1) * size;
    else renamed.set(factor, sizes.push(size) - 1);
    joining = joinsNext.has(factor);
  }
  return {
    factors: sizes,
    axes: kept.map((axis) => axis.flatMap((factor) => renamed.get(factor) ?? [])),
  };
}

/** For each factor, the one that lies behind it in storage, those of 1 apart. */
function nextKept(factors: readonly number[]): ReadonlyMap<number, number> {
  const kept = factors.flatMap((size, factor) => (factor > 0 && size === 1 ? [] : [factor]));
  return new Map(
    kept.flatMap((factor, index) =>
      index + 1 < kept.length ? [[factor, kept[index + 1] ?? 0] as const] : [],
    ),
  );
}

/**
 * The layout of the same values in the same storage under another shape of as many elements, each axis of which is one
 * factor or several; undefined where the storage does not show it. `fine` keeps factors apart that could be one.
 */
export function regrouped(layout: Layout, shape: Shape, fine = false): Layout | undefined {
  const runs = runsOf(layout);
  const pieces = runs.map((): number[] => []);
  const axes: { readonly run: number; readonly piece: number }[][] = [];
  let run = 0;
  let rest = runs[0]?.size ?? 1;
  for (const size of shape) {
    const axis: { run: number; piece: number }[] = [];
    for (let need = size; need > 1; ) {
      while (rest === 1 && run + 1 < runs.length) rest = runs[++run]?.size ?? 1;
      const take = need % rest === 0 ? rest : rest % need === 0 && runs[run]?.first !== 0 ? need : 1;
      if (take === 1) return undefined;
      axis.push({ run, piece: (pieces[run]?.push(take) ?? 1) - 1 });
      need /= take;
      rest /= take;
    }
    axes.push(axis);
  }
  const order = runs.map((_, index) => index).sort((a, b) => (runs[a]?.first ?? 0) - (runs[b]?.first ?? 0));
  const batch = runs.some(({ first }) => first === 0) ? [] : [layout.factors[0] ?? 1];
  const factors = [...batch];
  const starts = new Map<number, number>();
  for (const index of order) {
    starts.set(index, factors.length);
    factors.push(...(pieces[index] ?? []));
  }
  const named = axes.map((axis) => axis.map(({ run, piece }) => (starts.get(run) ?? 0) + piece));
  const result = { factors, axes: named };
  return fine ? result : simplified(result);
}

/** Runs of factors that lie one behind the other in storage and in the file, in the file's order; the batch by itself. */
function runsOf({ factors, axes }: Layout): { readonly first: number; readonly size: number }[] {
  const next = nextKept(factors);
  const runs: { first: number; last: number; size: number }[] = [];
  for (const factor of axes.flat()) {
    const size = factors[factor] ?? 1;
    const before = runs.at(-1);
    if (factor > 0 && size === 1) continue;
    if (before && before.last > 0 && next.get(before.last) === factor) {
      before.last = factor;
      before.size *= size;
    } else runs.push({ first: factor, last: factor, size });
  }
  return runs;
}

/** The axes in another order. */
export function transposed({ factors, axes }: Layout, order: readonly number[]): Layout {
  return { factors, axes: order.map((axis) => axes[axis] ?? []) };
}

/** A layout in which the file's axes lie in storage as they come, after the batch. */
export function inOrder(batch: number, shape: Shape, batchAxis: number | undefined): Layout {
  const factors = [batch];
  const axes = shape.map((size, axis) => (axis === batchAxis ? [0] : [factors.push(size) - 1]));
  return simplified({ factors, axes });
}

/**
 * Cuts that several ways to write an axis as a product share: [6] and [2, 3] share [2, 3]; undefined for [2, 3] and
 * [3, 2].
 */
export function commonCuts(ways: readonly (readonly number[])[]): readonly number[] | undefined {
  const [first = [], ...others] = ways;
  let cuts: readonly number[] = first;
  for (const way of others) {
    const shared: number[] = [];
    const [a, b] = [[...cuts], [...way]];
    while (a.length > 0 && b.length > 0) {
      const [x = 1, y = 1] = [a.shift(), b.shift()];
      const cut = Math.min(x, y);
      if (Math.max(x, y) % cut !== 0) return undefined;
      shared.push(cut);
      if (x > cut) a.unshift(x / cut);
      if (y > cut) b.unshift(y / cut);
    }
    cuts = shared;
  }
  return cuts;
}

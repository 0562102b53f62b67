import type { BackProjection } from "./op.ts";

/** Takes values back to their own place: those of a channel from `first` on, times the channel's scale. */
export function backProjectItself(
  { y, x, values, back }: BackProjection,
  { scale, first = 0 }: { readonly scale?: Float32Array; readonly first?: number } = {},
): void {
  const to = back(y, x);
  for (const c of to.keys()) to[c] = (to[c] ?? 0) + (values[first + c] ?? 0) * (scale?.[c] ?? 1);
}

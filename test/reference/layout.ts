import { type Array64, at, fill } from "./array.ts";

/** Concatenation of [N, H, W, C] arrays along an axis. */
export function concat(axis: number, parts: readonly Array64[]): Array64 {
  const length = parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0);
  const shape = (parts[0]?.shape ?? []).map((size, i) => (i === axis ? length : size));
  return fill(shape, (...index) => {
    let place = index[axis] ?? 0;
    for (const part of parts) {
      const size = part.shape[axis] ?? 0;
      if (place < size) {
        const [n, v, u, c] = index.map((value, i) => (i === axis ? place : value));
        return at(part, n ?? 0, v ?? 0, u ?? 0, c ?? 0) ?? Number.NaN;
      }
      place -= size;
    }
    return Number.NaN;
  });
}

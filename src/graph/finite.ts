import { ModelError } from "../gpu/errors.ts";
import type { Graph } from "./graph.ts";

/** The place of the first value that is NaN or infinite; −1 where all are finite. */
export function firstNotFinite(values: Float32Array): number {
  // A plain loop: a callback for each of many million weights takes seconds.
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** Share of the largest magnitude below which differences are rounding: some sixteen roundings of f32. */
const ROUNDING = 2 ** -20;

/** Tells whether values between these two differ by no more than their rounding. */
export function withinRounding(least: number, most: number): boolean {
  return most - least <= ROUNDING * Math.max(Math.abs(least), Math.abs(most));
}

/**
 * Checks every number of a graph: weights, what was made of them, and layers' settings as the kernels get them, in f32.
 * @throws ModelError that names the layer and what of it is NaN or infinite.
 */
export function assertFinite({ name: graph, layers, preprocessing }: Graph): void {
  const check = (where: string, value: unknown): void => {
    if (typeof value === "number") {
      const single = Math.fround(value);
      if (Number.isFinite(single)) return;
      const why = Number.isFinite(value) ? `, which f32 holds as ${single} (its largest is 3.4e38)` : "";
      throw new ModelError(`network "${graph}": expected ${where} to be finite, got ${value}${why}`);
    }
    if (value instanceof Float32Array) {
      const at = firstNotFinite(value);
      if (at >= 0) {
        throw new ModelError(
          `network "${graph}": expected ${where} to be finite, got ${value[at]} at value ${at} of ${value.length}; the weights are damaged or training diverged`,
        );
      }
    } else if (typeof value === "object" && value !== null) {
      for (const [key, part] of Object.entries(value)) {
        // Weights with their shape: the field that holds them is their name.
        const own = key === "data" && part instanceof Float32Array;
        check(own ? where : `${key} in ${where}`, part);
      }
    }
  };
  for (const { name, op, ...settings } of layers) {
    for (const [key, value] of Object.entries(settings)) check(`${key} of layer "${name}" (${op})`, value);
  }
  check("preprocessing", preprocessing);
}

import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createFitViewsGradient, createNoisyViews } from "../../kernels/views.ts";
import type { Transform } from "./transform.ts";

export interface NoiseOptions {
  /** Standard deviation of normal noise, in the unit of the pixels. Default 0. */
  readonly sd?: number | undefined;
  /** Half the width of the range of uniform noise around 0. Default 0. */
  readonly uniform?: number | undefined;
}

const NOISE: Fields<NoiseOptions> = { sd: "may", uniform: "may" };

/**
 * Adds noise to every value, normal and uniform.
 * @throws InputError when one is below 0.
 * @example
 * noise({ sd: 0.08, uniform: 0.04 });
 */
export function noise(options: NoiseOptions): Transform {
  assertFields("noise", options, NOISE);
  const { sd = 0, uniform = 0 } = options;
  for (const [name, value] of Object.entries({ sd, uniform })) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new InputError(`noise: expected ${name} of at least 0, got ${value}`);
  }
  return {
    name: "noise",
    sizeOf: (size) => size,
    create: ({ device, x, dx, y, dy, numbers, step, seed }) =>
      build(device, "noise", async ({ command }) => ({
        forward: await command(createNoisyViews(device, { x, y, numbers, step, seed, sd, uniform })),
        backward: await command(createFitViewsGradient(device, { dx, dy })),
      })),
  };
}

import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createGradientStep } from "../../kernels/optimisers.ts";
import type { Optimiser } from "./optimiser.ts";

export interface GradientAscentOptions {
  /** The parameters move by rate · gradient. */
  readonly rate: number;
}

const GRADIENT: Fields<GradientAscentOptions> = { rate: "must" };

/**
 * Plain gradient ascent.
 * @throws InputError for a rate that is not above 0.
 */
export function gradientAscent(options: GradientAscentOptions): Optimiser {
  assertFields("gradientAscent", options, GRADIENT);
  const { rate } = options;
  if (!(Number.isFinite(rate) && rate > 0)) {
    throw new InputError(`gradientAscent: expected a rate above 0, got ${rate}`);
  }
  return {
    name: `gradient ascent, rate ${rate}`,
    create: ({ device, parameters, gradient }) =>
      build(device, "gradient ascent", async ({ command }) => {
        const made = await command(createGradientStep(device, { g: gradient, x: parameters, rate }));
        return { update: () => made };
      }),
  };
}

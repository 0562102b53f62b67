import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createMomentumStep } from "../../kernels/optimisers.ts";
import type { Optimiser } from "./optimiser.ts";
import { type Rate, rateInWords, ratesOf } from "./rate.ts";

export interface MomentumOptions {
  readonly rate: Rate;
  /** What is left of the last move, 0 to below 1. Default 0.9. */
  readonly decay?: number | undefined;
  /** Forget the moves before whenever the rate changes, as Mahendran & Vedaldi do. Default true. */
  readonly reset?: boolean | undefined;
}

const MOMENTUM: Fields<MomentumOptions> = { rate: "must", decay: "may", reset: [true, false] };

/**
 * Gradient ascent with momentum: m = decay · m + rate · g, x += m.
 * @throws InputError for options out of range.
 */
export function momentum(options: MomentumOptions): Optimiser {
  assertFields("momentum", options, MOMENTUM);
  const { rate, decay = 0.9, reset = true } = options;
  const rates = ratesOf("momentum", rate);
  if (!(decay >= 0 && decay < 1)) {
    throw new InputError(`momentum: expected a decay of 0 to below 1, got ${decay}`);
  }
  return {
    name: `momentum ${decay}, rate ${rateInWords(rate)}`,
    create: ({ device, parameters, gradient, step }) =>
      build(device, "momentum", async ({ tensor, command }) => {
        const site = {
          ...{ g: gradient, step, x: parameters, decay, reset },
          m: tensor(parameters.shape, { label: "momentum" }),
          rates: tensor([rates.length], { data: rates, label: "momentum rates" }),
        };
        const made = await command(createMomentumStep(device, site));
        return { update: () => made };
      }),
  };
}

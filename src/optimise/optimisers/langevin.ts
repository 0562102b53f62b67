import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createLangevinStep } from "../../kernels/optimisers.ts";
import type { Optimiser } from "./optimiser.ts";
import { type Rate, rateInWords, ratesOf } from "./rate.ts";

export interface LangevinOptions {
  /** Length of a step, in units of squares of the parameters. Steps bend the distribution by about a quarter of it. */
  readonly rate: Rate;
  /** By how much the objective may differ between what is equally likely, but for the prior. Default 1. */
  readonly temperature?: number | undefined;
  /** Standard deviation of the parameters' prior, which is normal about 0. Default 1. */
  readonly sd?: number | undefined;
}

const LANGEVIN: Fields<LangevinOptions> = { rate: "must", temperature: "may", sd: "may" };

/**
 * No ascent, but samples of what is likely: Langevin dynamics, x += rate/2 · ∇(objective/temperature + log prior) + √rate · ε, which
 * draws parameters by the prior times exp(objective / temperature) after enough small steps. The generative networks of Nguyen et
 * al. 2017 ("Plug & play generative networks") are sampled like this.
 * @throws InputError for options out of range; when it is put to a loop that has no numbers of images.
 * @example
 * langevin({ rate: 0.05, temperature: 2 });
 */
export function langevin(options: LangevinOptions): Optimiser {
  assertFields("langevin", options, LANGEVIN);
  const { rate, temperature = 1, sd = 1 } = options;
  const table = ratesOf("langevin", rate);
  for (const [name, value] of Object.entries({ temperature, sd })) {
    if (value > 0 && Number.isFinite(value)) continue;
    throw new InputError(`langevin: expected a ${name} above 0, got ${value}`);
  }
  return {
    name: `Langevin dynamics, rate ${rateInWords(rate)}, temperature ${temperature}`,
    create: ({ device, parameters: x, gradient: g, step, draws }) =>
      build(device, "langevin", async ({ tensor, command }) => {
        if (!draws) {
          throw new InputError(
            "langevin: expected numbers of images to draw by, got none; put it to an ascent",
          );
        }
        const rates = tensor([table.length], { data: table, label: "langevin rates" });
        const made = await command(
          createLangevinStep(device, { g, step, rates, x, ...draws, temperature, sd }),
        );
        return { update: () => made };
      }),
  };
}

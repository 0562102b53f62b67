import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createGradientStep, type StepMeasure } from "../../kernels/optimisers.ts";
import type { Optimiser } from "./optimiser.ts";
import { type Rate, rateInWords, ratesOf } from "./rate.ts";

export interface GradientAscentOptions {
  /** The parameters move by rate · gradient. */
  readonly rate: Rate;
}

const GRADIENT: Fields<GradientAscentOptions> = { rate: "must" };

/**
 * Plain gradient ascent.
 * @throws InputError for a rate that is not above 0.
 */
export function gradientAscent(options: GradientAscentOptions): Optimiser {
  assertFields("gradientAscent", options, GRADIENT);
  return steps("gradientAscent", "gradient ascent", options.rate, "none", Number.POSITIVE_INFINITY);
}

export interface NormalisedGradientOptions {
  /** Length of a step, by that measure. */
  readonly rate: Rate;
  /**
   * The measure that a step's length has: the mean of |step| ("mean": DeepDream), its root of squares ("norm"), or how much the
   * objective rises, as far as its slope says ("progress": Yosinski); or the length of every parameter's move, whatever its
   * gradient ("sign": FGSM). Default "mean".
   */
  readonly by?: "mean" | "norm" | "progress" | "sign" | undefined;
  /** The gradient is never multiplied by more. Default: no limit; "sign" has none. */
  readonly most?: number | undefined;
}

const NORMALISED: Fields<NormalisedGradientOptions> = {
  rate: "must",
  by: ["mean", "norm", "progress", "sign"],
  most: "may",
};

/**
 * Gradient ascent whose steps have a given length, each image by itself: rate · g / mean |g|, rate · g / ‖g‖,
 * min(most, rate / ‖g‖²) · g, or rate · sign g. An image whose gradient is zero stays.
 * @throws InputError for options out of range.
 */
export function normalisedGradient(options: NormalisedGradientOptions): Optimiser {
  assertFields("normalisedGradient", options, NORMALISED);
  const { rate, by = "mean", most = Number.POSITIVE_INFINITY } = options;
  if (by === "sign" && options.most !== undefined) {
    throw new InputError('normalisedGradient: expected no most with "sign", which has no length to limit');
  }
  if (!(most > 0)) throw new InputError(`normalisedGradient: expected a most above 0, got ${most}`);
  return steps("normalisedGradient", `normalised gradient (${by})`, rate, by, most);
}

function steps(who: string, name: string, rate: Rate, measure: StepMeasure, most: number): Optimiser {
  const rates = ratesOf(who, rate);
  return {
    name: `${name}, rate ${rateInWords(rate)}`,
    create: ({ device, parameters, gradient, step }) =>
      build(device, who, async ({ tensor, command }) => {
        const site = {
          ...{ g: gradient, step, x: parameters, measure, most },
          rates: tensor([rates.length], { data: rates, label: `${who} rates` }),
        };
        const made = await command(createGradientStep(device, site));
        return { update: () => made };
      }),
  };
}

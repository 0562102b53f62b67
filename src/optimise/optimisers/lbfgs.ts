import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createLbfgsStep } from "../../kernels/lbfgs.ts";
import type { Optimiser } from "./optimiser.ts";
import { type Rate, rateInWords, ratesOf } from "./rate.ts";

export interface LbfgsOptions {
  /** Length of a move, in units of the direction that the method finds. Default 1. */
  readonly rate?: Rate | undefined;
  /** Pairs of moves and gradients that are kept: memory is 2·history + 2 copies of the parameters. Default 10. */
  readonly history?: number | undefined;
  /**
   * Halve a move until the objective rises by 1e-4 of what the slope says (Armijo): one more step each time. Default false, as the
   * style programs have it.
   */
  readonly lineSearch?: boolean | undefined;
}

const LBFGS: Fields<LbfgsOptions> = { rate: "may", history: "may", lineSearch: [true, false] };

/** The most pairs that are of any use. */
const MOST = 100;

/**
 * L-BFGS (Nocedal 1980): the two loops over the last pairs, one evaluation a step, each image by itself. Without a line search it
 * takes the steps of torch.optim.LBFGS: the first at most 1 / Σ|g| long, a pair kept where yᵀs > 1e-10, H₀ = yᵀs / yᵀy.
 * @throws InputError for options out of range; when it is put to an ascent, where the history exceeds what a buffer may hold.
 */
export function lbfgs(options: LbfgsOptions = {}): Optimiser {
  assertFields("lbfgs", options, LBFGS);
  const { rate = 1, history = 10, lineSearch = false } = options;
  const rates = ratesOf("lbfgs", rate);
  if (!(Number.isInteger(history) && history >= 1 && history <= MOST)) {
    throw new InputError(`lbfgs: expected a history of 1 to ${MOST} pairs, got ${history}`);
  }
  return {
    name: `L-BFGS of ${history} pairs, rate ${rateInWords(rate)}`,
    create: ({ device, parameters, gradient, values, step }) =>
      build(device, "L-BFGS", async ({ tensor, command }) => {
        const site = {
          ...{ g: gradient, step, values, x: parameters, history, lineSearch },
          rates: tensor([rates.length], { data: rates, label: "L-BFGS rates" }),
        };
        const made = await command(createLbfgsStep(device, site));
        return { update: () => made };
      }),
  };
}

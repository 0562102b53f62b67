import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createAdamStep } from "../../kernels/optimisers.ts";
import type { Optimiser } from "./optimiser.ts";

export interface AdamOptions {
  /** Length of a step, in units of the parameters. Default 0.05. */
  readonly rate?: number | undefined;
  /** How slowly the mean of the gradient and that of its square forget, 0 to below 1. Default 0.9 and 0.999. */
  readonly betas?: readonly [number, number] | undefined;
  /** Added to the root of the mean square. Default 1e-8. */
  readonly epsilon?: number | undefined;
}

const ADAM: Fields<AdamOptions> = { rate: "may", betas: "may", epsilon: "may" };

/**
 * Adam (Kingma & Ba 2014, arXiv:1412.6980).
 * @throws InputError for options out of range.
 */
export function adam(options: AdamOptions = {}): Optimiser {
  assertFields("adam", options, ADAM);
  const { rate = 0.05, betas = [0.9, 0.999], epsilon = 1e-8 } = options;
  if (!(Number.isFinite(rate) && rate > 0))
    throw new InputError(`adam: expected a rate above 0, got ${rate}`);
  if (!betas.every((beta) => beta >= 0 && beta < 1)) {
    throw new InputError(`adam: expected betas of 0 to below 1, got ${betas.join(", ")}`);
  }
  return {
    name: `Adam, rate ${rate}`,
    create: ({ device, parameters, gradient, step }) =>
      build(device, "adam", async ({ tensor, command }) => {
        const [m, v] = [
          tensor(parameters.shape, { label: "adam m" }),
          tensor(parameters.shape, { label: "adam v" }),
        ];
        const made = await command(
          createAdamStep(device, { g: gradient, step, m, v, x: parameters, rate, betas, epsilon }),
        );
        return { update: () => made };
      }),
  };
}

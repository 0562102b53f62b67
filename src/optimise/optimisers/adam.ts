import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createAdamStep } from "../../kernels/optimisers.ts";
import type { Optimiser } from "./optimiser.ts";
import { type Rate, rateInWords, ratesOf } from "./rate.ts";

export interface AdamOptions {
  /** Length of a step, in units of the parameters. Default 0.05. */
  readonly rate?: Rate | undefined;
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
  return moments("adam", "Adam", options, 0.05, false);
}

/**
 * NAdam: Adam that looks ahead as Nesterov's momentum does (Dozat 2016), with the decay of momentum that PyTorch and Keras have,
 * μ = β₁·(1 − ½·0.96^(t/250)). MACO climbs by it.
 * @throws InputError for options out of range.
 */
export function nadam(options: AdamOptions = {}): Optimiser {
  return moments("nadam", "NAdam", options, 1, true);
}

function moments(who: string, name: string, options: AdamOptions, usual: Rate, nesterov: boolean): Optimiser {
  assertFields(who, options, ADAM);
  const { rate = usual, betas = [0.9, 0.999], epsilon = 1e-8 } = options;
  const rates = ratesOf(who, rate);
  if (!(betas.length === 2 && betas.every((beta) => beta >= 0 && beta < 1))) {
    throw new InputError(`${who}: expected two betas of 0 to below 1, got ${betas.join(", ")}`);
  }
  if (!(epsilon >= 0 && Number.isFinite(epsilon))) {
    throw new InputError(`${who}: expected an epsilon of at least 0, got ${epsilon}`);
  }
  return {
    name: `${name}, rate ${rateInWords(rate)}`,
    create: ({ device, parameters, gradient, step }) =>
      build(device, who, async ({ tensor, command }) => {
        const site = {
          ...{ g: gradient, step, x: parameters, betas, epsilon, nesterov },
          m: tensor(parameters.shape, { label: `${who} m` }),
          v: tensor(parameters.shape, { label: `${who} v` }),
          rates: tensor([rates.length], { data: rates, label: `${who} rates` }),
          products: tensor([PRODUCTS], { data: productsOf(betas[0]), label: `${who} products` }),
        };
        const made = await command(createAdamStep(device, site));
        return { update: () => made };
      }),
  };
}

/** Steps after which the product of all μ is as good as 0. */
const PRODUCTS = 1024;

function productsOf(beta: number): Float32Array {
  let product = 1;
  return Float32Array.from({ length: PRODUCTS }, (_, k) => {
    product *= beta * (1 - 0.5 * 0.96 ** (0.004 * (k + 1)));
    return product;
  });
}

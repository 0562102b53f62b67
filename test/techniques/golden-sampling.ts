import { gradientTimesInput } from "../../src/techniques/attribution/gradient-input.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { smoothGrad, smoothGradSquared, varGrad } from "../../src/techniques/attribution/smooth-grad.ts";
import type { Case } from "./golden.ts";

const NOISY = { samples: 5, noise: 0.15, seed: 7 };

/** Many passes: golden/sampling.py says how the values were made, with the same noise from the same seed on both sides. */
export const SAMPLING: readonly Case[] = [
  ["gradient-input", gradientTimesInput],
  ["smoothgrad", (network, input) => smoothGrad(network, input, NOISY)],
  ["smoothgrad-squared", (network, input) => smoothGradSquared(network, input, NOISY)],
  ["vargrad", (network, input) => varGrad(network, input, NOISY)],
  // Near a constant baseline max-pooling windows of tinyvgg tie to the last bit: PyTorch in float32 is 6e-4 from
  // PyTorch in float64 there. The sum below is determined all the same.
  [
    "integrated-gradients",
    (network, input) => integratedGradients(network, input, { baseline: 0 }),
    ["tinyvgg"],
  ],
  [
    "integrated-gradients-blur",
    (network, input) => integratedGradients(network, input, { baseline: "blur", steps: 20 }),
  ],
  [
    "completeness",
    async (network, input) => {
      const { completeness } = await integratedGradients(network, input, { baseline: 0 });
      return { data: [completeness.sum, completeness.difference], shape: [2] };
    },
  ],
];

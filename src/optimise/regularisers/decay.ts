import { InputError } from "../../gpu/errors.ts";
import { build } from "../../gpu/scope.ts";
import { createDecay } from "../../kernels/regularisers.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * Takes a share of every parameter away after each update: x *= 1 − share (Yosinski et al. 2015, arXiv:1506.06579). The codes of
 * a generator network shrink by 0.01 a step (Nguyen et al. 2016, arXiv:1605.09304).
 * @throws InputError when the share is not 0 to below 1.
 */
export function decay(share: number): Regulariser {
  if (!(share >= 0 && share < 1)) {
    throw new InputError(`decay: expected a share of 0 to below 1, got ${share}`);
  }
  return {
    name: `decay ${share}`,
    at: "after",
    create: ({ device, parameters }) =>
      build(device, "decay", ({ command }) =>
        command(createDecay(device, { x: parameters, rest: 1 - share })),
      ),
  };
}

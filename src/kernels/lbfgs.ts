import beginShader from "../../shaders/lbfgs_begin.wgsl";
import decideShader from "../../shaders/lbfgs_decide.wgsl";
import loopShader from "../../shaders/lbfgs_loop.wgsl";
import moveShader from "../../shaders/lbfgs_move.wgsl";
import productsShader from "../../shaders/lbfgs_products.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import type { Tensor } from "../gpu/tensor.ts";

export interface LbfgsSite {
  /** [images, P]: gradient of the objective. */
  readonly g: Tensor;
  /** [1], u32: number of the step. */
  readonly step: Tensor;
  /** [images]: the objective. */
  readonly values: Tensor;
  /** Length of a move for each step; the last one goes on. */
  readonly rates: Tensor;
  /** [images, P]: parameters. */
  readonly x: Tensor;
  /** Pairs that are kept. */
  readonly history: number;
  readonly lineSearch: boolean;
}

/** Words of a state; see blocks/lbfgs_state.wgsl. */
const STATE = 8;
/** Elements that one workgroup sums. */
const SLICE = 4096;

/**
 * Makes a step of L-BFGS ready to record: the two loops over the last pairs, each image by itself. It holds 2·history + 2 copies of
 * the parameters. Dispatches follow one another in one order, so a run repeats to the bit.
 */
export function createLbfgsStep(
  device: GPUDevice,
  { g, step, values, rates, x, history, lineSearch }: LbfgsSite,
): Promise<Command> {
  return createSteps(device, "L-BFGS", (scratch): Step[] => {
    const [images = 1, size = 1] = x.shape;
    const slices = Math.ceil(size / SLICE);
    const state = scratch([images, STATE], "L-BFGS state", { dtype: "u32" });
    const factors = scratch([2, history, images], "L-BFGS factors");
    const slopes = scratch([images], "L-BFGS slopes");
    const [previous, d] = [
      scratch([images, size], "L-BFGS gradient"),
      scratch([images, size], "L-BFGS direction"),
    ];
    const s = scratch([history, images, size], "L-BFGS moves");
    const y = scratch([history, images, size], "L-BFGS gradient differences");
    const products = scratch([images, slices, 4], "L-BFGS products");
    const sums = [
      scratch([images, slices], "L-BFGS sums"),
      scratch([images, slices], "L-BFGS sums"),
    ] as const;
    const sliced = { params: { images, size, slices, slice: SLICE }, workgroups: gridOf(images * slices) };
    const parts = Array.from({ length: 2 * history + 1 }, (_, part): Step => {
      const [found, partials] = part % 2 === 0 ? [sums[1], sums[0]] : [sums[0], sums[1]];
      return {
        shader: loopShader,
        params: { ...sliced.params, history, part },
        bindings: { state, s, y, previous, found, partials, factors, d },
        workgroups: sliced.workgroups,
      };
    });
    const blocks = Math.ceil(size / 256);
    return [
      { shader: productsShader, ...sliced, bindings: { g, previous, d, state, partials: products } },
      {
        shader: decideShader,
        constants: { LINE_SEARCH: Number(lineSearch) },
        params: { images, slices, history },
        bindings: { partials: products, step, values, rates, slopes, state, factors },
        workgroups: [Math.ceil(images / 64)],
      },
      {
        shader: beginShader,
        params: { images, size },
        bindings: { g, state, previous, d, s, y },
        workgroups: gridOf(Math.ceil((images * size) / 256)),
      },
      ...parts,
      {
        shader: moveShader,
        params: { images, size, slices, blocks },
        // The last part is an even one.
        bindings: { d, found: sums[0], slopes, state, x },
        workgroups: gridOf(images * blocks),
      },
    ];
  });
}

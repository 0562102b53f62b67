import type { Command } from "../../gpu/command.ts";
import type { Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";

/** What an optimiser reads and writes. Every image of the batch is by itself: norms and products are those of its own parameters. */
export interface OptimiserSite {
  readonly device: GPUDevice;
  /** `[images, P]`, which it moves uphill. */
  readonly parameters: Tensor;
  /** `[images, P]`: gradient of the objective to the parameters. */
  readonly gradient: Tensor;
  /** `[images]`: the objective at the parameters. */
  readonly values: Tensor;
  /** `[1]`: number of the step, from 0. */
  readonly step: Tensor<"u32">;
  /** What random numbers are drawn by, for optimisers that draw some; an ascent gives it. */
  readonly draws?: {
    /** `[images]`: the number of each image. */
    readonly numbers: Tensor<"u32">;
    readonly seed: number;
  };
}

/** A way to climb. A function makes it from its options, such as `adam({ rate: 0.05 })`. An objective is made as large as can be. */
export interface Optimiser {
  /** For captions: "Adam, rate 0.05". */
  readonly name: string;
  create(site: OptimiserSite): Promise<
    {
      /** The update of a step, counted from 0. Most optimisers have one for all steps. */
      update(step: number): Command;
    } & Owner
  >;
}

import type { Command } from "../../gpu/command.ts";
import type { Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";

/** What a regulariser reads and changes. */
export interface RegulariserSite {
  readonly device: GPUDevice;
  /** `[images, P]` */
  readonly parameters: Tensor;
  /** `[images, P]`: gradient of the objective of the last step. */
  readonly gradient: Tensor;
  /** Size of the pixels, for kinds of images whose parameters are their pixels. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** `[1]`: number of the step, from 0. */
  readonly step: Tensor<"u32">;
}

/** A change of the parameters themselves between steps: clipping, decay, blur. A function makes it, such as `decay(0.3)`. */
export interface Regulariser {
  /** For captions: "decay 0.3". */
  readonly name: string;
  /** "before": before the pixels are drawn; "after": after the optimiser's update. */
  readonly at: "before" | "after";
  /** Whether it acts in a step, from 0. Default: in every one. */
  readonly acts?: ((step: number, steps: number) => boolean) | undefined;
  create(site: RegulariserSite): Promise<Command & Owner>;
}

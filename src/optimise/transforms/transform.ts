import type { Command } from "../../gpu/command.ts";
import type { Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";

/** Height and width, in pixels. */
export type Size = readonly [height: number, width: number];

/** The place of a transform between two pictures. */
export interface TransformSite {
  readonly device: GPUDevice;
  /** `[images, h, w, C]` */
  readonly x: Tensor;
  /** `[images, h, w, C]`: gradient to `x`, which `backward` writes. It may be `x` itself, which `backward` does not read. */
  readonly dx: Tensor;
  /** `[images·views, h′, w′, C]`, which `forward` writes. */
  readonly y: Tensor;
  /** `[images·views, h′, w′, C]`: gradient to `y`. It may be `y` itself. */
  readonly dy: Tensor;
  /** Pictures of `y` that are made of each of `x`, each with its own random numbers: `y[n]` is a view of `x[⌊n / views⌋]`. */
  readonly views: number;
  /** `[images·views]`: the number of each view, by which its random numbers are drawn. */
  readonly numbers: Tensor<"u32">;
  /** `[1]`: number of the step, from 0. */
  readonly step: Tensor<"u32">;
  /** Seed of this transform; each of a list has another. */
  readonly seed: number;
}

/**
 * A change of an image on its way to the network, drawn anew for each view and step, with its exact adjoint. A function makes
 * it from its options, such as `jitter(8)`.
 */
export interface Transform {
  /** For captions and errors: "jitter 8". */
  readonly name: string;
  /**
   * Size of what it makes of pictures of a size.
   * @param network size that the network takes in the end.
   * @throws InputError where the picture is too small for it.
   */
  sizeOf(size: Size, network: Size): Size;
  create(site: TransformSite): Promise<{ readonly forward: Command; readonly backward: Command } & Owner>;
}

import choiceShader from "../../shaders/texture_choice.wgsl";
import distanceShader from "../../shaders/texture_distance.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { createSteps } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Buffers of a texture that grows pixel by pixel; see texture_distance.wgsl and texture_choice.wgsl. */
export interface TextureGrowthSite {
  /** [h, w], red, green and blue in the lowest bytes. */
  readonly sample: Tensor<"u32">;
  /** [H, W], the same; the highest byte is 255 where the pixel is known. */
  readonly texture: Tensor<"u32">;
  /** [side, side] of a window, such that no sum of weights times 3·255² exceeds 32 bits. */
  readonly weights: Tensor<"u32">;
  /** Pixels of the texture in the order in which they are filled, and which of them is next. */
  readonly queue: Tensor<"u32">;
  readonly cursor: Tensor<"u32">;
  /** Number of the round, and the largest squared difference a unit of weight. */
  readonly round: Tensor<"u32">;
  /** Thousandths of the least distance by which a window may be worse than the best. */
  readonly tolerance: number;
  readonly seed: number;
}

/** Makes filling the next pixel of the queue ready to record. */
export function createTextureGrowth(device: GPUDevice, site: TextureGrowthSite): Promise<Command> {
  const { sample, texture, weights, queue, cursor, round, tolerance, seed } = site;
  const [side = 1] = weights.shape;
  const [height = 0, width = 0] = sample.shape;
  return createSteps(device, "texture growth", (scratch) => {
    const distances = scratch([height - side + 1, width - side + 1], "texture distances", { dtype: "u32" });
    const sizes = { sample: sample.shape, texture: texture.shape, side };
    return [
      {
        shader: distanceShader,
        params: sizes,
        bindings: { sample, texture, weights, queue, cursor, distances },
        workgroups: gridOf(Math.ceil(sizeOf(distances.shape) / 64)),
      },
      {
        shader: choiceShader,
        params: { ...sizes, tolerance, seed },
        bindings: { sample, weights, queue, distances, round, texture, cursor },
        workgroups: [1],
      },
    ];
  });
}

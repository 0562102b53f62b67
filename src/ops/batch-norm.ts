import { InputError } from "../gpu/errors.ts";
import type { FusedActivation } from "./activation.ts";
import { type LayerBase, type Op, onlyInput } from "./op.ts";

/**
 * Batch normalisation with fixed statistics, y = scale·x + offset per channel, then activation:
 * scale = γ / √(variance + ε), offset = β − mean·scale.
 */
export interface BatchNormLayer extends LayerBase {
  readonly op: "batchNorm";
  readonly scale: Float32Array;
  readonly offset: Float32Array;
  readonly activation?: FusedActivation;
}

export const batchNorm: Op<BatchNormLayer> = {
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const channels = shape.at(-1);
    if (layer.scale.length !== channels || layer.offset.length !== channels) {
      throw new InputError(
        `batchNorm "${layer.name}": expected ${channels} scales and offsets (channels of x), got ${layer.scale.length} and ${layer.offset.length}`,
      );
    }
    return shape;
  },
};

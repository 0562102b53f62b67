import type { Fields } from "../gpu/options.ts";
import type { Shape } from "../gpu/tensor.ts";
import { LAYER_FIELDS, type LayerBase } from "./op.ts";

/** A layer through which values enter. It computes nothing, and so is no op. */
export interface InputLayer extends LayerBase {
  readonly op: "input";
  /** Shape without the batch: [H, W, C] of a picture or a feature map, [F] of a vector, [] of one number an image. */
  readonly shape: Shape;
  /** Its values for every image, where they are given for good; see `fixInputs`. */
  readonly values?: Float32Array | undefined;
  /** True if its values are no one's to give: a function outside of the graph makes them of the image. */
  readonly outside?: true | undefined;
}

export const INPUT_FIELDS: Fields<InputLayer> = {
  ...LAYER_FIELDS,
  shape: "must",
  values: "may",
  outside: [true],
};

import type { Fields } from "../gpu/options.ts";
import { LAYER_FIELDS, type LayerBase } from "./op.ts";

/** The layer through which the image enters; `shape` is [H, W, C]. It computes nothing, and so is no op. */
export interface InputLayer extends LayerBase {
  readonly op: "input";
  readonly shape: readonly [number, number, number];
}

export const INPUT_FIELDS: Fields<InputLayer> = { ...LAYER_FIELDS, shape: "must" };

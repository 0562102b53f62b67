/**
 * Options for reading model files: layers of your own, shapes of the input.
 * @module vitrine/models
 */
import "./gpu/platform.ts";

export { type ChooseInputShape, type InputShape, shapesNear } from "./models/input-shape.ts";
export type { JsonObject } from "./models/json.ts";
export type { CustomLayer, LayerBody, LayerBodyOf } from "./models/keras/converter.ts";
export { labelsIn } from "./models/labels.ts";

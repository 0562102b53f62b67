/**
 * A network as plain data: its layers' shapes, its heads, its classes, what a unit sees, fusion.
 * @module vitrine/graph
 */
import "./gpu/platform.ts";

export { withAveragePools } from "./graph/average-pools.ts";
export { className, classOf, labelOf, probabilitiesOf } from "./graph/classes.ts";
export { fuse } from "./graph/fuse.ts";
export {
  furtherInputsOf,
  HEADS,
  type HeadKind,
  inputOf,
  inputsOf,
  layerOf,
  type OutputRange,
  type Shapes,
  shapesOf,
} from "./graph/graph.ts";
export { type Head, headOf, headsOf, logitsOf } from "./graph/heads.ts";
export { describeLayer, multiplyAddsOf, parametersOf } from "./graph/layer-facts.ts";
export { formsOf, LayerForm, type MapPlace, type MapsOf } from "./graph/layer-form.ts";
export {
  type ReceptiveField,
  type Rectangle,
  receptiveField,
  type UnitPlace,
} from "./graph/receptive-field.ts";
export { resized } from "./graph/resize.ts";
export { type GraphNode, readersOf } from "./graph/traverse.ts";
export { upTo } from "./graph/up-to.ts";

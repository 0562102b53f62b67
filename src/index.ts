/**
 * Vitrine's first calls: a device, a model, a network, a picture, predictions and every attribution technique. The rest
 * stands in entries of its own, each name in one of them: `vitrine/figures`, `vitrine/metrics`, `vitrine/kernels` and so on.
 * @module vitrine
 */
import "./gpu/platform.ts";

// First calls of other entries are here as well, so that a first program needs one import.
export { syntheticPictures } from "./dataset/synthetic.ts";
export { composeFigure, renderFigure } from "./figures/figure.ts";
export { type Command, type Recording, recordCommands } from "./gpu/command.ts";
export { adapterName, type DeviceOptions, isSoftwareAdapter, requestDevice } from "./gpu/device.ts";
export {
  CompileError,
  DeviceLostError,
  DivergedError,
  InputError,
  ModelError,
  OutOfMemoryError,
  UnsupportedError,
  VitrineError,
} from "./gpu/errors.ts";
export type { Destroyable, Owner } from "./gpu/scope.ts";
export {
  createTensor,
  type DType,
  readTensor,
  readTensors,
  type Shape,
  type Tensor,
  type TensorData,
  type TensorOptions,
} from "./gpu/tensor.ts";
export type { Graph, Layer } from "./graph/graph.ts";
export {
  type FrameSource,
  type Picture,
  type PictureSource,
  readInput,
  readPicture,
} from "./images/picture.ts";
export type { Pixels } from "./images/pixels.ts";
export { encodePng } from "./images/png.ts";
export { deprocess } from "./images/preprocess.ts";
export type { PatchSweep } from "./kernels/occlusion.ts";
export type { BackwardRule } from "./layers/activation-gradient.ts";
export { trust } from "./metrics/trust.ts";
export type { ModelOptions } from "./models/complete-graph.ts";
export type { ModelFiles, ReadOptions } from "./models/files.ts";
export type { LayersModelOptions } from "./models/keras/keras-model.ts";
export { loadLayersModel } from "./models/keras/layers-model.ts";
export { loadGraphModel } from "./models/load-graph-model.ts";
export { loadModel } from "./models/load-model.ts";
export { loadOnnxModel } from "./models/load-onnx-model.ts";
export { modelFromFiles, type PickedFile } from "./models/picked-files.ts";
export { modelFromUrl } from "./models/url.ts";
export { type BlackBoxOptions, blackBox } from "./network/black-box.ts";
export { createNetwork } from "./network/create-network.ts";
export type { InputOptions, InputValues, ReadInputs } from "./network/inputs.ts";
export type {
  BackwardOptions,
  ForwardOptions,
  Network,
  NetworkOptions,
  OutputGradient,
  OutputGradientCommand,
  OutputGradients,
  Target,
} from "./network/network.ts";
export type { OutsideScores } from "./network/outside.ts";
export { logit } from "./objectives/objective.ts";
export type { LoopOptions } from "./sampling/batches.ts";
export type { MemoryOptions } from "./sampling/budget.ts";
export type { RidgeFit } from "./sampling/ridge.ts";
export type { SteppedWork } from "./sampling/samples.ts";
export type { PartedStep } from "./sampling/submit-step.ts";
export { type AblationCamOptions, ablationCam } from "./techniques/attribution/ablation-cam.ts";
export { cam } from "./techniques/attribution/cam.ts";
export type { AttributionCommand } from "./techniques/attribution/command.ts";
export { createAttribution } from "./techniques/attribution/create.ts";
export { deconvnet } from "./techniques/attribution/deconvnet.ts";
export { type EachOptions, explainEach } from "./techniques/attribution/explain-each.ts";
export {
  createGradCam,
  type GradCam,
  type GradCamOptions,
  gradCam,
} from "./techniques/attribution/grad-cam.ts";
export { gradCamPlusPlus } from "./techniques/attribution/grad-cam-plus-plus.ts";
export { gradientTimesInput } from "./techniques/attribution/gradient-input.ts";
export { guidedBackprop } from "./techniques/attribution/guided-backprop.ts";
export { guidedGradCam } from "./techniques/attribution/guided-grad-cam.ts";
export {
  type Completeness,
  type IntegratedGradientsOptions,
  integratedGradients,
  type PathExplanation,
} from "./techniques/attribution/integrated-gradients.ts";
export { layerCam } from "./techniques/attribution/layer-cam.ts";
export type { LayerOptions } from "./techniques/attribution/layer-maps.ts";
export { type LimeExplanation, type LimeOptions, lime } from "./techniques/attribution/lime.ts";
export { ATTRIBUTIONS, attributionNamed } from "./techniques/attribution/list.ts";
export { type LocalLinear, localLinear } from "./techniques/attribution/local-linear.ts";
export {
  type Conservation,
  type LrpOptions,
  lrp,
  type RelevanceExplanation,
} from "./techniques/attribution/lrp.ts";
export {
  type NumericalSaliencyOptions,
  numericalSaliency,
} from "./techniques/attribution/numerical-saliency.ts";
export {
  createOcclusion,
  type Occlusion,
  type OcclusionOptions,
  occlusion,
} from "./techniques/attribution/occlusion.ts";
export type { OcclusionMap, OcclusionSweep, SweepOptions } from "./techniques/attribution/occlusion-sweep.ts";
export type {
  AttributionOption,
  AttributionOptions,
  Baseline,
  OptionType,
  TechniqueOption,
  TechniqueOptions,
} from "./techniques/attribution/options.ts";
export { type RiseOptions, rise } from "./techniques/attribution/rise.ts";
export { saliency } from "./techniques/attribution/saliency.ts";
export {
  type MaskExplanation,
  type MaskOptions,
  maskOf,
  saliencyMask,
} from "./techniques/attribution/saliency-mask.ts";
export { type ScoreCamOptions, scoreCam } from "./techniques/attribution/score-cam.ts";
export {
  type SmoothGradOptions,
  smoothGrad,
  smoothGradSquared,
  varGrad,
} from "./techniques/attribution/smooth-grad.ts";
export {
  type Account,
  type Attribution,
  type AttributionTechnique,
  citationOf,
  type Paper,
} from "./techniques/attribution/technique.ts";
export { type LabelArea, type LabelMap, type LabelMapOptions, labelMap } from "./techniques/label-map.ts";
export {
  type Prediction,
  type PredictOptions,
  predict,
  predictEach,
  predictionsOf,
} from "./techniques/predict.ts";
export type {
  AnyTarget,
  ExplainOptions,
  Explanation,
  ObjectiveOptions,
  ScoreKind,
} from "./techniques/question.ts";
export type { MaskRegion, PlaceRegion, Region } from "./techniques/region.ts";
export { type ActivationsOptions, activations } from "./techniques/units/activations.ts";

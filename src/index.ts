import "./gpu/platform.ts";

export {
  correlationOf,
  emptyStatistics,
  mergeCoMoments,
  mergeHistograms,
  mergeStatistics,
  mergeTopK,
  varianceOf,
} from "./dataset/statistics.ts";
export {
  createStatisticsStream,
  type StatisticsReport,
  type StatisticsStream,
  type StatisticsStreamOptions,
} from "./dataset/statistics-stream.ts";
export { syntheticNames, syntheticPictures } from "./dataset/synthetic.ts";
export {
  COLOR_MAPS,
  type ColorizeOptions,
  type ColorMapName,
  colorize,
  colorMap,
  DIVERGING_MAPS,
  isUneven,
  SEQUENTIAL_MAPS,
  UNEVEN_MAPS,
} from "./figures/color-maps.ts";
export type { Figure } from "./figures/drawing.ts";
export { type DrawnMap, drawnMap, type MapOptions } from "./figures/drawn-map.ts";
export {
  type Box,
  composeField,
  type FieldFigureOptions,
  type MeasuredField,
  renderField,
} from "./figures/field.ts";
export {
  composeFigure,
  FIGURE_PANELS,
  type FigureOptions,
  type FigurePanel,
  renderFigure,
} from "./figures/figure.ts";
export {
  composeFilters,
  type FilterFigureOptions,
  type FilterSet,
  renderFilters,
} from "./figures/filters.ts";
export { MAP_KINDS, type MapKind } from "./figures/kinds.ts";
export { composeMasks, type MaskedImage, type MaskFigureOptions, renderMasks } from "./figures/masks.ts";
export {
  composeMultiples,
  type Multiple,
  type MultiplesOptions,
  type MultiplesRow,
  renderMultiples,
} from "./figures/multiples.ts";
export { renderOverlay } from "./figures/overlay.ts";
export { type RasterizeOptions, rasterize } from "./figures/rasterize.ts";
export { composeMapSheet, type MapSheetOptions, renderMapSheet } from "./figures/sheet.ts";
export type { Table } from "./figures/table.ts";
export { adapterName, type DeviceOptions, isSoftwareAdapter, requestDevice } from "./gpu/device.ts";
export {
  CompileError,
  DeviceLostError,
  InputError,
  ModelError,
  OutOfMemoryError,
  UnsupportedError,
  VitrineError,
} from "./gpu/errors.ts";
export { type Command, type Recording, record } from "./gpu/kernel.ts";
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
export { createTimer, type Span, type Timer, type Timing } from "./gpu/timer.ts";
export { className, classOf, labelOf } from "./graph/classes.ts";
export { type Constants, type Folds, fuse } from "./graph/fuse.ts";
export {
  type Graph,
  HEADS,
  type HeadKind,
  type Layer,
  layerOf,
  type Shapes,
  shapesOf,
} from "./graph/graph.ts";
export { type Head, headOf, headsOf, logitsOf } from "./graph/heads.ts";
export { describeLayer, parametersOf } from "./graph/layer-facts.ts";
export {
  namedPreprocessing,
  type PictureFit,
  PREPROCESSINGS,
  type Preprocessing,
  type PreprocessingName,
} from "./graph/preprocessing.ts";
export { type ReceptiveField, type Rectangle, receptiveField, type Unit } from "./graph/receptive-field.ts";
export { resized } from "./graph/resize.ts";
export type { InputColor } from "./images/color.ts";
export { type MapValues, maxOverColor, sumOverColor } from "./images/over-color.ts";
export {
  type FrameSource,
  MOST_PIXELS,
  type Picture,
  type PictureSource,
  readInput,
  readPicture,
} from "./images/picture.ts";
export { type Pixels, pixelsFromImageData, type RgbaPixels } from "./images/pixels.ts";
export { encodePng } from "./images/png.ts";
export { deprocess, type Fed as PreprocessedGraph, inputFrom, preprocess } from "./images/preprocess.ts";
export { type QuickshiftOptions, quickshift, type Segments } from "./images/quickshift.ts";
export { type CastSite, createCast } from "./kernels/cast.ts";
export { createClassActivationMap } from "./kernels/class-activation-map.ts";
export {
  type ChannelCoMoments,
  type CoMomentsSite,
  createCoMoments,
  readCoMoments,
} from "./kernels/co-moments.ts";
export type { StatisticsOf } from "./kernels/conv2d-statistics.ts";
export {
  createGram,
  createGramGradient,
  type GramGradientSite,
  type GramNormalisation,
  type GramOptions,
  type GramSite,
  gramShape,
} from "./kernels/gram.ts";
export {
  createRelu,
  createReluGradient,
  type ReluGradientSite,
  type ReluSite,
  reluMaskShape,
} from "./kernels/guided-relu.ts";
export {
  type ChannelHistogram,
  createHistogram,
  createHistogramBuffers,
  createHistogramRange,
  type HistogramBuffers,
  type HistogramOptions,
  type HistogramSite,
  readHistogram,
} from "./kernels/histogram.ts";
export type { Sweep } from "./kernels/occlusion.ts";
export {
  type ChannelStatistics,
  createMoments,
  createStatistics,
  createStatisticsSummary,
  decodeStatistics,
  type MomentsSite,
  readStatistics,
  type StatisticsSite,
} from "./kernels/statistics.ts";
export type { SyntheticOptions } from "./kernels/synthetic.ts";
export {
  createTopK,
  createTopKBuffer,
  readTopK,
  type TopEntry,
  type TopK,
  type TopKOptions,
  type TopKSite,
} from "./kernels/top-k.ts";
export { type TextStore, type TuneOptions, type Tuning, tuneConvolutions } from "./kernels/tune.ts";
export {
  type Activation,
  type ActivationGradientSite,
  type ActivationKind,
  type ActivationLayer,
  type BackwardRule,
  createActivationGradient,
  type FusedActivation,
} from "./layers/activation.ts";
export type { AddLayer } from "./layers/add.ts";
export type { BatchNormLayer } from "./layers/batch-norm.ts";
export type { ConcatLayer } from "./layers/concat.ts";
export type { Conv2dLayer } from "./layers/conv2d.ts";
export type { DenseLayer } from "./layers/dense.ts";
export type { DepthwiseConv2dLayer } from "./layers/depthwise-conv2d.ts";
export type { GlobalPoolLayer } from "./layers/global-pool.ts";
export type { InputLayer } from "./layers/input.ts";
export type { LrnLayer } from "./layers/lrn.ts";
export type { MultiplyLayer } from "./layers/multiply.ts";
export type { Constant, LayerBase, Scale } from "./layers/op.ts";
export type { OpLayer } from "./layers/ops.ts";
export type { Border, Padding, Window as LayerWindow } from "./layers/padding.ts";
export type { PoolLayer } from "./layers/pool.ts";
export type { ReshapeLayer } from "./layers/reshape.ts";
export type { SoftmaxLayer } from "./layers/softmax.ts";
export type { Tile, Tiles } from "./layers/tiling.ts";
export type { UpsampleLayer } from "./layers/upsample.ts";
export type { ZeroPadLayer } from "./layers/zero-pad.ts";
export { formatTrust, TRUST_HEADS, TRUST_LEGEND, VERDICT_WORDS } from "./metrics/format.ts";
export {
  type Curve,
  type EvaluatedTechnique,
  type Infidelity,
  type Likeness,
  MEASURES,
  type Measure,
  type OtherClass,
  type ScoreMeasure,
  type Trust,
  type TrustOptions,
  VERDICTS,
  type Verdict,
} from "./metrics/measures.ts";
export {
  createRandomisedNetwork,
  parameterLayers,
  type RandomiseOptions,
  randomiseGraph,
} from "./metrics/randomise.ts";
export { type CascadeOptions, type CascadeStep, cascadingRandomisation } from "./metrics/sanity.ts";
export { SharedScores } from "./metrics/scores.ts";
export {
  measureValue,
  type NamedTechnique,
  type Spread,
  summariseTrust,
  type TrustRow,
  type TrustSummary,
  type TrustSummaryRow,
  type TrustTable,
  type TrustTableOptions,
  trustSummary,
  trustTable,
} from "./metrics/table.ts";
export { trust } from "./metrics/trust.ts";
export type { ModelFiles, ReadOptions } from "./models/files.ts";
export type { JsonObject } from "./models/json.ts";
export type { Body as LayerBodyOf, CustomLayer, LayerBody } from "./models/keras/converter.ts";
export { type ChooseInputShape, type InputShape, shapesNear } from "./models/keras/input-shape.ts";
export { type LayersModelOptions, loadLayersModel } from "./models/keras/layers-model.ts";
export { modelFromFiles, type PickedFile } from "./models/picked-files.ts";
export { modelFromUrl } from "./models/url.ts";
export {
  type BackwardPlan,
  type BackwardRequest,
  type BackwardStep,
  formatBackwardPlan,
} from "./network/backward-plan.ts";
export { createFrameInput, type FrameInput } from "./network/frames.ts";
export { createLayer, type LayerCommand, type LayerSite } from "./network/layer.ts";
export {
  type BatchOptions,
  batchWithin,
  DEFAULT_MEMORY,
  type Footprint,
  footprintOf,
  memoryOf,
} from "./network/memory.ts";
export {
  type BackwardOptions,
  createNetwork,
  type ForwardOptions,
  type Network,
  type NetworkOptions,
  type OutputGradient,
  type OutputGradientCommand,
  type OutputGradients,
  type Target,
} from "./network/network.ts";
export {
  createNetworks,
  type Networks,
  type NetworksOptions,
  type PooledBatchOptions,
  type PooledOptions,
} from "./network/pool.ts";
export type { LayerRules } from "./network/rules.ts";
export { createObjective, type ObjectiveCommand } from "./objectives/commands.ts";
export {
  channel,
  elements,
  layerNorm,
  logit,
  neuron,
  Objective,
  type OfClass,
  probability,
  region,
  type Term,
} from "./objectives/objective.ts";
export { createRelevance, type Relevance, type RelevanceOptions } from "./relevance/relevance.ts";
export {
  COMPOSITES,
  type Composite,
  type CompositeName,
  type RelevanceRule,
  type RuleCase,
} from "./relevance/rules.ts";
export type { LoopOptions } from "./sampling/batches.ts";
export type { MemoryOptions } from "./sampling/budget.ts";
export type { Fit } from "./sampling/ridge.ts";
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
  type Attribution,
  type AttributionTechnique,
  citationOf,
  type Paper,
} from "./techniques/attribution/technique.ts";
export { type Prediction, type PredictOptions, predict, predictEach } from "./techniques/predict.ts";
export type {
  ExplainOptions,
  Explanation,
  ObjectiveOptions,
  Question,
  ScoreKind,
} from "./techniques/question.ts";
export { activations } from "./techniques/units/activations.ts";
export {
  type Discrepancy,
  type EmpiricalField,
  type EmpiricalFieldOptions,
  empiricalField,
} from "./techniques/units/empirical-field.ts";
export {
  type Combination,
  type CombinationOptions,
  filterCombination,
} from "./techniques/units/filter-combination.ts";
export { type Filters, type FiltersOptions, filtersOf } from "./techniques/units/filters.ts";
export {
  mapAtImage,
  type UnitMask,
  type UnitMaskOptions,
  type UnitThreshold,
  unitMask,
} from "./techniques/units/unit-mask.ts";

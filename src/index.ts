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
export { type SyntheticOptions, syntheticNames, syntheticPictures } from "./dataset/synthetic.ts";
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
export { type Command, record } from "./gpu/kernel.ts";
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
} from "./images/color-maps.ts";
export type { Colour } from "./images/colour.ts";
export { type Box, type FieldFigureOptions, type MeasuredField, renderField } from "./images/field.ts";
export {
  FIGURE_PANELS,
  type FigureOptions,
  type FigurePanel,
  type FigureTechnique,
  renderFigure,
} from "./images/figure.ts";
export { type FilterFigureOptions, type FilterSet, renderFilters } from "./images/filters.ts";
export { createFrameInput, type FrameInput } from "./images/frames.ts";
export { type MaskedImage, type MaskFigureOptions, renderMasks } from "./images/masks.ts";
export {
  type Multiple,
  type MultiplesOptions,
  type MultiplesRow,
  renderMultiples,
} from "./images/multiples.ts";
export { renderOverlay } from "./images/overlay.ts";
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
export type { ShadeOptions } from "./images/shade.ts";
export { type MapSheetOptions, renderMapSheet } from "./images/sheet.ts";
export type { Table } from "./images/table.ts";
export type { LoopOptions } from "./loops/batches.ts";
export type { MemoryOptions } from "./loops/budget.ts";
export type { Fit } from "./loops/ridge.ts";
export type { Body as LayerBodyOf, CustomLayer, LayerBody } from "./models/converter.ts";
export type { ModelFiles, ReadOptions } from "./models/files.ts";
export { type ChooseInputShape, type InputShape, shapesNear } from "./models/input-shape.ts";
export type { JsonObject } from "./models/json.ts";
export { type LayersModelOptions, loadLayersModel } from "./models/layers-model.ts";
export { modelFromFiles, type PickedFile } from "./models/picked-files.ts";
export { modelFromUrl } from "./models/url.ts";
export { className, classOf, labelOf } from "./network/classes.ts";
export { fuse } from "./network/fuse.ts";
export {
  type Graph,
  HEADS,
  type HeadKind,
  type InputLayer,
  type Layer,
  layerOf,
  type Shapes,
  shapesOf,
} from "./network/graph.ts";
export { type Head, headOf, headsOf, logitsOf } from "./network/heads.ts";
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
  type Network,
  type NetworkOptions,
  type Seed,
  type Start,
  type Target,
} from "./network/network.ts";
export type { OpLayer } from "./network/ops.ts";
export {
  namedPreprocessing,
  type PictureFit,
  PREPROCESSINGS,
  type Preprocessing,
  type PreprocessingName,
} from "./network/preprocessing.ts";
export { type ReceptiveField, type Rectangle, receptiveField, type Unit } from "./network/receptive-field.ts";
export { createRelevance, type Relevance, type RelevanceOptions } from "./network/relevance/relevance.ts";
export {
  COMPOSITES,
  type Composite,
  type CompositeName,
  type RelevanceRule,
  type RuleCase,
} from "./network/relevance/rules.ts";
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
export {
  type Activation,
  type ActivationGradientSite,
  type ActivationKind,
  type ActivationLayer,
  type BackwardRule,
  createActivationGradient,
  type FusedActivation,
} from "./ops/activation.ts";
export type { AddLayer, MultiplyLayer } from "./ops/arithmetic.ts";
export type { BatchNormLayer } from "./ops/batch-norm.ts";
export { type CastSite, createCast } from "./ops/cast.ts";
export { createClassActivationMap } from "./ops/class-activation-map.ts";
export {
  type ChannelCoMoments,
  type CoMomentsSite,
  createCoMoments,
  readCoMoments,
} from "./ops/co-moments.ts";
export type { ConcatLayer } from "./ops/concat.ts";
export type { Conv2dLayer } from "./ops/conv2d.ts";
export type { StatisticsOf } from "./ops/conv2d-statistics.ts";
export type { DenseLayer } from "./ops/dense.ts";
export type { DepthwiseConv2dLayer } from "./ops/depthwise-conv2d.ts";
export type { GlobalPoolLayer } from "./ops/global-pool.ts";
export {
  createGram,
  createGramGradient,
  type GramGradientSite,
  type GramNormalisation,
  type GramOptions,
  type GramSite,
  gramShape,
} from "./ops/gram.ts";
export {
  createRelu,
  createReluGradient,
  type ReluGradientSite,
  type ReluSite,
  reluMaskShape,
} from "./ops/guided-relu.ts";
export {
  type ChannelHistogram,
  createHistogram,
  createHistogramBuffers,
  createHistogramRange,
  type HistogramBuffers,
  type HistogramOptions,
  type HistogramSite,
  readHistogram,
} from "./ops/histogram.ts";
export type { LrnLayer } from "./ops/lrn.ts";
export type { Sweep } from "./ops/occlusion.ts";
export type { Constant, LayerBase } from "./ops/op.ts";
export type { Border, Padding, Window as LayerWindow } from "./ops/padding.ts";
export type { PoolLayer } from "./ops/pool.ts";
export type { ReshapeLayer } from "./ops/reshape.ts";
export type { SoftmaxLayer } from "./ops/softmax.ts";
export {
  type ChannelStatistics,
  createMoments,
  createStatistics,
  createStatisticsSummary,
  decodeStatistics,
  type MomentsSite,
  readStatistics,
  type StatisticsSite,
} from "./ops/statistics.ts";
export type { Tile, Tiles } from "./ops/tiling.ts";
export {
  createTopK,
  createTopKBuffer,
  readTopK,
  type TopEntry,
  type TopK,
  type TopKOptions,
  type TopKSite,
} from "./ops/top-k.ts";
export { type TextStore, type TuneOptions, type Tuning, tuneConvolutions } from "./ops/tune.ts";
export type { UpsampleLayer } from "./ops/upsample.ts";
export type { ZeroPadLayer } from "./ops/zero-pad.ts";
export { type AblationCamOptions, ablationCam } from "./techniques/ablation-cam.ts";
export { activations } from "./techniques/activations.ts";
export { cam } from "./techniques/cam.ts";
export {
  ATTRIBUTIONS,
  type Attribution,
  type AttributionOption,
  type AttributionOptions,
  type AttributionTechnique,
  attributionNamed,
} from "./techniques/catalogue.ts";
export { deconvnet } from "./techniques/deconvnet.ts";
export {
  type Discrepancy,
  type EmpiricalField,
  type EmpiricalFieldOptions,
  empiricalField,
} from "./techniques/empirical-field.ts";
export type {
  ExplainOptions,
  Explanation,
  ObjectiveOptions,
  Question,
  ScoreKind,
} from "./techniques/explain.ts";
export { type EachOptions, explainEach } from "./techniques/explain-each.ts";
export {
  type Combination,
  type CombinationOptions,
  type Filters,
  type FiltersOptions,
  filterCombination,
  filtersOf,
} from "./techniques/filters.ts";
export { createGradCam, type GradCam, type GradCamOptions, gradCam } from "./techniques/grad-cam.ts";
export { gradCamPlusPlus } from "./techniques/grad-cam-plus-plus.ts";
export { gradientTimesInput } from "./techniques/gradient-input.ts";
export { guidedBackprop } from "./techniques/guided-backprop.ts";
export { guidedGradCam } from "./techniques/guided-grad-cam.ts";
export { overColour, sumOverColour } from "./techniques/input-gradient.ts";
export {
  type Baseline,
  type Completeness,
  type IntegratedGradientsOptions,
  integratedGradients,
  type PathExplanation,
} from "./techniques/integrated-gradients.ts";
export { layerCam } from "./techniques/layer-cam.ts";
export type { LayerOptions } from "./techniques/layer-maps.ts";
export { type LimeExplanation, type LimeOptions, lime } from "./techniques/lime.ts";
export { type LocalLinear, localLinear } from "./techniques/local-linear.ts";
export { type Conservation, type LrpOptions, lrp, type RelevanceExplanation } from "./techniques/lrp.ts";
export { createOcclusion, type Occlusion, type OcclusionOptions, occlusion } from "./techniques/occlusion.ts";
export type { OcclusionMap, OcclusionSweep, SweepOptions } from "./techniques/occlusion-sweep.ts";
export { type Prediction, type PredictOptions, predict, predictEach } from "./techniques/predict.ts";
export { type RiseOptions, rise } from "./techniques/rise.ts";
export { saliency } from "./techniques/saliency.ts";
export { type MaskExplanation, type MaskOptions, maskOf, saliencyMask } from "./techniques/saliency-mask.ts";
export { type ScoreCamOptions, scoreCam } from "./techniques/score-cam.ts";
export {
  type SmoothGradOptions,
  smoothGrad,
  smoothGradSquared,
  varGrad,
} from "./techniques/smooth-grad.ts";
export {
  mapAtImage,
  type UnitMask,
  type UnitMaskOptions,
  type UnitThreshold,
  unitMask,
} from "./techniques/unit-mask.ts";
export { formatTrust, TRUST_HEADS, TRUST_LEGEND, VERDICT_WORDS } from "./trust/format.ts";
export {
  type Curve,
  type Infidelity,
  type Judged,
  type Likeness,
  MEASURES,
  type Measure,
  type OtherClass,
  type ScoreMeasure,
  type Trust,
  type TrustOptions,
  VERDICTS,
  type Verdict,
} from "./trust/measures.ts";
export {
  createRandomisedNetwork,
  parameterLayers,
  type RandomiseOptions,
  randomiseGraph,
} from "./trust/randomise.ts";
export { type CascadeOptions, type CascadeStep, cascadingRandomisation } from "./trust/sanity.ts";
export { SharedScores } from "./trust/scores.ts";
export {
  figureOf,
  type NamedTechnique,
  type Spread,
  summaryOf,
  type TrustRow,
  type TrustSummary,
  type TrustSummaryRow,
  type TrustTable,
  type TrustTableOptions,
  trustSummary,
  trustTable,
} from "./trust/table.ts";
export { trust } from "./trust/trust.ts";

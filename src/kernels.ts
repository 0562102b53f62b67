/**
 * Stand-alone kernels for activations, to be recorded: Gram matrices, Fourier transforms, statistics, histograms, top-k, casts,
 * ReLU; a timer.
 * @module vitrine/kernels
 */
import "./gpu/platform.ts";

export { createTimer, type Timer, type TimerSpan, type Timing } from "./gpu/timer.ts";
export { type CastSite, createCast } from "./kernels/cast.ts";
export { createClassActivationMap } from "./kernels/class-activation-map.ts";
export {
  type ChannelCoMoments,
  type CoMomentsSite,
  createCoMoments,
  readCoMoments,
} from "./kernels/co-moments.ts";
export {
  createIrfft2,
  createIrfft2Gradient,
  createRfft2,
  createRfft2Gradient,
  type Fft2GradientSite,
  type Fft2Site,
  spectrumShape,
} from "./kernels/fft.ts";
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
export { createImageStatistics, type ImageStatisticsSite } from "./kernels/image-statistics.ts";
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
export {
  createTopK,
  createTopKBuffer,
  readTopK,
  type TopEntry,
  type TopK,
  type TopKOptions,
  type TopKSite,
} from "./kernels/top-k.ts";

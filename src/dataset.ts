/**
 * Pictures by the thousand, and statistics of activations over them.
 * @module vitrine/dataset
 */
import "./gpu/platform.ts";

export type { LabelTable } from "./dataset/file-table.ts";
export type { BrokenPicture, Source, SourcePicture, SourceReadOptions } from "./dataset/source.ts";
export { type SourceItem, type SourceParts, sourceOf } from "./dataset/source-of.ts";
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
export { type SyntheticSourceOptions, syntheticSource } from "./dataset/synthetic-source.ts";
export type { SyntheticOptions } from "./kernels/synthetic.ts";

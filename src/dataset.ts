/**
 * Pictures by the thousand, and statistics of activations over them.
 * @module vitrine/dataset
 */
import "./gpu/platform.ts";

export type { ArrayLabelOptions } from "./dataset/array-labels.ts";
export { type ArrayItem, arraySource } from "./dataset/array-source.ts";
export type { ByteFile, DataFile, OpenFile } from "./dataset/bytes.ts";
export { type CifarSourceOptions, cifarSource } from "./dataset/cifar-source.ts";
export type { Decode } from "./dataset/decode.ts";
export type { FileLabelOptions } from "./dataset/file-labels.ts";
export type { LabelTable } from "./dataset/file-table.ts";
export { idxSource } from "./dataset/idx-source.ts";
export { type NpySourceOptions, npySource } from "./dataset/npy-source.ts";
export { type ParquetSourceOptions, parquetSource } from "./dataset/parquet-source.ts";
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
export { type TarSourceOptions, tarSource } from "./dataset/tar-source.ts";
export { type ZipSourceOptions, zipSource } from "./dataset/zip-source.ts";
export type { SyntheticOptions } from "./kernels/synthetic.ts";

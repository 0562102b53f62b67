/**
 * Pictures by the thousand, and statistics of activations over them.
 * @module vitrine/dataset
 */
import "./gpu/platform.ts";

export type { ArrayLabelOptions } from "./dataset/array-labels.ts";
export { type ArrayItem, arraySource } from "./dataset/array-source.ts";
export type { ByteFile, DataFile, OpenFile } from "./dataset/bytes.ts";
export { type CifarSourceOptions, cifarSource } from "./dataset/cifar-source.ts";
export { corruptedSource } from "./dataset/corrupted-source.ts";
export type { Decode } from "./dataset/decode.ts";
export type { FileLabelOptions } from "./dataset/file-labels.ts";
export type { LabelTable } from "./dataset/file-table.ts";
export { idxSource } from "./dataset/idx-source.ts";
export { type NpySourceOptions, npySource } from "./dataset/npy-source.ts";
export { type ParquetSourceOptions, parquetSource } from "./dataset/parquet-source.ts";
export { directorySource, filesSourceOf, type PickedSourceOptions } from "./dataset/picked-source.ts";
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
export { mergeSurveys } from "./dataset/survey/merge-surveys.ts";
export type {
  AnswersReport,
  LabelAnswers,
  LabelMeans,
  LayerReport,
  PassedOver,
  PictureAnswer,
  Shard,
  SurveyKey,
  SurveyReport,
  SurveySettings,
} from "./dataset/survey/report.ts";
export { survey } from "./dataset/survey/survey.ts";
export type { SurveyOptions, SurveyProgress } from "./dataset/survey/survey-options.ts";
export type { SurveyChoices } from "./dataset/survey/survey-settings.ts";
export {
  type SyntheticParts,
  syntheticNames,
  syntheticParts,
  syntheticPictures,
} from "./dataset/synthetic.ts";
export { type SyntheticSourceOptions, syntheticSource } from "./dataset/synthetic-source.ts";
export { type TarSourceOptions, tarSource } from "./dataset/tar-source.ts";
export { type ZipSourceOptions, zipSource } from "./dataset/zip-source.ts";
export type { SyntheticOptions } from "./kernels/synthetic.ts";

import type { Fields } from "../../gpu/options.ts";
import type { InputOptions } from "../../network/inputs.ts";
import type { PassedOver, PictureAnswer, Shard, SurveyReport } from "./report.ts";
import type { SurveyChoices } from "./survey-settings.ts";

/** How far a survey is. */
export interface SurveyProgress {
  /** Pictures that were seen or passed over, of this shard. */
  readonly done: number;
  /** All pictures of the shard, where the source knows. */
  readonly count?: number;
  readonly picturesPerSecond: number;
  /** What most of the time was waited for: reading pictures, or the network. */
  readonly waitsFor: "pictures" | "network";
}

export interface SurveyOptions extends SurveyChoices, InputOptions {
  /** Ranges of the histograms, by layer, one a channel, from a survey before. Default: found first. */
  readonly ranges?: ReadonlyMap<string, readonly (readonly [number, number])[]> | undefined;
  /** Pictures, the data set's first, among which the ranges of histograms are found. Default 64. */
  readonly rangeFrom?: number | undefined;
  /** Pictures of a pass. Default: as many as the pool's memory allows, up to 32. */
  readonly batch?: number | undefined;
  /** The part of the data set to see: every n-th picture from the i-th. Default: all. */
  readonly shard?: Shard | undefined;
  /** Stop at a picture that cannot be read, instead of passing over it. Default false. */
  readonly strict?: boolean | undefined;
  /** Goes on with a survey that was stopped, of the same network, data set, shard and choices. */
  readonly resume?: SurveyReport | undefined;
  /** Is given, and waited for, what was found so far, now and then: to be kept, and gone on with. */
  readonly onCheckpoint?: ((report: SurveyReport) => Promise<void>) | undefined;
  /** Pictures between two checkpoints. Default 2048. */
  readonly every?: number | undefined;
  /** Is told of each picture, in order. */
  readonly onPicture?: ((picture: PictureAnswer) => void) | undefined;
  readonly onBroken?: ((broken: PassedOver) => void) | undefined;
  readonly onProgress?: ((progress: SurveyProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const SURVEY: Fields<SurveyOptions> = {
  ...{ layers: "may", features: "may", top: "may", bins: "may", correlation: [true, false], output: "may" },
  ...{ inputs: "may", ranges: "may", rangeFrom: "may", batch: "may", shard: "may", strict: [true, false] },
  ...{ resume: "may", onCheckpoint: "may", every: "may", onPicture: "may", onBroken: "may" },
  ...{ onProgress: "may", signal: "may" },
};

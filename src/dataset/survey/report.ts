import type { Shape } from "../../gpu/tensor.ts";
import type { ChannelCoMoments } from "../../kernels/co-moments.ts";
import type { ChannelHistogram } from "../../kernels/histogram.ts";
import type { ChannelStatistics } from "../../kernels/statistics.ts";
import type { TopK } from "../../kernels/top-k.ts";

/** Means of a layer's channels over the pictures of one label. */
export interface LabelMeans {
  readonly label: string;
  /** Pictures of the label. */
  readonly pictures: number;
  /** Mean over the pictures and places, one number a channel. */
  readonly means: readonly number[];
}

/** What a survey found in one layer. */
export interface LayerReport {
  readonly layer: string;
  /** Shape of the layer's output for one picture: [h, w, C], or [C]. */
  readonly shape: Shape;
  readonly statistics: ChannelStatistics;
  /** The largest value of each picture, of the pictures in which it is largest; `image` is the picture's number in the data set. */
  readonly top: TopK;
  readonly histogram?: ChannelHistogram;
  /** Joint variation of the channels over all places of all pictures. */
  readonly comoments?: ChannelCoMoments;
  /** One entry a label, in the labels' order; none where no picture has a label. */
  readonly labels: readonly LabelMeans[];
}

/** How often the network gave each class to the pictures of a label. */
export interface LabelAnswers {
  readonly label: string;
  /** The class of the network that has the label's name. */
  readonly index: number;
  /** Pictures by the class that the network gave them: class's number, pictures; in the order of the numbers. */
  readonly given: readonly (readonly [index: number, pictures: number])[];
  /** Pictures for which the label's class is among the five strongest. */
  readonly inTopFive: number;
}

/** The answers of a network to a data set, where both name classes. */
export interface AnswersReport {
  /** Pictures whose label is a class of the network. */
  readonly pictures: number;
  /** Those of them for which the network says so. */
  readonly right: number;
  /** Those for which it is among the network's five strongest classes. */
  readonly inTopFive: number;
  /** The confusion, row by row. */
  readonly labels: readonly LabelAnswers[];
}

/** A picture that a survey passed over. */
export interface PassedOver {
  readonly index: number;
  readonly id: string;
  readonly why: string;
}

/** What a survey was made of. Parts of one survey agree in all of it. */
export interface SurveyKey {
  /** Name and digest of the network. */
  readonly model: string;
  readonly modelDigest: string;
  /** Name and digest of the data set. */
  readonly data: string;
  readonly dataDigest: string;
  /** The options that change what is found, as they were used. */
  readonly settings: SurveySettings;
}

export interface SurveySettings {
  readonly layers: readonly string[];
  readonly features: readonly string[];
  readonly top: number;
  /** 0: no histograms. */
  readonly bins: number;
  readonly correlation: boolean;
  readonly output: string;
}

/** What a survey of a data set found, as plain data. */
export interface SurveyReport extends SurveyKey {
  /** The part of the data set that was seen. */
  readonly shard: Shard;
  /** Pictures that were seen, and those that were passed over since they could not be read. */
  readonly pictures: number;
  readonly broken: readonly PassedOver[];
  /** False of a survey that was stopped, and can be gone on with. */
  readonly complete: boolean;
  readonly layers: readonly LayerReport[];
  readonly answers?: AnswersReport;
}

/** A part of a data set: every n-th picture from the i-th. */
export interface Shard {
  readonly i: number;
  readonly n: number;
}

/** What a survey found of one picture. */
export interface PictureAnswer {
  readonly index: number;
  readonly id: string;
  readonly label?: string | undefined;
  /** The class that the network gives it; absent of a network without classes. */
  readonly given?:
    | { readonly index: number; readonly label?: string; readonly probability: number }
    | undefined;
  /** Place of its label's class among the network's, from 1; absent where the label is no class of the network. */
  readonly rank?: number | undefined;
  /** Channel means of each layer of `features`, in their order. */
  readonly features: readonly Float32Array[];
}

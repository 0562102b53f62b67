import type { Prediction } from "../predict.ts";
import type { ValuedPicture } from "./natural-pictures.ts";

/** Natural pictures that excite a unit, and are alike. */
export interface Facet {
  /** The number of the unit among those that were asked for. */
  readonly unit: number;
  /** Number of natural pictures in the cluster. */
  readonly count: number;
  /** Those nearest its centre, nearest first. */
  readonly naturals: readonly ValuedPicture[];
}

/** A picture that was made to excite something in a network, with what is known of it. */
export interface SyntheticPicture {
  /** What it was made for, in words: "star", "inception4a channel 3". */
  readonly name: string;
  /** [h, w, 3], 0…1. */
  readonly data: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: 3];
  /** [h, w], 0…1: how much the objective looked at each pixel, of techniques that know. */
  readonly alpha?: Float32Array;
  /** The objective of the ascent before each step, as it was climbed: with transforms, and less what keeps the picture regular. */
  readonly curve: Float32Array;
  /** What was asked for, of the picture rounded to 8 bits, run again without transforms. */
  readonly value: number;
  /** What the network says of that picture, where it has an output of classes. */
  readonly prediction?: Prediction;
  /** Where a class was asked for: its probability for that picture, 0 to 1. */
  readonly probability?: number;
  /** True where the unit does not fire for it: the picture shows nothing. */
  readonly dead?: true;
  /** True where the picture is of one color: nothing was found. */
  readonly grey?: true;
  /** The natural pictures that it began with, of techniques that begin with some. */
  readonly facet?: Facet;
  /** Sentences that whoever shows the picture should show too. */
  readonly notes?: readonly string[];
}

/** A picture that was made of another one: what it climbed by, and how far it came, is known of techniques that climb. */
export type MadePicture = Omit<SyntheticPicture, "curve" | "value"> &
  Partial<Pick<SyntheticPicture, "curve" | "value">>;

/** What a technique made. */
export interface Synthesis {
  /** Name of the technique. */
  readonly technique: string;
  readonly pictures: readonly SyntheticPicture[];
}

/** Pictures of a synthesis that goes on. */
export interface LiveSynthesis {
  /** Steps that the pictures climbing now have taken. */
  readonly step: number;
  /** The pictures that were asked for, in order, [h, w, 3] of 0…1; those that have not begun are empty. */
  readonly pictures: readonly Float32Array[];
  readonly shape: readonly [height: number, width: number, channels: 3];
}

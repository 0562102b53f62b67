import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";
import { classOf } from "../../graph/classes.ts";
import type { Head } from "../../graph/heads.ts";
import type { Pixels } from "../../images/pixels.ts";

/** A picture that was made to be taken for a class. */
export interface FoolingPicture {
  /** The class's number. */
  readonly index: number;
  /** Its name, where the network knows it. */
  readonly label?: string;
  /** The picture, at the network's size. */
  readonly pixels: Pixels;
  /** Probability that the network gives the class for these 8-bit pixels, run once more. */
  readonly probability: number;
}

/** A fooling picture that evolved. */
export interface EvolvedPicture extends FoolingPicture {
  /** Generation in which the picture was born, from 0. */
  readonly generation: number;
}

/** An evolution between two generations. */
export interface EvolutionState {
  /** Generations done. */
  readonly generation: number;
  /** Classes whose best picture is above the confidence. */
  readonly fooled: number;
  /** Mean probability over the classes' best pictures. */
  readonly mean: number;
  /** Draws the best pictures so far. Call it before `onProgress` ends. */
  pictures(): Promise<EvolvedPicture[]>;
}

/** Options that every way to fool a network takes. */
export interface FoolingOptions {
  /** The classes that the network is to see, by number or label. Default: all. */
  readonly classes?: readonly (number | string)[] | undefined;
  /** Probability above which a picture is good enough. Default 0.99. */
  readonly confidence?: number | undefined;
  /** The output whose classes are meant, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
}

/** The classes that are meant. @throws InputError when there is no such class, or none. */
export function foolingClasses(who: string, head: Head, { classes }: FoolingOptions): number[] {
  if (classes === undefined) return Array.from({ length: head.classes }, (_, index) => index);
  if (!Array.isArray(classes) || classes.length === 0) {
    throw new InputError(`${who}: expected a list of at least one class, got ${describe(classes)}`);
  }
  return [...new Set(classes.map((target) => classOf(head, target)))];
}

/** @throws InputError unless it is a probability that can be exceeded. */
export function foolingConfidence(who: string, { confidence = 0.99 }: FoolingOptions): number {
  if (confidence > 0 && confidence < 1) return confidence;
  throw new InputError(`${who}: expected a confidence between 0 and 1, got ${describe(confidence)}`);
}

import type { SyntheticPicture } from "../../src/synthesis.ts";
import type { TaskOptions } from "../tasks/queue.ts";
import type { Growing } from "./growing.ts";
import type { Ask } from "./slice.ts";

/** A picture that has grown, with what is said of it. */
export interface GrownPicture extends Growing {
  /** Under it. */
  readonly says?: string | undefined;
  /** Why it shows nothing: these words stand in its place. */
  readonly nothing?: string | undefined;
  /** What a technique knows of it that judges its pictures. */
  readonly judged?: SyntheticPicture | undefined;
  /** What it climbed by, step by step. */
  readonly curve?: Float32Array | undefined;
}

/** What a part of a card has found. */
export interface Grown {
  readonly pictures: readonly GrownPicture[];
  /** Facts beside the pictures. */
  readonly facts?: readonly (readonly [term: string, value: string])[];
  readonly notes?: readonly string[];
}

/** A part of a card: pictures that grow side by side, in one task. */
export interface Part {
  /** The same key means the same pictures. */
  readonly key: string;
  /** What each picture is, in words. */
  readonly names: readonly string[];
  /** @param show shows the pictures as far as they are; undefined for one that has not begun. */
  grow(options: TaskOptions, show: (pictures: readonly (Growing | undefined)[]) => void): Promise<Grown>;
}

/** Something that is asked for: pictures that grow in one or several tasks. */
export interface Card {
  readonly ask: Ask;
  /** Over its pictures. */
  readonly title: string;
  /** What it is, in a sentence. */
  readonly summary: string;
  /** True where it is about the picture that is shown, and goes with it. */
  readonly ofPicture: boolean;
  readonly parts: readonly Part[];
  /** True where it grows in fewer steps than usual, as this is a software adapter. */
  readonly few?: boolean | undefined;
  /** What has to be there before it can be asked. */
  readonly lacks?: string | undefined;
  /** The command that makes the same; undefined where the command line cannot ask this. */
  command(): string | undefined;
}

/** A key from what makes pictures what they are. */
export function keyOf(...parts: readonly (string | number | undefined)[]): string {
  return parts.map((part) => part ?? "").join("|");
}

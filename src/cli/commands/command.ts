import { type Io, UsageError } from "../io.ts";
import type { OptionName } from "../options.ts";
import { TECHNIQUE_OPTIONS, type TechniqueOptionName } from "../technique-options.ts";
import type { Values } from "../values.ts";

/** One command: its arguments, its help, and its work. */
export interface CliCommand {
  readonly name: string;
  /** The arguments after the name, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** A table above the details: names, and a text beside each. */
  readonly rows?: readonly (readonly [name: string, text: string])[] | undefined;
  /** More about it, one paragraph a line. */
  readonly details: readonly string[];
  readonly options: readonly OptionName[];
  /** Help for options that mean something of their own here. */
  readonly help?: Partial<Readonly<Record<OptionName, string>>> | undefined;
  readonly examples: readonly string[];
  /** Number of arguments before those that name images, of a command that takes images. Default 0. */
  leading?(values: Values): number;
  run(positionals: readonly string[], values: Values, io: Io): Promise<void>;
}

/** The options of every command that opens a model. */
export const MODEL_OPTIONS: readonly OptionName[] = [
  "model",
  "input",
  "preprocess",
  "mean",
  "std",
  "range",
  "fit",
  "resize",
  "size",
  "layout",
  "labels",
  "output",
  "head",
];

/** The options of a command that runs attribution techniques. */
export const TECHNIQUE_OPTION_NAMES = Object.keys(TECHNIQUE_OPTIONS) as readonly TechniqueOptionName[];

/** The help of --out of a command that makes a result for each image. */
export const OUT_FOR_EACH: NonNullable<CliCommand["help"]> = {
  out: "File for the result: a picture (.png), a vector figure (.svg: its words are text, its maps pixels), or the array (.npy). For several images a folder, with a .png for each, or 'DIR/*.svg', 'DIR/*.npy'. Whether it can be written is checked before any work; it is written whole or not at all.",
};

/** Refuses arguments of a command that takes options only. @throws UsageError */
export function assertNoArguments(command: string, positionals: readonly string[]): void {
  if (positionals.length === 0) return;
  throw new UsageError(`${command} expects options only, got "${positionals.join(" ")}"`);
}

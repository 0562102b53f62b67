import { nearest } from "../gpu/options.ts";
import { UsageError } from "./io.ts";
import type { Arguments, OptionName } from "./options.ts";

/** Reads a command's options, each with its check. */
export class Values {
  readonly #values: Arguments["values"];

  constructor({ values }: Arguments) {
    this.#values = values;
  }

  /** The same with other values of an option. */
  with(name: OptionName, values: readonly string[]): Values {
    const all = new Map(this.#values);
    if (values.length > 0) all.set(name, values);
    return new Values({ positionals: [], values: all });
  }

  has(name: OptionName): boolean {
    return this.#values.has(name);
  }

  all(name: OptionName): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  text(name: OptionName): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** One of the values that there are. */
  choice<T extends string>(name: OptionName, known: readonly T[]): T | undefined {
    const text = this.text(name);
    const found = known.find((value) => value === text?.toLowerCase());
    if (text === undefined || found !== undefined) return found;
    const near = nearest(text, known);
    throw new UsageError(
      `--${name} expects ${known.join(", ")}, got "${text}"${near ? `; did you mean ${near}?` : ""}`,
    );
  }

  /** A whole number. */
  whole(name: OptionName, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || value < least || value > most) {
      const range = most >= Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
      throw new UsageError(`--${name} expects a whole number of ${range}, got "${text}"`);
    }
    return value;
  }

  /** Numbers with commas between. */
  numbers(name: OptionName): number[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
    if (!values.every(Number.isFinite)) {
      throw new UsageError(`--${name} expects numbers with commas between, got "${text}"`);
    }
    return values;
  }

  /** @throws UsageError when more than one way to say the same thing was used. */
  exclusive(first: OptionName, second: OptionName): void {
    if (this.has(first) && this.has(second)) {
      throw new UsageError(`expected --${first} or --${second}, got both`);
    }
  }
}

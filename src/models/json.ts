import { ModelError } from "../gpu/errors.ts";

/** An object of a JSON file. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Bytes of a manifest, at most: the largest networks have a few million. */
export const MOST_BYTES = 2 ** 25;

/** Deepest permitted nesting of a manifest; a model within a model takes four. */
const MOST_DEPTH = 256;

/**
 * The value of a JSON text from a file.
 * @throws ModelError when it is none, or nested so deep that whoever walks through it would run out of stack.
 */
export function parseJson(text: string, who: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const got = text.trimStart().startsWith("<") ? "a page of HTML" : `"${text.slice(0, 40)}"`;
    throw new ModelError(`${who}: expected JSON, got ${got}`);
  }
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) {
      throw new ModelError(`${who}: expected JSON that is nested at most ${MOST_DEPTH} deep, got more`);
    }
    level = level.flatMap((part) => (typeof part === "object" && part !== null ? Object.values(part) : []));
  }
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Text of a value for a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** @throws ModelError when the value is no object. */
export function objectOf(value: unknown, who: string): JsonObject {
  if (!isObject(value)) throw new ModelError(`${who}: expected an object, got ${show(value)}`);
  return value;
}

/** @throws ModelError when the value is no array. */
export function arrayOf(value: unknown, who: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ModelError(`${who}: expected a list, got ${show(value)}`);
  return value;
}

/** @throws ModelError when the value is no text. */
export function textOf(value: unknown, who: string): string {
  if (typeof value !== "string") throw new ModelError(`${who}: expected text, got ${show(value)}`);
  return value;
}

/** True if a value is a number that 32-bit floats have: 1e39 is infinite on a GPU. */
function isFinite32(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(Math.fround(value));
}

/** A layer's options as its model file has them, read by name and checked. */
export class Config {
  /** Subject of messages: `layer "conv1" (Conv2D)`. */
  readonly who: string;
  readonly raw: JsonObject;

  constructor(who: string, raw: JsonObject) {
    this.who = who;
    this.raw = raw;
  }

  /** True if the option is there and not null. */
  has(key: string): boolean {
    return this.raw[key] !== undefined && this.raw[key] !== null;
  }

  number(key: string, fallback: number): number {
    if (!this.has(key)) return fallback;
    const raw = this.raw[key];
    // Some writers wrap a number that came from NumPy.
    const value = isObject(raw) ? raw.value : raw;
    if (!isFinite32(value)) {
      throw new ModelError(`${this.who}: expected ${key} to be a number, got ${show(raw)}`);
    }
    return value;
  }

  text(key: string, fallback: string): string {
    return this.has(key) ? textOf(this.raw[key], `${this.who}: ${key}`) : fallback;
  }

  flag(key: string, fallback: boolean): boolean {
    if (!this.has(key)) return fallback;
    const value = this.raw[key];
    if (typeof value !== "boolean")
      throw new ModelError(`${this.who}: expected ${key} to be true or false, got ${show(value)}`);
    return value;
  }

  /** A list of numbers. */
  numbers(key: string): number[] {
    return arrayOf(this.raw[key], `${this.who}: ${key}`).map((value) => {
      if (!isFinite32(value)) {
        throw new ModelError(`${this.who}: expected ${key} to be numbers, got ${show(this.raw[key])}`);
      }
      return value;
    });
  }

  /** [vertical, horizontal], from a pair or one number for both. */
  pair(key: string, fallback: readonly [number, number]): readonly [number, number] {
    if (!this.has(key)) return fallback;
    const value = this.raw[key];
    const [a, b, ...rest] = typeof value === "number" ? [value, value] : this.numbers(key);
    if (a === undefined || b === undefined || rest.length > 0) {
      throw new ModelError(`${this.who}: expected ${key} to be a pair, got ${show(value)}`);
    }
    return [a, b];
  }

  /** The same options with some of them changed. */
  with(changes: JsonObject): Config {
    return new Config(this.who, { ...this.raw, ...changes });
  }
}

import { ModelError, UnsupportedError } from "../gpu/errors.ts";

/** An object of a JSON file. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How a value is shown in a message. */
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

/** A layer's options as its model file has them, read by name and checked. */
export class Config {
  /** Who speaks in messages: `layer "conv1" (Conv2D)`. */
  readonly who: string;
  readonly raw: JsonObject;

  constructor(who: string, raw: JsonObject) {
    this.who = who;
    this.raw = raw;
  }

  /** Whether the option is there and not null. */
  has(key: string): boolean {
    return this.raw[key] !== undefined && this.raw[key] !== null;
  }

  number(key: string, fallback: number): number {
    if (!this.has(key)) return fallback;
    const raw = this.raw[key];
    // Some writers wrap a number that came from NumPy.
    const value = isObject(raw) ? raw.value : raw;
    if (typeof value !== "number" || !Number.isFinite(value)) {
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
      if (typeof value !== "number" || !Number.isFinite(value)) {
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

  /** @throws UnsupportedError when the layer keeps its channels before the pixels. */
  assertChannelsLast(): void {
    const format = this.text("data_format", "channels_last");
    if (format !== "channels_last") {
      throw new UnsupportedError(
        `${this.who}: expected data_format channels_last, got ${format}; export the model with channels last`,
      );
    }
  }
}

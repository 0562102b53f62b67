import { ModelError } from "../../gpu/errors.ts";
import { isObject, type JsonObject, show } from "../json.ts";

/**
 * Attributes that change nothing of what a node computes of a trained network: what it has as many of as it has inputs or
 * outputs, how it is computed, what it prints, and numbers of fused operators that are refused.
 */
const WITHOUT_EFFECT: readonly string[] = [
  "N",
  "epsilon",
  "exponential_avg_factor",
  "first_n",
  "incompatible_shape_error",
  "leakyrelu_alpha",
  "message",
  "num",
  "num_args",
  "summarize",
  "use_cudnn_on_gpu",
  "validate_indices",
];

/** The settings of a node, read by name and checked. Numbers of 64 bits are written as text, texts in base64. */
export class Attributes {
  readonly #raw: JsonObject;
  readonly #who: string;
  readonly #read = new Set<string>();

  /** @param who subject of messages: `model "model.json", Conv2D "conv1"`. */
  constructor(raw: JsonObject, who: string) {
    this.#raw = raw;
    this.#who = who;
  }

  /** Attributes with a value that nobody read, though they may change what the node computes. */
  unread(): string[] {
    return Object.entries(this.#raw).flatMap(([name, value]) => {
      if (this.#read.has(name) || WITHOUT_EFFECT.includes(name) || name.startsWith("_")) return [];
      return isObject(value) && holdsSetting(value) ? [name] : [];
    });
  }

  /** A number. @throws ModelError where it is none, or where there is none and no `otherwise`. */
  number(name: string, otherwise?: number): number {
    const { i, f } = this.#value(name);
    const value = i ?? f ?? otherwise;
    return this.#number(name, value);
  }

  flag(name: string, otherwise: boolean): boolean {
    const { b } = this.#value(name);
    if (b === undefined) return otherwise;
    if (typeof b !== "boolean") throw this.#wrong(name, "true or false", b);
    return b;
  }

  /** A text. @throws ModelError where it is none, or where there is none and no `otherwise`. */
  text(name: string, otherwise?: string): string {
    const { s } = this.#value(name);
    return s === undefined && otherwise !== undefined ? otherwise : this.#text(name, s);
  }

  /** Whole numbers; undefined where there are none. */
  numbers(name: string): readonly number[] | undefined {
    const { list } = this.#value(name);
    if (!isObject(list) || !Array.isArray(list.i)) return undefined;
    return list.i.map((value: unknown) => this.#number(name, value));
  }

  texts(name: string): readonly string[] {
    const { list } = this.#value(name);
    return isObject(list) && Array.isArray(list.s) ? list.s.map((value) => this.#text(name, value)) : [];
  }

  /** The name of a type of elements without its DT_, in small letters: "float", "int32". */
  type(name: string): string {
    const { type } = this.#value(name);
    if (typeof type === "number") return TYPES[type] ?? `type ${type}`;
    return typeof type === "string" ? type.replace(/^DT_/, "").toLowerCase() : "float";
  }

  /** Sizes of a shape, null where one is open; undefined where the file does not say how many there are. */
  shape(name: string): readonly (number | null)[] | undefined {
    const { shape } = this.#value(name);
    return isObject(shape) ? shapeOfJson(shape, `${this.#who}: ${name}`) : undefined;
  }

  #value(name: string): JsonObject {
    this.#read.add(name);
    const value = Object.hasOwn(this.#raw, name) ? this.#raw[name] : undefined;
    return isObject(value) ? value : {};
  }

  #number(name: string, value: unknown): number {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number !== "number" || Number.isNaN(number)) throw this.#wrong(name, "a number", value);
    return number;
  }

  #text(name: string, value: unknown): string {
    if (Array.isArray(value) && value.every((code) => Number.isInteger(code))) {
      return String.fromCharCode(...value.slice(0, MOST_LETTERS));
    }
    try {
      if (typeof value === "string") return atob(value);
    } catch {}
    throw this.#wrong(name, "text in base64", value);
  }

  #wrong(name: string, expected: string, got: unknown): ModelError {
    return new ModelError(`${this.#who}: expected ${name} to be ${expected}, got ${show(got)}`);
  }
}

/** True for a number, text, truth or list that is not empty; types and shapes follow from what a node is given. */
function holdsSetting({ i, f, b, s, list }: JsonObject): boolean {
  if ([i, f, b, s].some((value) => value !== undefined)) return true;
  return (
    isObject(list) && [list.i, list.f, list.b, list.s].some((all) => Array.isArray(all) && all.length > 0)
  );
}

/** Letters of a setting that are read. */
const MOST_LETTERS = 1000;

/** Types of elements by TensorFlow's numbers, as far as networks have them. */
const TYPES: Readonly<Record<number, string>> = {
  1: "float",
  2: "double",
  3: "int32",
  4: "uint8",
  7: "string",
  9: "int64",
  10: "bool",
  19: "half",
};

/** A shape as GraphModels write it: `{ dim: [{ size: "-1" }, …] }`. @throws ModelError when it is none. */
export function shapeOfJson(shape: JsonObject, who: string): readonly (number | null)[] | undefined {
  if (shape.unknownRank === true) return undefined;
  const dims: unknown = shape.dim ?? [];
  if (!Array.isArray(dims)) throw new ModelError(`${who}: expected a shape, got ${show(shape)}`);
  return dims.map((dim: unknown) => {
    const size = isObject(dim) ? Number(dim.size) : Number.NaN;
    if (!Number.isInteger(size) || size < -1) {
      throw new ModelError(`${who}: expected sizes of 1 or more, got ${show(shape)}`);
    }
    return size < 0 ? null : size;
  });
}

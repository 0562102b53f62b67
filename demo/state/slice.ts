import type { HeadKind } from "../../src/graph.ts";

/** The parts of a network that can be selected and asked about. */
export interface NetworkParts {
  readonly exhibits: readonly {
    /** The layer that it shows, and all that it stands for. */
    readonly layer: string;
    readonly stand: { readonly stages: readonly string[] };
    /** H, W, C. */
    readonly size: readonly [number, number, number];
    readonly kind: "picture" | "volume" | "vector";
  }[];
  /** Its outputs, the one that is asked by default first. */
  readonly outputs: readonly { readonly name: string; readonly classes: number; readonly kind: HeadKind }[];
  /** Layers with more than one pixel: those whose maps a CAM can weigh. */
  readonly mapLayers: readonly string[];
}

/** A change that takes out of a state what a network does not have, with a sentence for each thing that goes. */
export interface Admitted<S> {
  readonly change: Partial<S>;
  readonly refused: readonly string[];
}

/** The fields of an address, by name. */
export type Fields = Pick<URLSearchParams, "get">;

/** Puts a field into an address; a value that is undefined, or the one that everybody begins with, is left out. */
export type Put = (name: string, value: string | number | undefined, otherwise?: string | number) => void;

/**
 * A part of the page's state: its keys with their defaults, and how they are written in the address. Keys belong to one
 * slice, and so do the address's fields.
 */
export interface Slice<S extends object> {
  /** A value for every key; undefined where there is none to begin with. */
  readonly defaults: S;
  /** Reads an address; what cannot be understood takes its default. */
  read(fields: Fields): S;
  write(state: S, put: Put): void;
  /** Values that are taken when another network comes, in place of what was said of the old one. */
  readonly withNetwork?: Partial<S>;
  /** Keys that follow others of the slice when those change. */
  follow?(wanted: S, before: S, change: Partial<S>): Partial<S>;
  /** Takes out what a network does not have. */
  admit?(state: S, network: NetworkParts): Admitted<S>;
}

/** The state of several slices together. */
export type StateOf<Slices extends readonly unknown[]> = Slices extends readonly [
  Slice<infer S>,
  ...infer Rest,
]
  ? S & StateOf<Rest>
  : unknown;

/** A whole number of at most seven digits; undefined for any other text. */
export function wholeIn(text: string | null): number | undefined {
  return text !== null && /^\d{1,7}$/.test(text) ? Number(text) : undefined;
}

/** Two whole numbers with a comma between. */
export function pairIn(text: string | null): readonly [number, number] | undefined {
  const [first, second, ...more] = (text ?? "").split(",").map((part) => wholeIn(part));
  return first === undefined || second === undefined || more.length > 0 ? undefined : [first, second];
}

/** A number from 0 to 1. */
export function shareIn(text: string | null, otherwise: number): number {
  const value = text === null ? Number.NaN : Number(text);
  return value >= 0 && value <= 1 ? value : otherwise;
}

/** One of a few words. */
export function oneOf<const T extends string, U>(
  text: string | null,
  all: readonly T[],
  otherwise: U,
): T | U {
  return all.find((one) => one === text) ?? otherwise;
}

/** A number of things, and how they are numbered. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? `one ${one}, number 0` : `${count} ${many}, numbered from 0`;
}

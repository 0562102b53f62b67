import type { Shape } from "../../gpu/tensor.ts";

/** Kinds of a constant's elements. Integers are exact up to 2⁵³; truths are 0 and 1. */
export type ElementKind = "float" | "int" | "bool";

export type Elements = Float32Array | Float64Array;

/** An array that is known in advance: weights, settings, what was computed of shapes. */
export interface ConstantValue {
  readonly kind: "constant";
  readonly elements: ElementKind;
  /** As the file sees it. */
  readonly shape: Shape;
  /** The elements row by row; an axis in `repeated` has one copy. */
  read(): Elements;
  /** Places in `read()` of the elements that depend on the size of the batch. */
  readonly ofBatch?: ReadonlySet<number> | undefined;
  /** The axis as long as the batch along which the elements are the same. */
  readonly repeated?: number | undefined;
}

/**
 * How a stored tensor shows an array of a file. `factors` cuts the storage, row by row, into axes as fine as needed: the
 * first is the batch, none of the others is 1. `axes` lists for each axis of the file the factors whose product it is,
 * outermost first: [[0], [3], [1], [2]] for N×C×H×W that is stored as N×H×W×C, [[0], [3, 1, 2]] when that is flattened.
 * An array without a batch mentions factor 0 nowhere.
 */
export interface Layout {
  readonly factors: readonly number[];
  readonly axes: readonly (readonly number[])[];
}

/** The output of a layer, as the file sees it. */
export interface LayerValue extends Layout {
  readonly kind: "layer";
  readonly layer: string;
}

/** What could not be computed, and the error that says why. `source`: what it would have been computed of. */
export interface MissingValue {
  readonly kind: "missing";
  readonly error: Error;
  readonly source?: LayerValue | undefined;
  /** True where it is the place of the largest of the source, which so is a score of each class. */
  readonly ranked?: true | undefined;
}

export type Value = ConstantValue | LayerValue | MissingValue;

/** A constant of elements that are there already. */
export function constant(
  elements: ElementKind,
  shape: Shape,
  data: Elements,
  ofBatch?: ReadonlySet<number>,
): ConstantValue {
  return {
    kind: "constant",
    elements,
    shape,
    read: () => data,
    ...(ofBatch && ofBatch.size > 0 ? { ofBatch } : {}),
  };
}

/** A list of integers as a constant. */
export function integers(values: readonly number[]): ConstantValue {
  return constant("int", [values.length], Float64Array.from(values));
}

import { ModelError, UnsupportedError } from "../gpu/errors.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import type { Constant } from "../layers/op.ts";
import type { ModelFiles } from "./files.ts";
import { arrayOf, isObject, objectOf, show, textOf } from "./json.ts";
import { readShards, type ShardGroup, type ShardOptions } from "./shards.ts";
import { YieldToEventLoop } from "./yield-to-event-loop.ts";

/** One weight as the manifest describes it. */
interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Type of the values. */
  readonly dtype: string;
  /** Type in which they are stored, if another. */
  readonly stored: Stored;
  readonly scale: number;
  readonly min: number;
  /** Weights of the optimiser are stored but belong to no layer. */
  readonly optimizer: boolean;
}

/** A run of weights that lie one after the other in the concatenation of its shards. */
interface WeightGroup extends ShardGroup {
  readonly specs: readonly WeightSpec[];
}

/** Bytes of a value, by how it is stored. */
const BYTES = { float32: 4, int32: 4, float16: 2, uint16: 2, uint8: 1, bool: 1 } as const;

type Stored = keyof typeof BYTES;
const PLAIN: readonly Stored[] = ["float32", "int32", "bool", "float16"];
const QUANTISED: readonly Stored[] = ["uint8", "uint16", "float16"];

const bytesOf = (spec: WeightSpec) => sizeOf(spec.shape) * BYTES[spec.stored];

function parseSpec(value: unknown, who: string): WeightSpec {
  const raw = objectOf(value, `${who}, a weight`);
  const name = textOf(raw.name, `${who}, a weight's name`).replace(/:0$/, "");
  const weight = `${who}, weight "${name}"`;
  const shape = arrayOf(raw.shape, `${weight}: shape`).map((axis) => {
    if (typeof axis !== "number" || !Number.isInteger(axis) || axis < 0) {
      throw new ModelError(`${weight}: expected a shape of whole numbers, got ${show(raw.shape)}`);
    }
    return axis;
  });
  if (shape.length > MOST_AXES || sizeOf(shape) > MOST_VALUES) {
    throw new ModelError(
      `${weight}: expected at most ${MOST_AXES} axes and ${MOST_VALUES} values, got shape ${show(raw.shape)}`,
    );
  }
  const dtype = textOf(raw.dtype, `${weight}: dtype`);
  const quantization = isObject(raw.quantization) ? raw.quantization : undefined;
  const format = quantization ? textOf(quantization.dtype, `${weight}: quantization.dtype`) : dtype;
  const known = quantization ? QUANTISED : PLAIN;
  const stored = known.find((one) => one === format);
  if (stored === undefined) {
    throw new UnsupportedError(`${weight}: expected values stored as ${known.join(", ")}, got ${format}`);
  }
  const affine = quantization !== undefined && stored !== "float16";
  const [scale, min] = affine ? [quantization.scale, quantization.min] : [1, 0];
  if (
    typeof scale !== "number" ||
    typeof min !== "number" ||
    !Number.isFinite(scale) ||
    !Number.isFinite(min)
  ) {
    throw new ModelError(
      `${weight}: expected quantization with a scale and a min, got ${show(quantization)}`,
    );
  }
  return { name, shape, dtype, stored, scale, min, optimizer: raw.group === "optimizer" };
}

/** Axes of a weight at most, and values: what a GPU can address. */
export const MOST_AXES = 8;
export const MOST_VALUES = 2 ** 32;

function parseManifest(manifest: unknown, who: string): WeightGroup[] {
  const seen = new Set<string>();
  return arrayOf(manifest, `${who}: weightsManifest`).map((value, index) => {
    const group = `${who}: weight group ${index + 1}`;
    const raw = objectOf(value, group);
    const paths = arrayOf(raw.paths, `${group}: paths`).map((path) => textOf(path, `${group}: a path`));
    const specs = arrayOf(raw.weights, `${group}: weights`).map((weight) => parseSpec(weight, group));
    for (const { name } of specs) {
      if (seen.has(name))
        throw new ModelError(`${group}: expected weights of different names, got "${name}" twice`);
      seen.add(name);
    }
    return { paths, specs, bytes: specs.reduce((sum, spec) => sum + bytesOf(spec), 0) };
  });
}

/** 2^(e − 15) of each half-precision exponent e. */
const POWERS = Float64Array.from({ length: 32 }, (_, exponent) => 2 ** (exponent - 15));

/** The number whose IEEE half-precision bits these are. */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * (POWERS[exponent] ?? 1);
}

/** Each stored number as the value it stands for. */
function mapped(
  stored: Uint8Array | Uint16Array | Int32Array,
  value: (stored: number) => number,
): Float32Array {
  const values = new Float32Array(stored.length);
  for (let i = 0; i < values.length; i++) values[i] = value(stored[i] ?? 0);
  return values;
}

function decode(spec: WeightSpec, bytes: ArrayBuffer): Float32Array {
  switch (spec.stored) {
    case "float32":
      return new Float32Array(bytes);
    case "int32":
      return Float32Array.from(new Int32Array(bytes));
    case "bool":
      return Float32Array.from(new Uint8Array(bytes));
    case "float16":
      return mapped(new Uint16Array(bytes), fromFloat16);
    case "uint8":
    case "uint16": {
      const stored = spec.stored === "uint8" ? new Uint8Array(bytes) : new Uint16Array(bytes);
      const value = (v: number) => v * spec.scale + spec.min;
      return mapped(stored, spec.dtype === "int32" ? (v) => Math.round(value(v)) : value);
    }
  }
}

/** First value that is not finite, as "value 5 of 3×3×3×16 is NaN"; undefined when all are finite. */
function flaw(data: Float32Array, shape: readonly number[]): string | undefined {
  const at = data.findIndex((value) => !Number.isFinite(value));
  return at < 0 ? undefined : `value ${at} of ${formatShape(shape)} is ${data[at]}`;
}

/**
 * Reads all weights that a tfjs `weightsManifest` describes, in full precision, by name.
 * float32, int32, bool, and quantised float16, uint8 and uint16 (value · scale + min).
 * @throws ModelError for a missing shard, too few or too many bytes, NaN or infinity, a name that comes twice.
 * @throws UnsupportedError for another dtype.
 */
export async function readWeights(
  files: ModelFiles,
  manifest: unknown,
  options: ShardOptions = {},
): Promise<Map<string, Constant>> {
  const who = `model "${files.name}"`;
  const groups = parseManifest(manifest, who);
  const buffers = await readShards(files, groups, options);
  const weights = new Map<string, Constant>();
  const yielding = new YieldToEventLoop(options.signal);
  for (const [index, { specs }] of groups.entries()) {
    const buffer = buffers[index] ?? new ArrayBuffer();
    let offset = 0;
    for (const spec of specs) {
      await yielding.whenDue();
      const end = offset + bytesOf(spec);
      // The copy aligns the values, whatever lies before them.
      const data = decode(spec, buffer.slice(offset, end));
      offset = end;
      if (spec.optimizer) continue;
      const wrong = flaw(data, spec.shape);
      if (wrong)
        throw new ModelError(
          `${who}: expected weight "${spec.name}" to be finite, but ${wrong}; the file is damaged or training diverged`,
        );
      weights.set(spec.name, { shape: spec.shape, data });
    }
  }
  options.onProgress?.(1);
  return weights;
}

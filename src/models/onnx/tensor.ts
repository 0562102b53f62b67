import { BinaryReader } from "@bufbuild/protobuf/wire";
import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, sizeOf } from "../../gpu/tensor.ts";
import { fromFloat16, MOST_AXES, MOST_VALUES } from "../weights.ts";
import type { ExternalData } from "./external-data.ts";
import type { OnnxDType, OnnxTensor, OnnxValues } from "./model.ts";
import { ELEMENT_TYPES, type TensorMessage } from "./schema.ts";

type NumberField = "floatData" | "doubleData" | "int32Data" | "int64Data" | "uint64Data";

/** Storage of a type's elements. */
interface Storage {
  /** Bits of an element in raw data. */
  readonly bits: 4 | 8 | 16 | 32 | 64;
  /** The field that has the elements where there is no raw data. */
  readonly field: NumberField;
  /** The first `count` elements in raw data. */
  readonly values: (raw: ArrayBuffer, count: number) => OnnxValues;
}

const widened = (raw: ArrayBuffer, value: (bits: number) => number) =>
  Float32Array.from(new Uint16Array(raw), value);

/** The float whose upper half these bits are. */
function fromBfloat16(bits: number): number {
  WORD.setUint16(0, bits);
  return WORD.getFloat32(0);
}
const WORD = new DataView(new ArrayBuffer(4));

/** Two to a byte, the lower half first. */
const halves = (raw: ArrayBuffer, count: number) => {
  const bytes = new Uint8Array(raw);
  return Uint8Array.from({ length: count }, (_, i) => ((bytes[i >> 1] ?? 0) >> (i % 2 ? 4 : 0)) & 15);
};

const STORAGE: Readonly<Record<Exclude<OnnxDType, "string" | "other">, Storage>> = {
  float: { bits: 32, field: "floatData", values: (raw) => new Float32Array(raw) },
  double: { bits: 64, field: "doubleData", values: (raw) => new Float64Array(raw) },
  float16: { bits: 16, field: "int32Data", values: (raw) => widened(raw, fromFloat16) },
  bfloat16: { bits: 16, field: "int32Data", values: (raw) => widened(raw, fromBfloat16) },
  bool: { bits: 8, field: "int32Data", values: (raw) => new Uint8Array(raw).map((byte) => (byte ? 1 : 0)) },
  int4: {
    bits: 4,
    field: "int32Data",
    values: (raw, count) => Int8Array.from(halves(raw, count), (half) => (half ^ 8) - 8),
  },
  int8: { bits: 8, field: "int32Data", values: (raw) => new Int8Array(raw) },
  int16: { bits: 16, field: "int32Data", values: (raw) => new Int16Array(raw) },
  int32: { bits: 32, field: "int32Data", values: (raw) => new Int32Array(raw) },
  int64: { bits: 64, field: "int64Data", values: (raw) => new BigInt64Array(raw) },
  uint4: { bits: 4, field: "int32Data", values: halves },
  uint8: { bits: 8, field: "int32Data", values: (raw) => new Uint8Array(raw) },
  uint16: { bits: 16, field: "int32Data", values: (raw) => new Uint16Array(raw) },
  uint32: { bits: 32, field: "uint64Data", values: (raw) => new Uint32Array(raw) },
  uint64: { bits: 64, field: "uint64Data", values: (raw) => new BigUint64Array(raw) },
};

const isStored = (type: string): type is keyof typeof STORAGE => Object.hasOwn(STORAGE, type);

/** A type of elements by its number. */
export function dtypeOf(number: number | undefined): OnnxDType {
  const type = elementType(number);
  return type === "string" || isStored(type) ? type : "other";
}

const elementType = (number = 0): string => ELEMENT_TYPES[number] ?? `type ${number}`;

/**
 * A tensor of a file, whose elements stay in the file's bytes until they are read. `who` is the subject of messages.
 * @throws ModelError when its shape cannot be right, or the file does not have as many elements.
 */
export function tensorOf(message: TensorMessage, external: ExternalData, who: string): OnnxTensor {
  const { dims } = message;
  if (!dims.every((size) => size >= 0 && size <= MOST_VALUES)) {
    throw new ModelError(`${who}: expected sizes from 0 to ${MOST_VALUES}, got ${formatShape(dims)}`);
  }
  if (dims.length > MOST_AXES || sizeOf(dims) > MOST_VALUES) {
    throw new ModelError(
      `${who}: expected at most ${MOST_AXES} axes and ${MOST_VALUES} elements, got ${dims.length > MOST_AXES ? `${dims.length} axes` : formatShape(dims)}`,
    );
  }
  const dtype = dtypeOf(message.dataType);
  const base = { name: message.name ?? "", dtype, dims };
  if (dtype === "string" || dtype === "other") {
    return {
      ...base,
      read() {
        const type = elementType(message.dataType);
        throw new UnsupportedError(
          `${who}: expected numbers, got elements of type ${type}, which are not supported`,
        );
      },
    };
  }
  const storage = STORAGE[dtype];
  const count = sizeOf(dims);
  const raw = rawBytes(message, storage, count, external, who);
  return { ...base, read: () => storage.values(raw(), count) };
}

/** Reads the elements' raw bytes, in a buffer of their own that suits every kind of array. */
function rawBytes(
  message: TensorMessage,
  { bits, field }: Storage,
  count: number,
  external: ExternalData,
  who: string,
): () => ArrayBuffer {
  const bytes = Math.ceil((count * bits) / 8);
  if (message.dataLocation === EXTERNAL) {
    return external.add(message.externalData, bytes, who);
  }
  const few = (got: number, unit: string) =>
    new ModelError(
      `${who}: expected ${unit === "bytes" ? bytes : stored} ${unit} of data for shape ${formatShape(message.dims)}, got ${got}; the file is damaged`,
    );
  const stored = bits === 4 ? bytes : count;
  const { rawData } = message;
  if (rawData && rawData.length > 0) {
    if (rawData.length !== bytes) throw few(rawData.length, "bytes");
    return () => rawData.slice().buffer;
  }
  const runs = message[field];
  if (field === "floatData" || field === "doubleData") {
    const length = runs.reduce((sum, run) => sum + run.length, 0);
    if (length !== bytes) throw few(length, "bytes");
    return () => joined(runs, bytes);
  }
  const found = runs.reduce((sum, run) => sum + countVarints(run), 0);
  if (found !== stored) throw few(found, "numbers");
  return () => decoded(runs, bits, stored);
}

/** A tensor's `data_location` where its elements are in another file. */
const EXTERNAL = 1;

function joined(runs: readonly Uint8Array[], bytes: number): ArrayBuffer {
  const all = new Uint8Array(bytes);
  let offset = 0;
  for (const run of runs) {
    all.set(run, offset);
    offset += run.length;
  }
  return all.buffer;
}

/** Numbers in a run of varints: each ends at a byte without the highest bit. */
function countVarints(run: Uint8Array): number {
  let count = 0;
  for (const byte of run) if (byte < 128) count++;
  return count;
}

/** Encoded integers as raw bytes, each cut to its lower bits. */
function decoded(runs: readonly Uint8Array[], bits: Storage["bits"], count: number): ArrayBuffer {
  if (bits === 64) {
    const whole = new BigInt64Array(count);
    return filled(whole, runs, (reader, i) => {
      whole[i] = BigInt(reader.int64());
    });
  }
  const numbers = new { 4: Uint8Array, 8: Uint8Array, 16: Uint16Array, 32: Uint32Array }[bits](count);
  return filled(numbers, runs, (reader, i) => {
    numbers[i] = reader.uint32();
  });
}

function filled(
  { buffer }: { readonly buffer: ArrayBuffer },
  runs: readonly Uint8Array[],
  read: (reader: BinaryReader, index: number) => void,
): ArrayBuffer {
  let index = 0;
  for (const run of runs) {
    const reader = new BinaryReader(run);
    while (reader.pos < reader.len) read(reader, index++);
  }
  return buffer;
}

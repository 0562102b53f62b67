import { ModelError } from "../../src/gpu/errors.ts";
import type { ModelFiles } from "../../src/models/files.ts";

/** One weight of a model made by hand. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Numbers to count up from; or the values themselves. */
  readonly values?: readonly number[];
  readonly dtype?: string;
  readonly quantization?: Record<string, unknown>;
  /** The stored bytes, for dtypes other than float32. */
  readonly bytes?: ArrayBuffer;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, axis) => size * axis, 1);

/** The bytes that a weight is stored as. */
export function bytesOf({ shape, values, bytes }: Weight): Uint8Array {
  if (bytes) return new Uint8Array(bytes);
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => values?.[i] ?? Math.sin(i + 1) / 2);
  return new Uint8Array(data.buffer);
}

/** Files in memory. A path that is not there is a ModelError, as with every source. */
export function memoryFiles(files: Readonly<Record<string, ArrayBuffer | string>>): ModelFiles {
  return {
    name: "memory",
    manifest: "model.json",
    async read(path) {
      const file = Object.hasOwn(files, path) ? files[path] : undefined;
      if (file === undefined) throw new ModelError(`model "memory": expected the file "${path}", got none`);
      return typeof file === "string" ? new TextEncoder().encode(file).slice().buffer : file.slice(0);
    },
  };
}

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** A model file made by hand: topology and weights in one group, cut into shards at the given bytes. */
export function modelOf(
  topology: unknown,
  weights: readonly Weight[],
  {
    cuts = [],
    extra = {},
  }: { readonly cuts?: readonly number[]; readonly extra?: Record<string, unknown> } = {},
): ModelFiles {
  const all = joined(weights.map(bytesOf));
  const edges = [0, ...cuts, all.length];
  const shards = edges
    .slice(1)
    .map((end, i) => [`shard${i + 1}.bin`, all.slice(edges[i], end).buffer] as const);
  const specs = weights.map(({ name, shape, dtype = "float32", quantization }) => ({
    name,
    shape,
    dtype,
    ...(quantization ? { quantization } : {}),
  }));
  const manifest = {
    modelTopology: topology,
    weightsManifest: [{ paths: shards.map(([path]) => path), weights: specs }],
    ...extra,
  };
  return memoryFiles({ "model.json": JSON.stringify(manifest), ...Object.fromEntries(shards) });
}

/** A layer of a Sequential model as Keras writes it. */
export const kerasLayer = (class_name: string, name: string, config: Record<string, unknown> = {}) => ({
  class_name,
  config: { name, ...config },
});

/** A Sequential model of layers, fed with images of a shape. */
export function sequential(
  layers: readonly ReturnType<typeof kerasLayer>[],
  shape: readonly (number | null)[] = [6, 6, 2],
) {
  const [first, ...rest] = layers;
  const fed = first
    ? [{ ...first, config: { batch_input_shape: [null, ...shape], ...first.config } }, ...rest]
    : [];
  return {
    keras_version: "2.4.0",
    model_config: { class_name: "Sequential", config: { name: "hand_made", layers: fed } },
  };
}

/** A functional model of [class, name, config, inbound nodes]. */
export function functional(
  layers: readonly (readonly [
    className: string,
    name: string,
    config: Record<string, unknown>,
    inbound: unknown,
  ])[],
  outputs: unknown,
  inputs: unknown = [["image", 0, 0]],
) {
  return {
    class_name: "Functional",
    config: {
      name: "hand_made",
      layers: layers.map(([class_name, name, config, inbound_nodes]) => ({
        class_name,
        name,
        config: { name, ...config },
        inbound_nodes,
      })),
      input_layers: inputs,
      output_layers: outputs,
    },
  };
}

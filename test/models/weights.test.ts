import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, test } from "vitest";
import { ModelError, UnsupportedError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { fromFloat16, readWeights } from "../../src/models/weights.ts";
import { bytesOf, kerasLayer, memoryFiles, modelOf, sequential, type Weight } from "./fixtures.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const random = (length: number, bits: number) =>
  Array.from({ length }, (_, i) => (i * 2654435761 + 12345) % 2 ** bits);

/** Every way in which a weight is stored. */
const STORED: readonly Weight[] = [
  { name: "plain", shape: [2, 3], values: [0, -0, 1e-40, 3.5, -7, 1e30] },
  {
    name: "half",
    shape: [5],
    quantization: { dtype: "float16", original_dtype: "float32" },
    bytes: Uint16Array.from([0x0001, 0x83ff, 0x3c00, 0x7bff, 0xc248]).buffer,
  },
  {
    name: "byte",
    shape: [7],
    quantization: { dtype: "uint8", scale: 0.0123, min: -1.5 },
    bytes: Uint8Array.from(random(7, 8)).buffer,
  },
  {
    name: "short",
    shape: [3, 3],
    quantization: { dtype: "uint16", scale: 3e-5, min: -0.7 },
    bytes: Uint16Array.from(random(9, 16)).buffer,
  },
  { name: "whole", shape: [3], dtype: "int32", bytes: Int32Array.from([-5, 0, 70000]).buffer },
  {
    name: "wholeByte",
    shape: [3],
    dtype: "int32",
    quantization: { dtype: "uint8", scale: 1.4, min: -3.2 },
    bytes: Uint8Array.from([0, 9, 255]).buffer,
  },
  { name: "truth", shape: [3], dtype: "bool", bytes: Uint8Array.from([1, 0, 1]).buffer },
  { name: "number", shape: [], values: [4] },
];

const specsOf = (weights: readonly Weight[]) =>
  weights.map(({ name, shape, dtype = "float32", quantization }) => ({
    name,
    shape,
    dtype,
    ...(quantization ? { quantization } : {}),
  }));

test("every way of storing weights is decoded as tfjs does, wherever the shards are cut", async () => {
  const all = Uint8Array.from(STORED.flatMap((weight) => [...bytesOf(weight)]));
  const specs = specsOf(STORED);
  const expected = tf.io.decodeWeights(all.buffer, specs as unknown as tf.io.WeightsManifestEntry[]);
  for (const cuts of [[], [1], [3, 4, 4, 31, 58]]) {
    const edges = [0, ...cuts, all.length];
    const paths = edges.slice(1).map((_, i) => `s${i}`);
    const files = memoryFiles(
      Object.fromEntries(paths.map((path, i) => [path, all.slice(edges[i], edges[i + 1]).buffer])),
    );
    const progress: number[] = [];
    const weights = await readWeights(files, [{ paths, weights: specs }], {
      onProgress: (fraction) => progress.push(fraction),
    });
    expect([...weights.keys()]).toEqual(specs.map((spec) => spec.name));
    for (const [name, { shape, data }] of weights) {
      expect(shape).toEqual(expected[name]?.shape);
      expect([...data]).toEqual([...((await expected[name]?.data()) ?? [])].map(Math.fround));
    }
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
  }
});

test("half precision is exact for all 65,536 numbers that tfjs knows", async () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const spec = { name: "half", shape: [65536], dtype: "float32", quantization: { dtype: "float16" } };
  const decoded = tf.io.decodeWeights(bits.buffer, [spec as unknown as tf.io.WeightsManifestEntry]);
  const expected = await decoded.half?.data();
  expect(bits.findIndex((half) => !Object.is(fromFloat16(half), expected?.[half]))).toBe(-1);
});

test("weights come from any number of groups", async () => {
  const weights: Weight[] = [
    { name: "a", shape: [2] },
    { name: "b", shape: [3] },
  ];
  const [a, b] = weights.map((weight) => bytesOf(weight).slice().buffer);
  const files = memoryFiles({ "a.bin": a ?? "", "b.bin": b ?? "" });
  const groups = specsOf(weights).map((spec) => ({ paths: [`${spec.name}.bin`], weights: [spec] }));
  const read = await readWeights(files, groups);
  expect(read.get("b")?.data).toEqual(new Float32Array(b ?? new ArrayBuffer()));
  expect([...read.keys()]).toEqual(["a", "b"]);
});

const CONV: Weight = { name: "conv/kernel", shape: [3, 3, 2, 4] };
const BIAS: Weight = { name: "conv/bias", shape: [4] };
const conv = (config: Record<string, unknown> = {}) =>
  sequential([kerasLayer("Conv2D", "conv", { filters: 4, kernel_size: [3, 3], ...config })]);

/** The files of a model with one of them changed. */
async function changed(change: (files: Record<string, ArrayBuffer>) => void, weights = [CONV, BIAS]) {
  const files = modelOf(conv(), weights, { cuts: [100] });
  const contents: Record<string, ArrayBuffer> = {};
  for (const path of ["model.json", "shard1.bin", "shard2.bin"]) contents[path] = await files.read(path);
  change(contents);
  return memoryFiles(contents);
}

test.each<[what: string, change: (files: Record<string, ArrayBuffer>) => void, message: RegExp]>([
  ["a missing shard", (files) => delete files["shard2.bin"], /expected the file "shard2.bin"/],
  [
    "a truncated shard",
    (files) => {
      files["shard2.bin"] = (files["shard2.bin"] ?? new ArrayBuffer()).slice(5);
    },
    /expected 304 bytes of weights in shard1.bin, shard2.bin, got 299; a file is truncated/,
  ],
  [
    "a shard that is too long",
    (files) => {
      files["shard1.bin"] = new ArrayBuffer(104);
    },
    /expected 304 bytes .*got 308; the files and the manifest are not of one model/,
  ],
  [
    "an empty shard",
    (files) => {
      files["shard1.bin"] = new ArrayBuffer(0);
    },
    /got 204; a file is truncated/,
  ],
])("%s is refused", async (_, change, message) => {
  const loading = loadLayersModel(await changed(change));
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(message);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "%d among the weights is refused",
  async (value) => {
    const loading = loadLayersModel(modelOf(conv(), [CONV, { ...BIAS, values: [1, 2, value, 4] }]));
    await expect(loading).rejects.toThrow(ModelError);
    await expect(loading).rejects.toThrow(`weight "conv/bias" to be finite, but value 2 of 4 is ${value}`);
  },
);

test.each<[what: string, weights: Weight[], message: RegExp]>([
  [
    "a weight of the wrong shape",
    [{ ...CONV, shape: [3, 3, 4, 2] }, BIAS],
    /layer "conv" \(Conv2D\): expected weight "conv\/kernel" of shape 3×3×2×4, got 3×3×4×2/,
  ],
  [
    "a bias of the wrong length",
    [CONV, { ...BIAS, shape: [5] }],
    /expected weight "conv\/bias" of shape 4, got 5/,
  ],
  [
    "a layer without its kernel",
    [BIAS],
    /layer "conv" \(Conv2D\): expected a weight "conv\/kernel" of shape 3×3×2×4, got none \(the file has conv\/bias\)/,
  ],
  ["a layer without its bias", [CONV], /expected a weight "conv\/bias"/],
  ["no weights at all", [], /got none \(the file has no weights\)/],
  [
    "a weight of no layer",
    [CONV, BIAS, { name: "other/kernel", shape: [1] }],
    /got 1 that do not: other\/kernel/,
  ],
  ["a weight twice", [CONV, BIAS, BIAS], /"conv\/bias" twice/],
  ["a negative axis", [CONV, { ...BIAS, shape: [-4] }], /expected a shape of whole numbers/],
  [
    "quantisation without a scale",
    [CONV, { ...BIAS, quantization: { dtype: "uint8" } }],
    /expected quantization with a scale and a min/,
  ],
])("%s is refused", async (_, weights, message) => {
  const loading = loadLayersModel(modelOf(conv(), weights));
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(message);
});

test.each<[what: string, weight: Weight]>([
  ["strings", { ...BIAS, dtype: "string" }],
  ["complex numbers", { ...BIAS, dtype: "complex64" }],
  ["quantisation to four bits", { ...BIAS, quantization: { dtype: "uint4", scale: 1, min: 0 } }],
])("weights stored as %s are not supported", async (_, weight) => {
  await expect(loadLayersModel(modelOf(conv(), [CONV, weight]))).rejects.toThrow(UnsupportedError);
});

test("a bias that the layer does not use is surplus", async () => {
  await expect(loadLayersModel(modelOf(conv({ use_bias: false }), [CONV, BIAS]))).rejects.toThrow(
    /conv\/bias/,
  );
});

test("an optimiser's weights are passed over", async () => {
  const files = modelOf(conv(), [CONV, BIAS]);
  const manifest = JSON.parse(new TextDecoder().decode(await files.read("model.json")));
  manifest.weightsManifest.push({
    paths: ["adam.bin"],
    weights: [{ name: "Adam/step", shape: [], dtype: "float32", group: "optimizer" }],
  });
  const shard = await files.read("shard1.bin");
  const graph = await loadLayersModel(
    memoryFiles({
      "model.json": JSON.stringify(manifest),
      "shard1.bin": shard,
      "adam.bin": new ArrayBuffer(4),
    }),
  );
  expect(graph.layers.map((layer) => layer.name)).toEqual(["input", "conv"]);
});

test("reading stops at the caller's signal", async () => {
  const stop = new AbortController();
  stop.abort();
  await expect(loadLayersModel(modelOf(conv(), [CONV, BIAS]), { signal: stop.signal })).rejects.toThrow(
    /abort/i,
  );
});

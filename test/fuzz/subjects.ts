import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { zipSync } from "fflate";
import sharp from "sharp";
import type { ModelFiles } from "../../src/models/files.ts";
import { labelsIn } from "../../src/models/labels.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { loadOnnxModel } from "../../src/models/load-onnx-model.ts";
import { readOnnx } from "../../src/models/onnx/read-model.ts";
import { decodeImage } from "../../src/node/image.ts";
import { decodeNpy, encodeNpy } from "../../src/node/npy.ts";
import { arraysOf as arraysInArchive } from "../../src/node/npz.ts";
import { functional, kerasLayer, memoryFiles, modelOf, sequential } from "../models/fixtures.ts";
import { onnxFiles } from "../models/onnx/written.ts";
import { GraphWriter } from "../models/tfjs-graph/written.ts";
import {
  type BytesEdit,
  bytesEdit,
  editBytes,
  editJson,
  type JsonEdit,
  jsonEdit,
  withChecksums,
} from "./edits.ts";
import { ONNX_FILES } from "./onnx-files.ts";

interface ModelMutant {
  readonly kind: "model";
  readonly of: string;
  /** Edits to the manifest's value, then to its text, and to the file of weights. */
  readonly edits: readonly JsonEdit[];
  readonly text: readonly BytesEdit[];
  readonly weights: readonly BytesEdit[];
}

interface BytesMutant {
  readonly kind: "image" | "array" | "archive" | "labels" | "onnx" | "keras";
  readonly of: string;
  readonly edits: readonly BytesEdit[];
}

/** A file with edits, as plain data. */
export type Mutant = ModelMutant | BytesMutant;

/** A file that is right, in memory. */
interface Original {
  readonly manifest: string;
  readonly weights: Uint8Array;
  /** Where the weights lie. */
  readonly path: string;
}

/** Everything that mutants are made from. */
export interface Subjects {
  /** The files as they are right, without an edit. */
  readonly originals: readonly Mutant[];
  readonly mutants: fc.Arbitrary<Mutant>;
  /** Reads a mutant as its kind is read. @throws what the reader throws. */
  read(mutant: Mutant): Promise<void>;
}

const BN = ["gamma", "beta", "moving_mean", "moving_variance"].map((name) => ({
  name: `norm/${name}`,
  shape: [4],
  values: [1, 2, 3, 4],
}));

/** Small models that together have what files have: every way of writing a topology, quantised and plain weights. */
const MODELS = {
  sequential: modelOf(
    sequential([
      kerasLayer("Rescaling", "scale", { scale: 1 / 255, offset: [0, -1] }),
      kerasLayer("Conv2D", "conv", {
        filters: 4,
        kernel_size: [3, 3],
        strides: [2, 2],
        padding: "same",
        activation: "relu",
      }),
      kerasLayer("BatchNormalization", "norm", { axis: [3], epsilon: 0.001 }),
      kerasLayer("ZeroPadding2D", "pad", {
        padding: [
          [0, 1],
          [1, 0],
        ],
      }),
      kerasLayer("MaxPooling2D", "pool", { pool_size: [2, 2], strides: [1, 1], padding: "valid" }),
      kerasLayer("UpSampling2D", "up", { size: [2, 2], interpolation: "bilinear" }),
      kerasLayer("LRN", "lrn", { depth_radius: 2, alpha: 0.1 }),
      kerasLayer("Flatten", "flat"),
      kerasLayer("Reshape", "shape", { target_shape: [-1] }),
      kerasLayer("Dropout", "drop", { rate: 0.5 }),
      kerasLayer("Dense", "out", {
        units: 3,
        activation: { class_name: "LeakyReLU", config: { alpha: 0.1 } },
      }),
      kerasLayer("Softmax", "classes", { axis: -1 }),
    ]),
    [
      { name: "conv/kernel", shape: [3, 3, 2, 4] },
      {
        name: "conv/bias",
        shape: [4],
        quantization: { dtype: "float16" },
        bytes: Uint16Array.of(1, 2, 3, 4).buffer,
      },
      ...BN,
      {
        name: "out/kernel",
        shape: [144, 3],
        quantization: { dtype: "uint8", scale: 0.1, min: -3 },
        bytes: new ArrayBuffer(432),
      },
      { name: "out/bias", shape: [3] },
    ],
    {
      extra: {
        format: "layers-model",
        generatedBy: "keras v2.4.0",
        userDefinedMetadata: { labels: ["a", "b", "c"], preprocessing: { mean: 0, std: [1, 2], range: 1 } },
      },
    },
  ),
  functional: modelOf(
    functional(
      [
        ["InputLayer", "image", { batch_input_shape: [null, 6, 6, 2] }, []],
        [
          "SeparableConv2D",
          "sep",
          { filters: 2, kernel_size: 3, padding: "same", activation: "swish", use_bias: false },
          [[["image", 0, 0, {}]]],
        ],
        ["Dense", "shared", { units: 2, use_bias: false }, [[["sep", 0, 0, {}]], [["image", 0, 0, {}]]]],
        [
          "Add",
          "add",
          {},
          [
            [
              ["shared", 0, 0, {}],
              ["shared", 1, 0, {}],
            ],
          ],
        ],
        [
          "Concatenate",
          "join",
          { axis: -1 },
          [
            [
              ["add", 0, 0, {}],
              ["image", 0, 0, {}],
            ],
          ],
        ],
        ["GlobalAveragePooling2D", "mean", {}, [[["join", 0, 0, {}]]]],
        ["Activation", "out", { activation: "sigmoid" }, [[["mean", 0, 0, {}]]]],
      ],
      [
        ["out", 0, 0],
        ["mean", 0, 0],
      ],
    ),
    [
      { name: "sep/depthwise_kernel", shape: [3, 3, 2, 1] },
      { name: "sep/pointwise_kernel", shape: [1, 1, 2, 2] },
      { name: "shared/kernel", shape: [2, 2] },
    ],
  ),
  nested: modelOf(
    functional(
      [
        ["InputLayer", "image", { batch_shape: [null, 4, 4, 1] }, []],
        [
          "Sequential",
          "inner",
          {
            layers: [
              kerasLayer("Conv2D", "conv", {
                filters: 1,
                kernel_size: 1,
                batch_input_shape: [null, 4, 4, 1],
              }),
            ],
          },
          [
            {
              args: [
                {
                  class_name: "__keras_tensor__",
                  config: { shape: [null, 4, 4, 1], keras_history: ["image", 0, 0] },
                },
              ],
              kwargs: {},
            },
            {
              args: [{ class_name: "__keras_tensor__", config: { keras_history: ["inner", 0, 0] } }],
              kwargs: {},
            },
          ],
        ],
      ],
      ["inner", 1, 0],
      ["image", 0, 0],
    ),
    [
      { name: "inner/conv/kernel", shape: [1, 1, 1, 1] },
      { name: "inner/conv/bias", shape: [1] },
    ],
  ),
};

/** A GraphModel with shapes that are computed, fused operators, parts and several outputs. */
function graphModel(): ModelFiles {
  const g = new GraphWriter();
  const window = { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1], padding: "SAME" };
  const x = g.input([-1, 6, 6, 2]);
  const padded = g.node("Pad", [x, g.integers("paddings", [0, 0, 1, 1, 0, 1, 0, 0], [4, 2])]);
  const given = [padded, g.weights("w", [3, 3, 2, 4]), g.weights("b", [4])];
  const conv = g.node("_FusedConv2D", given, {
    ...window,
    fused_ops: ["BiasAdd", "Relu"],
    num_args: { int: 1 },
  });
  const norms = ["gamma", "beta", "mean", "variance"].map((name) => g.weights(name, [4], [1, 2, 3, 4]));
  const normal = g.node("FusedBatchNormV3", [conv, ...norms], { epsilon: { float: 0.1 } });
  const pooled = g.node("MaxPool", [normal], { ...window, ksize: [1, 2, 2, 1] });
  const parts = g.node("Split", [g.integers("axis", [3], []), pooled], { num_split: { int: 2 } });
  const joined = g.node("ConcatV2", [parts, `${parts}:1`, g.integers("last", [-1], [])], { N: { int: 2 } });
  const ends = [g.integers("zero", [0]), g.integers("one", [1]), g.integers("step", [1])];
  const batch = g.node("StridedSlice", [g.node("Shape", [x]), ...ends], { shrink_axis_mask: { int: 1 } });
  const flat = g.node("Reshape", [joined, g.node("Pack", [batch, g.integers("rest", [-1], [])])]);
  const classes = g.node("Softmax", [g.node("MatMul", [flat, g.weights("v", [16, 3])])]);
  const square = g.node("Mul", [
    normal,
    g.node("Mean", [normal, g.integers("places", [1, 2])], { keep_dims: true }),
  ]);
  const filled = g.node("Fill", [g.integers("dims", [4]), g.weights("value", [], [0.5])]);
  return g.files({
    classes,
    map: g.node("AddV2", [g.node("Transpose", [square, g.integers("order", [0, 2, 1, 3])]), filled]),
  });
}

/** A PNG's pixels in stripes, so that every encoder has something to do. */
const raw = { width: 24, height: 17, channels: 3 } as const;
const stripes = Uint8Array.from({ length: 24 * 17 * 3 }, (_, i) => (i * 37) % 256);

async function imagesOf(): Promise<Map<string, Uint8Array>> {
  const picture = () => sharp(stripes, { raw });
  const files = {
    png: picture().png(),
    palette: picture().png({ palette: true }),
    jpeg: picture().jpeg({ progressive: true }),
    webp: picture().webp({ quality: 60 }),
    tiff: picture().tiff({ compression: "lzw" }),
    deep: picture().toColourspace("rgb16").png(),
    gif: picture().gif(),
    avif: picture().avif({ quality: 30, effort: 0 }),
  };
  const encoded = Object.entries(files).map(async ([name, file]) => [name, await file.toBuffer()] as const);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="16000" height="16000"><rect width="9" height="9"/></svg>';
  return new Map<string, Uint8Array>([
    ...(await Promise.all(encoded)),
    ["svg", new TextEncoder().encode(svg)],
  ]);
}

function arraysOf(): Map<string, Uint8Array> {
  const plain = (shape: readonly number[]) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
    return new Uint8Array(encodeNpy({ shape, data }));
  };
  const text = new TextDecoder("latin1");
  // The same length of header, so that it stays right.
  const as = (bytes: Uint8Array, from: string, to: string) =>
    Uint8Array.from(text.decode(bytes).replace(from, to), (character) => character.charCodeAt(0));
  return new Map([
    ["matrix", plain([5, 7])],
    ["scalar", plain([])],
    ["image", plain([4, 4, 3])],
    ["fortran", as(plain([5, 7]), "False, ", "True,  ")],
    ["big-endian", as(plain([3, 3]), "<f4", ">f4")],
    [
      "doubles",
      as(
        plain([2, 4]),
        "<f4', 'fortran_order': False, 'shape': (2, 4)",
        "<f8', 'fortran_order': False, 'shape': (2, 2)",
      ),
    ],
  ]);
}

function archivesOf(): Map<string, Uint8Array> {
  const [matrix, image] = [arraysOf().get("matrix"), arraysOf().get("image")];
  if (!matrix || !image) throw new Error("expected arrays to pack");
  return new Map([
    ["stored", zipSync({ "a.npy": matrix, "b.npy": image }, { level: 0 })],
    ["deflated", zipSync({ "a.npy": matrix, "b.npy": image, "c.txt": new Uint8Array(9) }, { level: 6 })],
  ]);
}

/** Keras models in HDF5 and in archives, deflated and stored, and one packed as a folder. */
async function kerasFiles(): Promise<Map<string, Uint8Array>> {
  const folder = "test/golden/keras-files";
  const names = ["keras2.h5", "keras3.h5", "half.h5", "keras3.keras", "keras2.keras"];
  const files = new Map<string, Uint8Array>();
  for (const name of names) files.set(name, new Uint8Array(await readFile(`${folder}/${name}`)));
  const parts = ["model.json", "weights.bin"].map(
    async (name) => [`net/${name}`, new Uint8Array(await readFile(`${folder}/${name}`))] as const,
  );
  files.set("folder.zip", zipSync(Object.fromEntries(await Promise.all(parts)), { level: 0 }));
  return files;
}

function labelsOf(): Map<string, Uint8Array> {
  const texts = {
    lines: "cat\ndog\n",
    list: '["cat", "dog"]',
    index: '{"0": ["n1", "cat"], "1": ["n2", "dog"]}',
    metadata: '{"labels": ["cat"]}',
    config: '{"id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0}}',
  };
  return new Map(Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]));
}

/** Reads an ONNX file with all of its tensors, of which some have their elements in a file beside it, and its network. */
async function readOnnxFile(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const files = onnxFiles(bytes, { "w.bin": new ArrayBuffer(64) });
  const { initializers, nodes } = await readOnnx(files);
  const settings = nodes.flatMap(({ attributes }) => [...attributes.values()]);
  const within = settings.flatMap((setting) => (setting.type === "tensor" ? [setting.value] : []));
  for (const tensor of [...initializers.values(), ...within]) tensor.read();
  await loadOnnxModel(files);
}

const some = <T>(edit: fc.Arbitrary<T>, least: number, most: number) =>
  fc.array(edit, { minLength: least, maxLength: most });

/** Makes the originals; the pictures are encoded here. */
export async function createSubjects(): Promise<Subjects> {
  const models = new Map<string, Original>();
  for (const [name, files] of Object.entries({ ...MODELS, graph: graphModel() })) {
    const manifest = new TextDecoder().decode(await files.read("model.json"));
    const [{ paths }] = JSON.parse(manifest).weightsManifest;
    models.set(name, { manifest, weights: new Uint8Array(await files.read(paths[0])), path: paths[0] });
  }
  const images = await imagesOf();
  const files = {
    image: images,
    array: arraysOf(),
    archive: archivesOf(),
    labels: labelsOf(),
    onnx: ONNX_FILES,
    keras: await kerasFiles(),
  };
  const bytesOf = ({ kind, of }: BytesMutant) => files[kind].get(of) ?? new Uint8Array();

  const model = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ edits: some(jsonEdit, 1, 4), text: fc.constant([]), weights: fc.constant([]) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ edits: fc.constant([]), text: some(bytesEdit, 1, 3), weights: fc.constant([]) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        edits: some(jsonEdit, 0, 1),
        text: fc.constant([]),
        weights: some(bytesEdit, 1, 3),
      }),
    },
  );
  const named = (names: Iterable<string>) => fc.constantFrom(...names);
  const damaged = (kind: BytesMutant["kind"]): fc.Arbitrary<Mutant> =>
    fc.record({ kind: fc.constant(kind), of: named(files[kind].keys()), edits: some(bytesEdit, 1, 4) });
  const mutants: fc.Arbitrary<Mutant> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(named(models.keys()), model)
        .map(([of, edits]): Mutant => ({ kind: "model", of, ...edits })),
    },
    { weight: 2, arbitrary: damaged("image") },
    { weight: 2, arbitrary: damaged("array") },
    damaged("archive"),
    damaged("labels"),
    { weight: 2, arbitrary: damaged("onnx") },
    { weight: 2, arbitrary: damaged("keras") },
  );

  const bare = Object.entries(files).flatMap(([kind, known]) =>
    Array.from(known.keys(), (of): Mutant => ({ kind: kind as BytesMutant["kind"], of, edits: [] })),
  );
  return {
    originals: [
      ...Array.from(models.keys(), (of): Mutant => ({ kind: "model", of, edits: [], text: [], weights: [] })),
      // SVG is refused as it is.
      ...bare.filter(({ of }) => of !== "svg"),
    ],
    mutants,
    async read(mutant) {
      const { kind, of } = mutant;
      if (kind === "model") {
        const { manifest, weights, path } = models.get(of) ?? {
          manifest: "",
          weights: new Uint8Array(),
          path: "",
        };
        const text = new TextEncoder().encode(editJson(manifest, mutant.edits));
        const files = memoryFiles({
          "model.json": editBytes(text, mutant.text).buffer,
          [path]: editBytes(weights, mutant.weights).buffer,
        });
        await loadModel(files);
        return;
      }
      const bytes = editBytes(bytesOf(mutant), mutant.edits);
      if (kind === "array") decodeNpy(bytes, of);
      else if (kind === "archive") arraysInArchive(bytes, of);
      else if (kind === "onnx") await readOnnxFile(bytes);
      else if (kind === "keras")
        await loadModel({ ...memoryFiles({ "model.json": bytes.buffer }), name: of });
      else if (kind === "labels") labelsIn(new TextDecoder().decode(bytes), of);
      else await decodeImage(/png|palette|deep/.test(of) ? withChecksums(bytes) : bytes, of);
    },
  };
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromFiles } from "../../src/models/picked-files.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { memoryFiles } from "./fixtures.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer;
const zip = (entry: string) => `PK\x03\x04${"\0".repeat(26)}${entry}`;

// Each begins as its format's own description has it.
const FORMATS: [name: string, begins: string, what: RegExp, remedy: RegExp][] = [
  ["m.h5", "\x89HDF\r\n\x1a\n\0\0", /a Keras model in HDF5/, /tensorflowjs_converter --input_format=keras/],
  ["m.keras", zip("metadata.json{}"), /a Keras 3 model/, /save_keras_model/],
  ["m.pt", zip("m/data.pkl\x80\x02"), /a PyTorch model/, /torch\.onnx\.export/],
  ["m.pth", "\x80\x02\x8a\x0al", /a PyTorch model/, /torch\.onnx\.export/],
  ["m.safetensors", '\x40\0\0\0\0\0\0\0{"w":{}}', /weights in safetensors/, /Python/],
  ["m.tflite", "\x1c\0\0\0TFL3\x14\0", /a TensorFlow Lite model/, /save_keras_model/],
  ["m.onnx", "\x08\x08\x12\x07pytorch", /an ONNX model/, /onnx2tf/],
  ["model.json.gz", "\x1f\x8b\x08\0", /a file compressed by gzip/, /unpack it/],
  ["m.zip", zip("readme.txt"), /a zip archive/, /unpack it/],
];

describe.each(FORMATS)("%s", (name, begins, what, remedy) => {
  const refusal = async (loading: Promise<unknown>) => {
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(what);
    await expect(loading).rejects.toThrow(remedy);
  };

  test("is told by its name, on disk, in a folder and dropped", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vitrine-formats-"));
    await writeFile(join(folder, name), "anything");
    await refusal(modelFromDisk(join(folder, name)).then((files) => loadLayersModel(files)));
    await refusal(modelFromDisk(folder));
    await rm(folder, { recursive: true });
    expect(() => modelFromFiles([new File(["anything"], name)])).toThrow(what);
  });

  test("is told by how it begins, whatever its name", () =>
    refusal(loadLayersModel(memoryFiles({ "model.json": bytes(begins) }))));
});

test("a SavedModel is told by its name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-formats-"));
  await writeFile(join(folder, "saved_model.pb"), "\x08\x01\x12");
  await expect(modelFromDisk(folder)).rejects.toThrow(/got a TensorFlow SavedModel .*; take the Keras model/);
  await rm(folder, { recursive: true });
});

test.each([
  [
    "a GraphModel",
    { format: "graph-model" },
    UnsupportedError,
    /a GraphModel.*--output_format=tfjs_layers_model/,
  ],
  [
    "a GraphModel that does not say so",
    { modelTopology: { node: [] }, weightsManifest: [] },
    UnsupportedError,
    /a GraphModel/,
  ],
  ["layers without weights", { class_name: "Sequential", config: {} }, Error, /without its weights/],
  [
    "another file",
    { version: 1 },
    Error,
    /expected modelTopology and weightsManifest, got version; is this a tfjs/,
  ],
])("%s is told by its JSON", async (_, manifest, kind, message) => {
  const loading = loadLayersModel(memoryFiles({ "model.json": JSON.stringify(manifest) }));
  await expect(loading).rejects.toThrow(kind);
  await expect(loading).rejects.toThrow(message);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { ModelError, UnsupportedError } from "../../src/gpu/errors.ts";
import { formatOf } from "../../src/models/formats.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { labelsInMetadata } from "../../src/models/labels.ts";
import { loadModel } from "../../src/models/load-model.ts";
import { modelFromFiles } from "../../src/models/picked-files.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { kerasLayer, memoryFiles, modelOf, sequential } from "./fixtures.ts";
import { onnxBytes, valueInfo } from "./onnx/written.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer;
const zip = (entry: string) => `PK\x03\x04${"\0".repeat(26)}${entry}`;

// Each begins as its format's own description has it.
const REFUSED: [name: string, begins: string, what: RegExp, remedy: RegExp][] = [
  ["m.pt", zip("m/data.pkl\x80\x02"), /a PyTorch model/, /torch\.onnx\.export/],
  ["m.pth", "\x80\x02\x8a\x0al", /a PyTorch model/, /torch\.onnx\.export/],
  ["m.safetensors", '\x40\0\0\0\0\0\0\0{"w":{}}', /weights in safetensors/, /Python/],
  ["m.tflite", "\x1c\0\0\0TFL3\x14\0", /a TensorFlow Lite model/, /model\.save/],
  ["model.json.gz", "\x1f\x8b\x08\0", /a file compressed by gzip/, /unpack it/],
];

describe.each(REFUSED)("%s", (name, begins, what, remedy) => {
  const refusal = async (loading: Promise<unknown>) => {
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(what);
    await expect(loading).rejects.toThrow(remedy);
  };

  test("is told by its name, on disk, in a folder and dropped", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vitrine-formats-"));
    await writeFile(join(folder, name), "anything");
    for (const load of [loadLayersModel, loadModel]) {
      await refusal(modelFromDisk(join(folder, name)).then((files) => load(files)));
    }
    await refusal(modelFromDisk(folder));
    await rm(folder, { recursive: true });
    expect(() => modelFromFiles([new File(["anything"], name)])).toThrow(what);
  });

  test("is told by how it begins, whatever its name", async () => {
    for (const load of [loadLayersModel, loadModel]) {
      await refusal(load(memoryFiles({ "model.json": bytes(begins) })));
    }
  });
});

const READ: [name: string, begins: string, format: string][] = [
  ["m.h5", "\x89HDF\r\n\x1a\n\0\0", "hdf5"],
  ["m.keras", zip("metadata.json{}"), "zip"],
  ["m.zip", zip("readme.txt"), "zip"],
  ["m.onnx", "\x08\x08\x12\x07pytorch", "onnx"],
  ["m.onnx", "\x08\x0a:\x10net", "onnx"],
  ["m.json", '{"format": "graph-model"}', "graph-model"],
  ["m.json", '{"modelTopology": {"node": []}, "weightsManifest": []}', "graph-model"],
  ["m.json", '\n {"modelTopology": {"class_name": "Sequential"}, "weightsManifest": []}', "layers-model"],
  ["m.json", '\xef\xbb\xbf{"class_name": "Functional", "config": {}}', "keras"],
];

test.each(READ)("%s that begins %j is read as %s, whatever its name", async (name, begins, format) => {
  for (const called of [name, "model", "net.bin"]) {
    expect(formatOf(bytes(begins), called, "model")).toBe(format);
  }
});

test.each(READ.filter(([, , format]) => !["layers-model", "keras"].includes(format)))(
  "%s is no LayersModel, and who reads it is said",
  async (_, begins) => {
    const loading = loadLayersModel(memoryFiles({ "model.json": bytes(begins) }));
    await expect(loading).rejects.toThrow(UnsupportedError);
    await expect(loading).rejects.toThrow(/expected a tfjs LayersModel.*loadModel reads it/);
  },
);

test.each<[what: string, text: string, got: RegExp]>([
  ["nothing", "", /got an empty file$/],
  ["a page of HTML", " <!doctype html>", /got a page of HTML; is its address right\?$/],
  [
    "a pointer of Git LFS",
    "version https://git-lfs.github.com/spec/v1\noid",
    /got a pointer of Git LFS; fetch/,
  ],
  ["a picture", "\x89PNG\r\n\x1a\n\0", /got a picture$/],
  ["an array", "\x93NUMPY\x01\0", /got a NumPy array$/],
  ["an archive", `net/${"\0".repeat(253)}ustar`, /got a tar archive; unpack it first$/],
  ["a text", "hello, this is one\n", /got "hello, this is o"$/],
])("%s is named, whatever it is called", (_, text, got) => {
  for (const name of ["m.onnx", "m.keras", "m.h5", "m.zip", "m"]) {
    expect(() => formatOf(bytes(text), name, "model")).toThrow(got);
    expect(() => formatOf(bytes(text), name, "model")).toThrow(ModelError);
  }
});

test("a model of Hugging Face's is refused by its configuration, or by its weights beside that", () => {
  const config = '{"model_type": "vit", "id2label": {"0": "cat"}}';
  expect(() => formatOf(bytes(config), "config.json", "model")).toThrow(/configuration of one.*optimum-cli/);
  const files = ["config.json", "model.safetensors"].map((name) => new File([], name));
  expect(() => modelFromFiles(files)).toThrow(/weights in safetensors/);
});

test("an only file whose name says nothing is the model", () => {
  for (const name of ["net.bin", "net"]) {
    expect(modelFromFiles([new File([], name), new File([], "labels.txt")]).manifest).toBe(name);
  }
  expect(() => modelFromFiles([new File([], "net.bin"), new File([], "net2.bin")])).toThrow(
    /expected one model/,
  );
});

test("a SavedModel is told by its name, and is no ONNX model", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-formats-"));
  await writeFile(join(folder, "saved_model.pb"), "\x08\x01\x12");
  await expect(modelFromDisk(folder)).rejects.toThrow(/got a TensorFlow SavedModel .*; take the Keras model/);
  await expect(
    modelFromDisk(join(folder, "saved_model.pb")).then((files) => loadModel(files)),
  ).rejects.toThrow(/a TensorFlow SavedModel/);
  await rm(folder, { recursive: true });
});

test.each([
  ["text", "hello, world", /got "hello, world"/],
  ["a list", "[1, 2]", /got "\[1, 2\]"/],
])("%s is no model", async (_, text, message) => {
  const loading = loadModel(memoryFiles({ "model.json": text }));
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(message);
});

test.each([
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

const DENSE = modelOf(sequential([kerasLayer("Dense", "dense", { units: 3 })]), [
  { name: "dense/kernel", shape: [2, 3] },
  { name: "dense/bias", shape: [3] },
]);
const entryOf = async (path: string) => new Uint8Array(await DENSE.read(path));
const PACKED = {
  "net/model.json": await entryOf("model.json"),
  "net/shard1.bin": await entryOf("shard1.bin"),
};
const dropped = (archive: Uint8Array, name = "net.zip") =>
  loadModel(modelFromFiles([new File([archive.slice()], name)]));

describe("a zip archive", () => {
  test("is read as the folder in it, packed or not, with what systems add to it", async () => {
    const expected = await loadLayersModel(DENSE);
    for (const level of [0, 9] as const) {
      const archive = zipSync({ "__MACOSX/net/._model.json": new Uint8Array(9), ...PACKED }, { level });
      expect(await dropped(archive)).toEqual(expected);
      expect(
        await dropped(
          zipSync({ "__MACOSX/in/._inner.zip": new Uint8Array(9), "in/inner.zip": archive }, { level }),
        ),
      ).toEqual(expected);
    }
  });

  test("names classes that lie in it", async () => {
    const labels = new TextEncoder().encode("0 cat\n1 dog\n2 two words\n");
    const graph = await dropped(zipSync({ ...PACKED, "net/labels.txt": labels }));
    expect(graph.labels).toEqual(["cat", "dog", "two words"]);
    expect(graph.labelsFrom).toBe("labels.txt");
  });

  const archive = zipSync(PACKED);
  test.each<[string, Uint8Array, RegExp]>([
    ["truncated", archive.slice(0, -40), /expected a zip archive that is whole, got/],
    ["without a model", zipSync({ "a.txt": new Uint8Array(3) }), /expected one model .*got a\.txt/],
    [
      "with two models",
      zipSync({ "a.onnx": new Uint8Array(3), "b.onnx": new Uint8Array(3) }),
      /expected one model .*got a\.onnx, b\.onnx/,
    ],
    ["with a model's manifest alone", zipSync({ "model.json": PACKED["net/model.json"] }), /shard1\.bin/],
    [
      "of a PyTorch model",
      zipSync({ "m/data.pkl": new Uint8Array(3), "m/version": new Uint8Array(1) }),
      /PyTorch/,
    ],
    [
      "within archives without end",
      [1, 2, 3, 4].reduce((inner) => zipSync({ "a.zip": inner }), archive),
      /at most 3 archives within one another/,
    ],
    [
      "that is a bomb",
      zipSync({ "net.onnx": new Uint8Array(2 ** 27) }, { level: 1 }),
      /expected an archive that unpacks to at most/,
    ],
    ["that claims 2 GB", claiming(archive, 2 ** 31 - 1), /expected an archive that unpacks to at most/],
  ])("%s is refused", async (_, damaged, message) => {
    const loading = dropped(damaged);
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(/^model/);
  });
});

/** The archive with another length in its directory's first entry. */
function claiming(archive: Uint8Array, size: number): Uint8Array {
  const claimed = archive.slice();
  const view = new DataView(claimed.buffer);
  const at = claimed.findIndex((_, i) => i + 4 < claimed.length && view.getUint32(i, true) === 0x02014b50);
  view.setUint32(at + 24, size, true);
  return claimed;
}

test.each<[key: string, text: string, names: readonly string[] | undefined]>([
  ["names", "{0: 'person', 1: \"dog's\", 2: 'a\\'b'}", ["person", "dog's", "a'b"]],
  ["names", "['a', 'b']", ["a", "b"]],
  ["labels", '["a", "b"]', ["a", "b"]],
  ["id2label", '{"0": "a", "1": "b"}', ["a", "b"]],
  ["classes", "a, b,c d", ["a", "b", "c d"]],
  ["classes", "a\nb\n", ["a", "b"]],
  ["names", "{1: 'a', 0: 'b'}", undefined],
  ["names", "", undefined],
  ["author", "a, b", undefined],
])("names of classes in metadata, %s: %s", (key, text, names) => {
  const found = labelsInMetadata(new Map([[key, text]]));
  expect(found?.names).toEqual(names);
  if (names) expect(found?.from).toBe(`its metadata (${key})`);
});

describe("names of classes", () => {
  const beside = async (files: Readonly<Record<string, string>>) => {
    const picked = Object.entries(files).map(([path, text]) => new File([text], path));
    for (const path of ["model.json", "shard1.bin"]) picked.push(new File([await entryOf(path)], path));
    const { labels, labelsFrom } = await loadModel(modelFromFiles(picked));
    return labels && [labelsFrom, ...labels];
  };

  test.each<[name: string, text: string]>([
    ["labels.json", '["a", "b", "c"]'],
    ["labels.txt", "a\r\nb\nc\n"],
    ["imagenet_class_index.json", '{"0": ["n0", "a"], "1": ["n1", "b"], "2": ["n2", "c"]}'],
    ["metadata.json", '{"tfjsVersion": "1.3.1", "labels": ["a", "b", "c"], "imageSize": 224}'],
    [
      "config.json",
      '{"model_type": "resnet", "id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0}}',
    ],
  ])("are found in %s", async (name, text) => {
    expect(await beside({ [name]: text })).toEqual([name, "a", "b", "c"]);
  });

  test.each<[why: string, files: Readonly<Record<string, string>>]>([
    ["as many as the network has classes", { "labels.txt": "a\nb\n" }],
    ["in files that name classes", { "readme.txt": "a\nb\nc\n", "pipeline.json": '["a", "b", "c"]' }],
    ["texts", { "labels.json": "[1, 2, 3]", "metadata.json": '{"labels": [1, 2, 3]}' }],
    [
      "JSON where they say so",
      { "labels.json": "{ no", "config.json": '{"id2label": {"0": "a", "2": "b"}}' },
    ],
  ])("are %s", async (_, files) => {
    expect(await beside(files)).toBeUndefined();
  });

  test("come from the file that is called after them first, and from the caller before all", async () => {
    const both = { "config.json": '{"id2label": {"0": "x", "1": "y", "2": "z"}}', "labels.txt": "a\nb\nc" };
    expect(await beside(both)).toEqual(["labels.txt", "a", "b", "c"]);
    const graph = await loadModel(DENSE, { labels: ["p", "q", "r"] });
    expect([graph.labels, graph.labelsFrom]).toEqual([["p", "q", "r"], undefined]);
  });
});

test("an ONNX file is read whatever its name, alone and in an archive, with the names in its metadata", async () => {
  const graph = {
    name: "g",
    input: [valueInfo("x", ["N", 3, 4, 4])],
    node: [
      { opType: "GlobalAveragePool", input: ["x"], output: ["p"] },
      { opType: "Flatten", input: ["p"], output: ["y"] },
    ],
    output: [valueInfo("y", ["N", 3])],
  };
  const bytes = onnxBytes(graph, { metadataProps: [{ key: "names", value: "{0: 'a', 1: 'b', 2: 'c'}" }] });
  const archive = zipSync({ "net/model.onnx": bytes, "net/readme.txt": new Uint8Array(3) });
  for (const [file, name] of [
    [bytes, "net.onnx"],
    [bytes, "net.h5"],
    [archive, "net.zip"],
  ] as const) {
    const { labels, labelsFrom, layers } = await dropped(file, name);
    expect(layers.map(({ op }) => op)).toContain("globalPool");
    expect([labels, labelsFrom]).toEqual([["a", "b", "c"], "its metadata (names)"]);
  }
});

test.each([
  ["my net", "torch_jit", "my net.onnx", "my net"],
  ["the folder's, of a file that is called like all others", "main_graph", "cats/model.onnx", "cats"],
  ["the graph's own, where it has one", "resnet50", "cats/model.onnx", "resnet50"],
])("the name of an ONNX network is %s", async (_, name, path, expected) => {
  const graph = {
    name,
    input: [valueInfo("x", [1, 3])],
    node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
    output: [valueInfo("y", [1, 3])],
  };
  const file = new File([onnxBytes(graph)], "net");
  expect((await loadModel(modelFromFiles([{ path, file }]))).name).toBe(expected);
});

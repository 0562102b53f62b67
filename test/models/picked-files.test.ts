import { expect, test } from "vitest";
import { InputError, ModelError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { modelFromFiles, type PickedFile } from "../../src/models/picked-files.ts";
import { bytesOf, kerasLayer, sequential } from "./fixtures.ts";

const A = { name: "a/kernel", shape: [2, 3], values: [1, 2, 3, 4, 5, 6] };
const B = { name: "b/kernel", shape: [3, 2], values: [-1, -2, -3, -4, -5, -6] };

/** Two dense layers, each with its weights in a file of its own. */
const manifestOf = (a: string, b: string) =>
  JSON.stringify({
    modelTopology: sequential([
      kerasLayer("Dense", "a", { units: 3, use_bias: false }),
      kerasLayer("Dense", "b", { units: 2, use_bias: false }),
    ]),
    weightsManifest: [
      { paths: [a], weights: [{ name: A.name, shape: A.shape, dtype: "float32" }] },
      { paths: [b], weights: [{ name: B.name, shape: B.shape, dtype: "float32" }] },
    ],
  });
const MANIFEST = manifestOf("c1/weights.bin", "c2/weights.bin");

const at = (path: string, content: string | typeof A): PickedFile => {
  const parts = typeof content === "string" ? content : bytesOf(content).slice().buffer;
  return { path, file: new File([parts], path.split("/").at(-1) ?? "") };
};
/** The file as one picks it alone: without its path. */
const flat = (picked: PickedFile): File => {
  const file = "file" in picked ? picked.file : picked;
  return new File([file], file.name);
};

/** The weights of both layers. */
async function weightsOf(files: readonly PickedFile[]): Promise<number[][]> {
  const { layers } = await loadLayersModel(modelFromFiles(files));
  return layers.flatMap((layer) => (layer.op === "dense" ? [[...layer.w.data]] : []));
}
const RIGHT = [A.values, B.values];

const FOLDER = [at("m/model.json", MANIFEST), at("m/c1/weights.bin", A), at("m/c2/weights.bin", B)];

test("shards of one base name are told apart by their paths, in any order", async () => {
  expect(await weightsOf(FOLDER)).toEqual(RIGHT);
  expect(await weightsOf(FOLDER.toReversed())).toEqual(RIGHT);
  const [manifest = at("", "")] = FOLDER;
  const decoys = [at("weights.bin", B), at("m/weights.bin", B), at("m/c1/deep/weights.bin", B)];
  expect(await weightsOf([...decoys, ...FOLDER])).toEqual(RIGHT);
  await expect(weightsOf([manifest, ...decoys])).rejects.toThrow(/expected the file "c1\/weights.bin"/);
});

test("a folder that the browser picked says where its files lie", async () => {
  const picked = FOLDER.map((entry) => {
    const file = flat(entry);
    Object.defineProperty(file, "webkitRelativePath", { value: "path" in entry ? entry.path : "" });
    return file;
  });
  expect(await weightsOf(picked)).toEqual(RIGHT);
});

test("paths are those of the manifest: ./ and a drop's leading slash do not matter", async () => {
  const manifest = at("/m/model.json", manifestOf("./c1/weights.bin", "c1/../c2/weights.bin"));
  expect(await weightsOf([manifest, at("/m/c1/weights.bin", A), at("/m/c2/weights.bin", B)])).toEqual(RIGHT);
});

test("files without paths that could be meant for one another are refused", async () => {
  const loading = weightsOf(FOLDER.map(flat));
  await expect(loading).rejects.toThrow(ModelError);
  await expect(loading).rejects.toThrow(
    /expected one file that can be meant by "c1\/weights.bin", got 2 files; pick or drop the whole folder/,
  );
  const alone = [at("model.json", MANIFEST), at("weights.bin", A)].map(flat);
  await expect(weightsOf(alone)).rejects.toThrow(/one file for it and for "c1\/weights.bin"/);
});

test("files without paths are found where their names are unique", async () => {
  const manifest = at("model.json", manifestOf("c1/a.bin", "c2/b.bin"));
  expect(await weightsOf([manifest, at("b.bin", B), at("a.bin", A)].map(flat))).toEqual(RIGHT);
});

test("a manifest cannot reach out of its folder", async () => {
  const manifest = at("m/model.json", manifestOf("../a.bin", "b.bin"));
  await expect(weightsOf([manifest, at("a.bin", A), at("m/b.bin", B)])).rejects.toThrow(
    /expected its files in its own folder, got "..\/a.bin"/,
  );
});

test("bytes are counted before any file is read", async () => {
  const reads: string[] = [];
  const watched = (path: string, content: typeof A) => {
    const file = flat(at(path, content));
    const read = file.arrayBuffer.bind(file);
    file.arrayBuffer = () => {
      reads.push(path);
      return read();
    };
    return { path, file };
  };
  const long = { ...B, shape: [3, 3] };
  const files = [at("model.json", MANIFEST), watched("c1/weights.bin", A), watched("c2/weights.bin", long)];
  await expect(weightsOf(files)).rejects.toThrow(/expected 24 bytes .* c2\/weights.bin, got 36/);
  expect(reads).toEqual([]);
});

test.each([
  ["nothing", undefined, /expected a list of files, got undefined/],
  ["a name", "model.json", /expected a list of files, got "model.json"/],
  ["a file", new File(["{}"], "model.json"), /expected a list of files, got a File/],
  ["names", ["model.json"], /expected files, or { path, file } of each, got "model.json"/],
  ["nothings", [null], /got null/],
  ["a Blob, which has no name", [new Blob(["{}"])], /got a Blob/],
  ["a path without its file", [{ path: "model.json" }], /got { path }/],
  ["a text for a file", [{ path: "model.json", file: "{}" }], /got { path, file }/],
])("%s is no list of files", (_, files, message) => {
  expect(() => modelFromFiles(files as never)).toThrow(InputError);
  expect(() => modelFromFiles(files as never)).toThrow(message);
});

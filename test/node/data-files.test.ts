import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { npySource, type Source, type SourcePicture, tarSource, zipSource } from "../../src/dataset.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { decodeImage, diskFile, openSource } from "../../src/node.ts";

/** Files that test/golden/data_files.py wrote. */
const GOLDEN = "test/golden/data-files";
const CLASSES = ["cat", "dog", "owl"];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-data-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

const named = (name: string): string => join(GOLDEN, name);

/** The value that the script gives picture n. */
const valueAt = (n: number, y: number, x: number, c: number): number =>
  (37 * n + 11 * y + 5 * x + 71 * c) % 256;

function expectPicture({ pixels }: SourcePicture, n: number, { height = 4, width = 5, grey = false } = {}) {
  expect([pixels.height, pixels.width]).toEqual([height, width]);
  const expected = Array.from({ length: height * width * 3 }, (_, i) =>
    valueAt(n, Math.floor(i / 3 / width), Math.floor(i / 3) % width, grey ? 0 : i % 3),
  );
  expect([...pixels.data]).toEqual(expected);
}

async function all(source: Source): Promise<SourcePicture[]> {
  const pictures: SourcePicture[] = [];
  for await (const picture of source) pictures.push(picture);
  expect(pictures.map(({ index }) => index)).toEqual(pictures.map((_, i) => i));
  if (source.count !== undefined) expect(pictures.length).toBe(source.count);
  return pictures;
}

const openFiles = async (): Promise<number> => (await readdir("/proc/self/fd").catch(() => [])).length;
const upTo = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);
const numbered = upTo(7).map((n) => `${Number(n) % 3}`);
const called = upTo(7).map((n) => CLASSES[Number(n) % 3]);

interface Case {
  readonly name: string;
  readonly options?: object;
  readonly count?: number | undefined;
  readonly ids?: string[];
  readonly given?: (string | undefined)[];
  readonly labels?: readonly string[] | undefined;
  readonly first?: number;
  readonly shape?: object;
}

const unlabelled = upTo(7).map(() => undefined);
const array = { count: 7, ids: upTo(7) };
const numbers = { given: numbered, labels: ["0", "1", "2"] };
const cifar = { count: 3, ids: upTo(3), shape: { height: 32, width: 32 } };
const tarIds = ["0000", "0001", "0002", "set/cat/0003", "0004", "0005", "0006"];
const zipped = [0, 3, 6, 1, 4, 2, 5];

const CASES: readonly Case[] = [
  { name: "pictures.npy", ...array, given: unlabelled },
  { name: "grey.npy", ...array, given: unlabelled, shape: { grey: true } },
  { name: "pictures.npy", ...array, ...numbers, options: { labels: { array: named("labels.npy") } } },
  {
    name: "grey.npy",
    ...{ ...array, given: called, labels: CLASSES, shape: { grey: true } },
    options: { labels: { array: named("train-labels-idx1-ubyte.gz") }, classes: CLASSES },
  },
  { name: "stored.npz:x_train", ...array, ...numbers },
  { name: "packed.npz:x_train", ...array, given: called, labels: CLASSES, options: { classes: CLASSES } },
  {
    name: "packed.npz:x_test",
    ...{ count: 4, ids: upTo(4), first: 7, labels: ["0", "1", "2"] },
    given: ["1", "2", "0", "1"],
  },
  { name: "many.npz", ...array, given: unlabelled },
  { name: "train-images-idx3-ubyte", ...array, ...numbers, shape: { grey: true } },
  { name: "train-images-idx3-ubyte.gz", ...array, ...numbers, shape: { grey: true } },
  {
    name: "train-images-idx3-ubyte",
    ...array,
    given: unlabelled,
    shape: { grey: true },
    options: { labels: "none" },
  },
  { name: "colour.idx", ...array, given: unlabelled },
  {
    name: "cifar-10.bin",
    ...cifar,
    given: ["airplane", "automobile", "bird"],
    labels: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  },
  { name: "cifar-100.bin", ...cifar, given: ["40", "41", "42"], labels: upTo(100) },
  {
    name: "shard-{000..001}.tar",
    ...{ ids: tarIds.map((id, i) => `shard-00${i < 4 ? 0 : 1}.tar/${id}`), given: called, labels: CLASSES },
    options: { classes: CLASSES },
  },
  { name: "packed.tar.gz", ids: tarIds.slice(0, 4), given: ["0", "1", "owl", "cat"] },
  {
    name: "pictures.zip",
    ...{ count: 7, ids: zipped.map((n) => `set/${CLASSES[n % 3]}/${n}.png`), labels: CLASSES },
    given: zipped.map((n) => CLASSES[n % 3]),
  },
  {
    name: "train-*.parquet",
    ...{ count: 7, given: called, labels: CLASSES },
    ids: ["0/0", "0/1", "0/2", "0/3", "1/0", "1/1", "1/2"].map(
      (id) => `train-${id.replace("/", ".parquet/")}`,
    ),
  },
  { name: "plain.parquet", ...array, given: called },
];

describe.each(CASES)(
  "$name $options",
  ({ name, options = {}, count, ids = [], given, labels, first = 0, shape }) => {
    const isZip = name.endsWith(".zip");
    const number = (i: number): number => first + (isZip ? (zipped[i] ?? 0) : i);

    test("gives what the tool wrote, in order, and closes its files", async () => {
      const source = await openSource(named(name), options);
      const before = await openFiles();
      const pictures = await all(source);
      expect(pictures.map(({ id }) => id)).toEqual(ids);
      expect(pictures.map(({ label }) => label)).toEqual(given);
      expect([source.count, source.labels, source.name]).toEqual([count, labels, named(name)]);
      for (const [i, picture] of pictures.entries()) expectPicture(picture, number(i), shape);
      expect(await openFiles()).toBe(before);
    });

    test("gives shards, begins where it is asked, is left early, is read twice at once; and has a digest", async () => {
      const source = await openSource(named(name), options);
      const before = await openFiles();
      const [shards, whole] = await Promise.all([
        Promise.all([0, 1, 2].map((i) => all(renumbered(source.shard(i, 3))))),
        all(source),
      ]);
      for (const [i, picture] of whole.entries()) {
        const same = shards[i % 3]?.[Math.floor(i / 3)];
        expect([same?.id, same?.label, same?.pixels]).toEqual([picture.id, picture.label, picture.pixels]);
      }
      const late: string[] = [];
      for await (const { id } of source.read({ from: 2 })) late.push(id);
      expect(late).toEqual(ids.slice(2));
      for await (const { id } of source) {
        expect(id).toBe(ids[0]);
        break;
      }
      expect(await openFiles()).toBe(before);
      expect(await (await openSource(named(name), options)).digest()).toBe(await source.digest());
    });

    test("stops by a signal and leaves no file open", async () => {
      const source = await openSource(named(name), options);
      const before = await openFiles();
      const control = new AbortController();
      const reading = (async () => {
        for await (const _ of source.read({ signal: control.signal, ahead: 2 }))
          control.abort(new Error("enough"));
      })();
      await expect(reading).rejects.toThrow("enough");
      expect(await openFiles()).toBe(before);
    });
  },
);

/** A shard whose pictures count from 0. */
function renumbered(shard: Source): Source {
  return {
    ...shard,
    async *[Symbol.asyncIterator]() {
      let index = 0;
      for await (const picture of shard.read()) yield { ...picture, index: index++ };
    },
  };
}

test("digests of all these differ", async () => {
  const digests = new Set<string>();
  for (const { name, options } of CASES) digests.add(await (await openSource(named(name), options)).digest());
  expect(digests.size).toBe(CASES.length);
});

test("a digest does not depend on the folder", async () => {
  await copyFile(named("pictures.npy"), join(folder, "pictures.npy"));
  const [here, there] = [
    await openSource(named("pictures.npy")),
    await openSource(join(folder, "pictures.npy")),
  ];
  expect(await there.digest()).toBe(await here.digest());
});

test.each<[string, object, RegExp]>([
  [
    "floats.npy",
    {},
    /floats.npy": expected pictures of bytes \(u1, 0…255\), got f4; save them with \.astype/,
  ],
  ["fortran.npy", {}, /expected an array in C order, got one in Fortran's/],
  ["channels-first.npy", {}, /got 7×3×4×5; \.transpose\(0, 2, 3, 1\) puts the channels last/],
  ["labels.npy", {}, /expected pictures of bytes/],
  ["stored.npz", {}, /expected one array of pictures.*got x_train of u1 7×4×5×3.*; say which by its name/],
  ["stored.npz:x", {}, /expected an array "x", got x_train/],
  ["train-labels-idx1-ubyte", {}, /expected pictures \[N,H,W\] or .*, got 7/],
  ["cifar-10.bin", { classes: ["a", "b"] }, /expected labels of 0 to 1, the classes named, got 2/],
  [
    "pictures.npy",
    { labels: { array: named("train-images-idx3-ubyte") } },
    /expected a list of numbers, got 7×4×5/,
  ],
  [
    "packed.npz:x_test",
    { labels: { array: named("labels.npy") } },
    /expected 4 labels, one a picture, got 7/,
  ],
  ["packed.npz:x_test", { labels: { csv: "test/golden/README.md" } }, /an array takes them from an array/],
  ["shard-000.tar", { labels: { array: named("labels.npy") } }, /they stand in it/],
  ["pictures.zip", { labels: { csv: "package.json" } }, /^labels "package.json": expected/],
])("%s with %j is refused", async (name, options, message) => {
  const error = await openSource(named(name), options)
    .then(all)
    .catch((error: Error) => error);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).name).toMatch(/^(Input|Unsupported)Error$/);
  expect((error as Error).message).toMatch(message);
});

/** Every file, cut at several places: an error of ours, or fewer pictures that are all right and then an error. */
test.each(
  CASES.map(({ name }) =>
    name.replace(/:.*|(-\*|\{.*\})/, (part) => (part.startsWith(":") ? "" : part === "-*" ? "-0" : "000")),
  ),
)("%s cut short says so", async (name) => {
  const bytes = await readFile(named(name));
  const path = join(folder, `cut-${name}`);
  const beside = name.replace("images-idx3", "labels-idx1");
  if (beside !== name) await copyFile(named(beside), join(folder, `cut-${beside}`));
  const before = await openFiles();
  // Behind the last member of a tar there is nothing but zeros.
  const end = name.endsWith(".tar") ? 12_000 : bytes.length - 1;
  for (const length of [0, 1, 3, 100, end >> 1, 6 * 512, Math.floor(end * 0.9), end]) {
    await writeFile(path, bytes.subarray(0, Math.min(length, end)));
    const read: SourcePicture[] = [];
    const reading = (async () => {
      const source = await openSource(
        path + (name.startsWith("many") || !name.endsWith("npz") ? "" : ":x_train"),
      );
      for await (const picture of source) read.push(picture);
    })();
    await expect(reading, `${name} of ${length} bytes`).rejects.toBeInstanceOf(InputError);
    for (const [i, picture] of read.entries()) {
      expectPicture(picture, i, CASES.find((one) => one.name === name)?.shape);
    }
    expect(await openFiles()).toBe(before);
  }
});

test("a broken picture in an archive is told of, and the others are read", async () => {
  const tar = await readFile(named("shard-000.tar"));
  const at = tar.indexOf("IDAT", tar.indexOf("0001.png"));
  tar.fill(0, at, at + 40);
  await writeFile(join(folder, "broken.tar"), tar);
  const json = Buffer.from(tar);
  json.write("{{", json.indexOf('{"label"'));
  await writeFile(join(folder, "label.tar"), json);
  for (const name of ["broken.tar", "label.tar"]) {
    const broken: [string, number][] = [];
    const read: string[] = [];
    const source = await openSource(join(folder, name));
    for await (const { id } of source.read({ onBroken: (one) => broken.push([one.id, one.index]) }))
      read.push(id);
    expect(broken).toEqual([["0001", 1]]);
    expect(read).toEqual(["0000", "0002", "set/cat/0003"]);
  }
});

test("files need no disk: bytes, a Blob and a File give the same", async () => {
  const bytes = await readFile(named("pictures.npy"));
  for (const file of [
    bytes,
    new Uint8Array(bytes).buffer,
    new Blob([bytes]),
    new File([bytes], "pictures.npy"),
  ]) {
    for (const [n, picture] of (await all(await npySource(file))).entries()) expectPicture(picture, n);
  }
  const decode = decodeImage;
  const shards = await Promise.all(["shard-000.tar", "shard-001.tar"].map((name) => readFile(named(name))));
  const pictures = await all(
    tarSource(
      shards.map((shard) => new File([shard], "shard.tar")),
      { decode },
    ),
  );
  for (const [n, picture] of pictures.entries()) expectPicture(picture, n);
  const table = {
    name: "labels",
    text: upTo(7)
      .map((n) => `${n}.png,number ${n}\n`)
      .join(""),
  };
  const zip = await zipSource(new Blob([await readFile(named("pictures.zip"))]), { decode, labels: table });
  expect((await all(zip)).map(({ label }) => label)).toEqual(zipped.map((n) => `number ${n}`));
  // Node decodes no pictures by itself.
  await expect(all(await zipSource(await diskFile(named("pictures.zip"))))).rejects.toThrow(
    /^pictures: expected a decoder, got none; in Node give \{ decode: decodeImage \} of vitrine\/node/,
  );
  await expect(npySource("pictures.npy" as never)).rejects.toThrow(
    /expected a file's bytes, .* got "pictures.npy"/,
  );
});

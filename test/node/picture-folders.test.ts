import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BrokenPicture, Source } from "../../src/dataset.ts";
import { filesSource, folderSource, openSource } from "../../src/node.ts";
import { testDevice } from "../gpu.ts";

let folder: string;
let picture: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-source-"));
  picture = join(folder, "picture.png");
  await sharp({ create: { width: 3, height: 2, channels: 3, background: "#102030" } }).toFile(picture);
});
afterAll(() => rm(folder, { recursive: true }));

/** A folder of the same picture under many names; other content is written as it is. */
async function folderOf(name: string, files: readonly (string | [string, string])[]): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  for (const file of files) {
    const [own, content] = typeof file === "string" ? [file] : file;
    await mkdir(dirname(join(path, own)), { recursive: true });
    if (content === undefined) await copyFile(picture, join(path, own));
    else await writeFile(join(path, own), content);
  }
  return path;
}

async function entries(source: Source): Promise<[string, string | undefined][]> {
  const all: [string, string | undefined][] = [];
  for await (const { id, label, pixels, index } of source) {
    expect([pixels.width, pixels.height, ...pixels.data.slice(0, 3)]).toEqual([3, 2, 0x10, 0x20, 0x30]);
    expect(index).toBe(all.length);
    all.push([id, label]);
  }
  return all;
}

const openFiles = async (): Promise<number> => (await readdir("/proc/self/fd").catch(() => [])).length;

test("a folder: labels of sub-folders, natural order, no hidden and no other files, circles of links left out", async () => {
  const path = await folderOf("classes", [
    "dog/img10.png",
    "dog/img2.PNG",
    "cat/deep/a.png",
    "b10/x.png",
    "b9/x.png",
    ["dog/notes.txt", "no picture"],
    [".hidden/x.png", ""],
    ["cat/.DS_Store", ""],
    ["__MACOSX/cat/a.png", ""],
    ["dog/._img2.png", ""],
  ]);
  await symlink(path, join(path, "dog", "again"));
  await symlink(join(path, "cat"), join(path, "kitten"));
  await symlink(join(path, "nowhere"), join(path, "dangling"));
  const source = await folderSource(path);
  expect(await entries(source)).toEqual([
    ["b9/x.png", "b9"],
    ["b10/x.png", "b10"],
    ["cat/deep/a.png", "cat"],
    ["dog/img2.PNG", "dog"],
    ["dog/img10.png", "dog"],
    ["kitten/deep/a.png", "kitten"],
  ]);
  expect(source.labels).toEqual(["b9", "b10", "cat", "dog", "kitten"]);
  expect(source.count).toBe(6);
  const none = await folderSource(path, { labels: "none" });
  expect(none.labels).toBeUndefined();
  expect((await entries(none)).every(([, label]) => label === undefined)).toBe(true);
});

test("pictures directly in the folder have no label", async () => {
  const flat = await folderSource(await folderOf("flat", ["a.png", "b.png"]));
  expect(flat.labels).toBeUndefined();
  expect(await entries(flat)).toEqual([
    ["a.png", undefined],
    ["b.png", undefined],
  ]);
  const mixed = await folderSource(await folderOf("mixed", ["a.png", "cat/b.png"]));
  expect(await entries(mixed)).toEqual([
    ["a.png", undefined],
    ["cat/b.png", "cat"],
  ]);
});

test("the digest is the same wherever the folder lies, and another when a name, a length or a label changes", async () => {
  const files = ["cat/1.png", "dog/2.png"];
  const of = async (name: string, more: readonly (string | [string, string])[], options = {}) =>
    (await folderSource(await folderOf(name, more), options)).digest();
  const digest = await of("one", files);
  expect(await of("two", files)).toBe(digest);
  expect(await of("three", ["cat/1.png", "dog/3.png"])).not.toBe(digest);
  expect(await of("four", ["cat/1.png", ["dog/2.png", "longer or shorter"]])).not.toBe(digest);
  expect(await of("five", files, { labels: "none" })).not.toBe(digest);
});

test("labels of a CSV file: by path, name or name without extension, with a head row or without", async () => {
  const path = await folderOf("table", ["a/1.png", "a/2.png", "b/1.png", "b/3.png"]);
  const csv = join(folder, "labels.csv");
  const labelled = async (text: string) => {
    await writeFile(csv, text);
    const source = await folderSource(path, { labels: { csv } });
    return [source.labels, (await entries(source)).map(([, label]) => label)];
  };
  const expected = [
    ["cat", "dog, small"],
    ["cat", "dog, small", undefined, "cat"],
  ];
  expect(await labelled('a/1.png,cat\n2.png,"dog, small"\n3,cat\n')).toEqual(expected);
  expect(await labelled('file,label\r\na/1.png,cat\r\n2.png,"dog, small"\r\n3,cat')).toEqual(expected);
  expect(
    await labelled(
      '\uFEFFsplit,file_name,size,label\ntest,a/1.png,3,cat\ntest,2.png,3,"dog, small"\n\ntest,3,3,cat\n',
    ),
  ).toEqual(expected);
  expect(await labelled('file,label\na/1.png,"the ""best"" cat"\n')).toMatchObject([['the "best" cat'], {}]);
});

test.each([
  [
    "file,label\n9.png,cat\n8.png,dog\n1.png,x\n",
    /got 3 of 3 that are not there or are there twice: 9.png, 8.png, 1.png/,
  ],
  ["a/1.png,cat\na/1.png,dog\n", /expected one label of "a\/1.png", got "cat" and "dog"/],
  ["file,label\n", /expected rows of a file's name and its label, got none/],
  ["", /got none/],
  ["a/1.png\n", /expected rows of a file's name and its label, got "a\/1.png"/],
  [
    'a/1.png,"cat\n',
    /expected cells with commas between, got "cat in row 1|expected cells with commas between/,
  ],
])("labels that do not match are refused: %j", async (text, message) => {
  const path = join(folder, "refused");
  await rm(path, { recursive: true, force: true });
  await folderOf("refused", ["a/1.png", "b/1.png"]);
  await writeFile(join(folder, "wrong.csv"), text);
  await expect(folderSource(path, { labels: { csv: join(folder, "wrong.csv") } })).rejects.toThrow(message);
});

test("no pictures: an empty folder, one of other files, none at all, a CSV that is not there", async () => {
  await expect(folderSource(await folderOf("empty", []))).rejects.toThrow(
    /^folder ".*empty": expected pictures in it or in folders within, got none; archives/,
  );
  await expect(folderSource(await folderOf("hollow", [["a/b/notes.txt", ""]]))).rejects.toThrow(/got none/);
  await expect(openSource(join(folder, "empty"))).rejects.toThrow(/got none/);
  await expect(folderSource(join(folder, "nowhere"))).rejects.toThrow(/expected to read it, got ENOENT/);
  await expect(openSource(join(folder, "nowhere"))).rejects.toThrow(
    /expected a folder, a file or a pattern, got ENOENT/,
  );
  await expect(
    folderSource(join(folder, "flat"), { labels: { csv: join(folder, "absent.csv") } }),
  ).rejects.toThrow(/^labels ".*absent.csv": expected to read it, got ENOENT/);
});

test("one broken JPEG among many is told of, the others are used, and no file stays open", async () => {
  const jpeg = await sharp(picture).jpeg().toBuffer();
  const path = join(folder, "broken");
  await mkdir(path);
  for (let i = 0; i < 30; i++)
    await writeFile(join(path, `${i}.jpg`), i === 17 ? jpeg.subarray(0, jpeg.length >> 1) : jpeg);
  const source = await folderSource(path);
  const before = await openFiles();
  const broken: BrokenPicture[] = [];
  const used: string[] = [];
  for await (const { id } of source.read({ onBroken: (one) => broken.push(one) })) used.push(id);
  expect(broken.map(({ id, index }) => [id, index])).toEqual([["17.jpg", 17]]);
  expect(broken[0]?.error.message).toMatch(/17.jpg.*: expected a PNG, JPEG/);
  expect(used.length).toBe(29);
  await expect(entries(source)).rejects.toThrow(/got a broken one, "17.jpg"/);
  for await (const _ of source) break;
  expect(await openFiles()).toBe(before);
});

test("a list of files keeps its order; ids are paths from the folder of all", async () => {
  const path = await folderOf("listed", ["x/b.png", "y/a.png"]);
  const files = [join(path, "y/a.png"), join(path, "x/b.png")];
  const expected = [
    ["y/a.png", "y"],
    ["x/b.png", "x"],
  ];
  expect(await entries(await filesSource(files))).toEqual(expected);
  await writeFile(join(path, "list.txt"), "# pictures\ny/a.png\r\n\nx/b.png\n");
  expect(await entries(await openSource(join(path, "list.txt")))).toEqual(expected);
  await writeFile(join(path, "none.txt"), "\n");
  await expect(openSource(join(path, "none.txt"))).rejects.toThrow(/none.txt": expected pictures, got none/);
  await expect(filesSource([])).rejects.toThrow(/expected pictures, got none/);
  await expect(filesSource([picture, picture])).rejects.toThrow(
    /expected each file once, got "picture.png" twice/,
  );
});

test("a name on the command line: a folder, a picture, a pattern, a run of numbers", async () => {
  const path = await folderOf("named", ["a/s-08.png", "a/s-09.png", "a/s-10.png", "b/s-1.png"]);
  const ids = async (name: string) => (await entries(await openSource(name))).map(([id]) => id);
  expect(await ids(path)).toEqual(["a/s-08.png", "a/s-09.png", "a/s-10.png", "b/s-1.png"]);
  expect(await ids(join(path, "a/s-08.png"))).toEqual(["s-08.png"]);
  expect(await ids(join(path, "*/*.png"))).toEqual(await ids(path));
  expect(await ids(join(path, "a/s-{08..10}.png"))).toEqual(["s-08.png", "s-09.png", "s-10.png"]);
  await expect(openSource(join(path, "a/s-{08..12}.png"))).rejects.toThrow(
    /expected 5 files, got none of the name ".*s-11.png"/,
  );
  await expect(openSource(join(path, "*.webp"))).rejects.toThrow(/expected files of that pattern, got none/);
  await writeFile(join(path, "strange.bin"), "strange");
  await expect(openSource(join(path, "strange.bin"))).rejects.toThrow(/got another kind of file/);
});

test("synthetic pictures by number", async () => {
  const device = await testDevice();
  const source = await openSource("synthetic:5-8", { device, size: 8 });
  expect([source.count, source.name]).toEqual([4, "synthetic:5-8"]);
  const ids = [];
  for await (const { id, label, pixels, index } of source.shard(1, 2)) {
    expect([pixels.width, pixels.height]).toEqual([8, 8]);
    ids.push([id, label, index]);
  }
  expect(ids).toEqual([
    ["synthetic:6", "heart", 1],
    ["synthetic:8", "gear", 3],
  ]);
  const whole = await openSource("synthetic:3", { device: async () => device, size: 8 });
  expect([whole.count, whole.labels?.length]).toEqual([3, 16]);
  expect(await whole.digest()).not.toBe(
    await (await openSource("synthetic:3", { device, size: 9 })).digest(),
  );
  await expect(openSource("synthetic:x", { device })).rejects.toThrow(/expected "synthetic:N"/);
  await expect(openSource("synthetic:8-5", { device })).rejects.toThrow(
    /expected count to be a whole number/,
  );
  await expect(openSource("synthetic:3")).rejects.toThrow(/expected a device that draws it, got none/);
});

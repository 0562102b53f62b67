import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { encodeNpy, readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, "pictures", name);
const SIZE = 12;
let model: string;

const values = (seed: number) =>
  Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => Math.sin(seed + i / 5) / 2 + 0.5);
const bytes = (seed: number) => Uint8Array.from(values(seed), (value) => Math.round(255 * value));
const array = (seed: number) => ({ shape: [SIZE, SIZE, 3], data: values(seed) });

beforeAll(async () => {
  model = await writeTinyModel("tiny-pictures");
  await mkdir(at("shots/deeper"), { recursive: true });
  for (const [name, seed] of [
    ["2.png", 2],
    ["10.png", 10],
    ["deeper/2.png", 22],
  ] as const) {
    await writePng(at(`shots/${name}`), { width: SIZE, height: SIZE, data: bytes(seed) });
  }
  await writeFile(at("shots/notes.txt"), "no picture");
  await writeNpy(at("a.npy"), array(3));
  const zipped = zipSync({
    "left.npy": new Uint8Array(encodeNpy(array(4))),
    "right.npy": new Uint8Array(encodeNpy(array(5))),
  });
  await writeFile(at("both.npz"), zipped);
  await writeFile(at("broken.png"), "no picture either");
});

const tiny = (...more: string[]) => ["--model", model, "--preprocess", "unit", ...more];
interface Predicted {
  readonly results: { readonly image: string; readonly predictions: { readonly logit: number }[] }[];
}
const names = async (...args: string[]) =>
  (await json<Predicted>(["predict", ...args, ...tiny()])).results.map(({ image }) => image);

describe("images are", () => {
  test("the pictures of a folder, in the order in which people count", async () => {
    expect(await names(at("shots"))).toEqual([at("shots/2.png"), at("shots/10.png")]);
  });

  test("the files of a pattern, folders within among them", async () => {
    expect(await names(at("shots/**/*.png"))).toEqual([
      at("shots/2.png"),
      at("shots/10.png"),
      at("shots/deeper/2.png"),
    ]);
    expect(await names("--image", at("shots/?.png"))).toEqual([at("shots/2.png")]);
  });

  test("a file whose name looks like a pattern", async () => {
    await symlink(at("shots/2.png"), at("odd[1].png"));
    expect(await names(at("odd[1].png"))).toEqual([at("odd[1].png")]);
  });

  test("every array of an archive, or the one that is named", async () => {
    const all = await json<Predicted>(["predict", at("both.npz"), "--model", model]);
    expect(all.results.map(({ image }) => image)).toEqual([at("both.npz:left"), at("both.npz:right")]);
    const right = await json<Predicted>(["predict", at("both.npz:right"), "--model", model]);
    expect(right.results).toEqual(all.results.slice(1));
    await writeNpy(at("right.npy"), array(5));
    const alone = await json<Predicted>(["predict", at("right.npy"), "--model", model]);
    expect(right.results[0]?.predictions).toEqual(alone.results[0]?.predictions);
  });

  test.each([
    [
      "a pattern that nothing matches",
      "none-*.png",
      /images ".*none-\*\.png": expected files of that pattern/,
    ],
    ["an array that an archive has not", "both.npz:up", /expected an array "up", got left, right/],
    ["a damaged archive", "damaged.npz", /damaged\.npz": expected/],
  ])("not %s", async (_, name, message) => {
    await writeFile(at("damaged.npz"), (await readFile(at("both.npz"))).subarray(0, 300));
    const { code, err } = await vitrine(["predict", at(name), ...tiny()]);
    expect([code, message.test(err)]).toEqual([1, true]);
  });
});

describe("a batch goes on past a broken file, names it, and ends with 1:", () => {
  test.each<[string, string[]]>([
    ["predict", []],
    ["explain", ["saliency"]],
    ["activations", ["--layer", "conv1"]],
  ])("%s", async (command, more) => {
    const files = [at("shots/2.png"), at("broken.png"), at("shots/10.png")];
    const { code, out, err } = await vitrine([
      command,
      ...more.filter((arg) => arg === "saliency"),
      ...files,
      ...tiny(...more.filter((arg) => arg !== "saliency"), "--json"),
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(/image ".*broken\.png": expected a PNG/);
    expect(err.trimEnd()).toMatch(/vitrine: 1 of 3 images could not be used: .*broken\.png$/);
    const found = JSON.parse(out) as Predicted | { image: string }[];
    const images = (Array.isArray(found) ? found : found.results).map(({ image }) => image);
    expect(images).toEqual([at("shots/2.png"), at("shots/10.png")]);
  });

  test("a measured field, and a table of trust", async () => {
    const files = [at("shots/2.png"), at("broken.png"), at("shots/10.png")];
    const field = await vitrine(["field", ...files, ...tiny("--layer", "conv2", "--channel", "1", "--json")]);
    expect([field.code, (JSON.parse(field.out) as { units: unknown[] }).units.length]).toEqual([1, 2]);
    const images = files.flatMap((file) => ["--image", file]);
    const trust = await vitrine([
      "trust",
      "saliency",
      ...images,
      ...tiny("--measures", "deletion", "--json"),
    ]);
    expect([trust.code, (JSON.parse(trust.out) as { images: unknown[] }).images.length]).toEqual([1, 2]);
  });

  test("all of them", async () => {
    const { code, err } = await vitrine(["predict", at("broken.png"), at("none.png"), ...tiny()]);
    expect(code).toBe(1);
    expect(err).toMatch(/2 of 2 images could not be used/);
  });
});

describe("results of several images", () => {
  test("go into a folder, a file each, whose names do not collide", async () => {
    const out = at("maps");
    const reports = await json<{ image: string; out: string; max: number }[]>([
      "explain",
      "grad-cam",
      at("shots/**/*.png"),
      ...tiny("--out", out),
    ]);
    expect(reports.map(({ out }) => out)).toEqual(
      ["2.png", "10.png", "2-2.png"].map((name) => join(out, name)),
    );
    expect((await readdir(out)).sort()).toEqual(["10.png", "2-2.png", "2.png"]);
    const one = await json<{ max: number }>([
      "explain",
      "grad-cam",
      at("shots/deeper/2.png"),
      ...tiny("--out", at("one.png")),
    ]);
    expect(one.max).toBe(reports[2]?.max);
    expect((await readImage(join(out, "2-2.png"))).data).toEqual((await readImage(at("one.png"))).data);
  });

  test("are arrays where the folder's files are said to be", async () => {
    await json([
      "activations",
      at("both.npz"),
      "--model",
      model,
      "--layer",
      "conv1",
      "--out",
      at("arrays/*.npy"),
    ]);
    expect((await readdir(at("arrays"))).sort()).toEqual(["both-left.npy", "both-right.npy"]);
    expect((await readNpy(at("arrays/both-left.npy"))).shape).toEqual([12, 12, 4]);
  });

  test("of several techniques too", async () => {
    const out = at("sheets/");
    const reports = await json<{ results: unknown[] }[]>([
      "explain",
      "saliency,grad-cam",
      at("shots"),
      ...tiny("--out", out),
    ]);
    expect(reports.map(({ results }) => results.length)).toEqual([2, 2]);
    expect((await readdir(out)).sort()).toEqual(["10.png", "2.png"]);
  });

  test("do not go into one file", async () => {
    const { code, err } = await vitrine(["explain", "saliency", at("shots"), ...tiny("--out", at("x.png"))]);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/--out expects a folder for several images, such as --out maps\//),
    ]);
  });
});

describe("--overlay", () => {
  test("is the photograph at its own size, with the map where the network looked", async () => {
    const [width, height] = [60, 40];
    const photo = {
      width,
      height,
      data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256),
    };
    await writePng(at("wide.png"), photo);
    await json([
      "explain",
      "grad-cam",
      at("wide.png"),
      ...tiny("--fit", "cover", "--overlay", at("over.png")),
    ]);
    const over = await readImage(at("over.png"));
    expect([over.width, over.height]).toEqual([width, height]);
    const pixel = (x: number, y: number) => [
      ...over.data.subarray(3 * (y * width + x), 3 * (y * width + x + 1)),
    ];
    const own = (x: number, y: number) => [
      ...photo.data.subarray(3 * (y * width + x), 3 * (y * width + x + 1)),
    ];
    // The middle 40 columns were seen.
    expect([pixel(0, 5), pixel(9, 39), pixel(50, 0)]).toEqual([own(0, 5), own(9, 39), own(50, 0)]);
    expect([pixel(10, 5), pixel(49, 39)]).not.toEqual([own(10, 5), own(49, 39)]);
  });

  test.each([
    ["several maps", ["explain", "saliency,grad-cam"], /--overlay expects one map/],
    ["all maps of a layer", ["activations", "--layer", "conv1"], /--overlay expects --channel beside it/],
  ])("is refused for %s", async (_, args, message) => {
    const { code, err } = await vitrine([
      ...args,
      "--image",
      at("shots/2.png"),
      ...tiny("--overlay", at("o.png")),
    ]);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe("--out figure.svg", () => {
  test.each<[string, string[]]>([
    ["explain", ["grad-cam", "--image"]],
    ["explain", ["saliency,grad-cam", "--image"]],
    ["activations", ["--layer", "conv1", "--image"]],
    ["field", ["--layer", "conv2", "--channel", "1", "--image"]],
  ])("is the figure with its words as text: %s %s", async (command, args) => {
    const out = at(`figure-${command}-${args[0]}.svg`);
    await json([command, ...args, at("shots/2.png"), ...tiny("--out", out)]);
    const svg = await readFile(out, "utf8");
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toMatch(/<text [^>]*>tiny/);
    expect(svg).toContain('xlink:href="data:image/png;base64,');
    expect(svg.trimEnd()).toMatch(/<\/svg>$/);
  });
});

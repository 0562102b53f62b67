import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
const SIZE = 12;
const noDevice = () => Promise.reject(new Error("no GPU is needed"));
let model: string;

beforeAll(async () => {
  model = await writeTinyModel("tiny-field");
  await writeNpy(at("one.npy"), {
    shape: [SIZE, SIZE, 3],
    data: Float32Array.from({ length: SIZE * SIZE * 3 }, (_, k) => Math.sin(k / 5) / 2 + 0.5),
  });
});

const tiny = (...more: string[]) => ["field", "--model", model, "--preprocess", "none", ...more];

describe("field", () => {
  test("is exact in theory, without a GPU", async () => {
    const { code, out } = await vitrine(tiny("--layer", "conv2", "--at", "0,3"), noDevice);
    expect(code).toBe(0);
    // 3×3, a pooling of two, 3×3: 8×8, here with rows above the image.
    expect(out).toMatch(/sees 8×8 pixels: rows -3 to 4, columns 3 to 10/);
    expect(out).toMatch(/of the image 5×8: rows 0 to 4/);
  });

  test("is measured on images, drawn and kept", async () => {
    const args = tiny(at("one.npy"), "--layer", "conv2", "--channel", "1", "--patch", "2", "--stride", "1");
    const { side, shape } = await json<{ side: number; shape: number[] }>([...args, "--out", at("f.npy")]);
    expect(side).toBeLessThanOrEqual(8);
    expect([...(await readNpy(at("f.npy"))).shape]).toEqual(shape);
    expect(shape).toEqual([10, 10]);
    await json([...args, "--out", at("f.png")]);
    expect((await readImage(at("f.png"))).width).toBeGreaterThan(600);
  });

  test.each<[string, string[], RegExp]>([
    ["no layer", [], /field expects --layer NAME/],
    ["an unknown layer", ["--layer", "conv9"], /got "conv9"/],
    ["images without a unit", ["--layer", "conv2", "--image", at("one.npy")], /field expects --channel K/],
    ["a picture of nothing", ["--layer", "conv2", "--out", "x.png"], /expects images to measure/],
    [
      "a layer without maps",
      ["--layer", "logits", "--channel", "1", "--image", at("one.npy")],
      /layer with maps/,
    ],
  ])("refuses %s", async (_, more, message) => {
    const { code, err } = await vitrine(tiny(...more));
    expect(err).toMatch(message);
    expect(code).toBe(1);
  });
});

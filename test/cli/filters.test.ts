import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
const noDevice = () => Promise.reject(new Error("no GPU is needed"));
let model: string;

beforeAll(async () => {
  model = await writeTinyModel("tiny-filters");
});

describe("filters", () => {
  test("lists norms and dead filters of the first convolution, without a GPU", async () => {
    const { code, out } = await vitrine(["filters", "--model", model], noDevice);
    expect([code, out.split("\n")[0]]).toEqual([0, "conv1: 4 filters of 3×3×3, max |w| 0.5"]);
    expect(out).toMatch(/filter \d: norm .*\n[\s\S]*no dead filter/);
    const { norms, shape } = await json<{ norms: number[]; shape: number[] }>(["filters", "--model", model]);
    expect([norms.length, shape]).toEqual([4, [3, 3, 3, 4]]);
  });

  test("draws pictures, and keeps the weights", async () => {
    for (const layer of ["conv1", "conv2"]) {
      await json(["filters", "--model", model, "--layer", layer, "--out", at("f.png")]);
      expect((await readImage(at("f.png"))).width).toBeGreaterThan(300);
    }
    await json(["filters", "--model", model, "--layer", "conv2", "--out", at("w.npy")]);
    expect([...(await readNpy(at("w.npy"))).shape]).toEqual([3, 3, 4, 5]);
  });

  test.each<[string, string[], RegExp]>([
    [
      "a layer that is none",
      ["--layer", "pool1"],
      /expected a convolution \(conv1, conv2\), got pool "pool1"/,
    ],
    ["a filter out of range", ["--channel", "1,4"], /filters of 0 to 3 of layer "conv1", got 4/],
    ["an image", ["a.png"], /filters expects options only/],
    ["no strongest", ["--strongest", "0"], /--strongest expects a whole number of 1/],
  ])("refuses %s", async (_, more, message) => {
    const { code, err } = await vitrine(["filters", "--model", model, ...more], noDevice);
    expect(err).toMatch(message);
    expect(code).toBe(1);
  });
});

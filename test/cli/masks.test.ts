import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
const SIZE = 12;
let model: string;

beforeAll(async () => {
  model = await writeTinyModel("tiny-masks");
  for (const [i, name] of ["one.npy", "two.npy"].entries()) {
    await writeNpy(at(name), {
      shape: [SIZE, SIZE, 3],
      data: Float32Array.from(
        { length: SIZE * SIZE * 3 },
        (_, k) => (1 + 3 * i) * (Math.sin(k / 5) / 2 + 0.5),
      ),
    });
  }
});

const unit = (...more: string[]) => ["--model", model, "--preprocess", "none", "--layer", "conv2", ...more];
interface Report {
  readonly results: { readonly threshold: number; readonly share: number }[];
}

describe("activations --threshold", () => {
  test("masks one image by its own map, and several by all of them together", async () => {
    const of = (...images: string[]) =>
      json<Report>([
        "activations",
        ...images,
        ...unit("--channel", "1", "--threshold", "1sigma", "--out", at("m.png")),
      ]);
    const [one, two, both] = [
      await of(at("one.npy")),
      await of(at("two.npy")),
      await of(at("one.npy"), at("two.npy")),
    ];
    const [a = 0, b = 0] = both.results.map(({ threshold }) => threshold);
    expect(a).toBe(b);
    expect(a).toBeGreaterThan(one.results[0]?.threshold ?? 0);
    expect(a).not.toBe(two.results[0]?.threshold);
    expect((await readImage(at("m.png"))).width).toBeGreaterThan(800);
  });

  test("keeps the masks", async () => {
    const args = [
      "activations",
      at("one.npy"),
      at("two.npy"),
      ...unit("--channel", "1", "--threshold", "top5%"),
    ];
    const { results } = await json<Report>([...args, "--out", at("m.npy")]);
    const { shape, data } = await readNpy(at("m.npy"));
    expect([...shape]).toEqual([2, SIZE, SIZE]);
    expect(new Set(data)).toEqual(new Set([0, 1]));
    const first = data.slice(0, SIZE * SIZE).reduce((sum, on) => sum + on, 0) / SIZE ** 2;
    expect(results[0]?.share).toBeCloseTo(first, 9);
  });

  test.each<[string, string[], RegExp]>([
    ["without a channel", ["--threshold", "2sigma"], /--threshold expects --channel/],
    [
      "in other words",
      ["--channel", "1", "--threshold", "high"],
      /2sigma\) or a part of the values \(top0\.5%\), got "high"/,
    ],
    ["of everything", ["--channel", "1", "--threshold", "top100%"], /got "top100%"/],
  ])("refuses one %s", async (_, more, message) => {
    const { code, err } = await vitrine(["activations", at("one.npy"), ...unit(...more)]);
    expect(err).toMatch(message);
    expect(code).toBe(1);
  });
});

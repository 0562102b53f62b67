import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { json, vitrine } from "../cli/run.ts";

/** Networks and pictures as users have them; not part of this project. */
const cases = fileURLToPath(new URL("../../../shared/cases/", import.meta.url));

interface Predicted {
  readonly preprocessing: { readonly fit: string; readonly guessed?: readonly string[] };
  readonly results: {
    readonly fitted?: string;
    readonly predictions: readonly { index: number; label?: string; probability: number }[];
  }[];
}

// The right values are those in each case's expected.json, computed by tfjs on the CPU.
describe.skipIf(!existsSync(cases))("shared/cases", () => {
  const model = (name: string) => ["--model", `${cases}${name}`];
  const predict = (name: string, picture: string, ...more: string[]) =>
    json<Predicted>(["predict", "--image", `${cases}${name}/${picture}`, ...model(name), ...more]);

  test.each<[name: string, index: number, probability: number, guessed: string[]]>([
    ["augment-then-rescaling", 2, 0.8403084, ["fit"]],
    ["control-rescaling-first", 2, 0.8403084, ["fit"]],
    ["transfer-mobilenet-v2", 1, 0.9389459, ["values", "fit"]],
    ["free-input-size", 2, 0.7874444, ["values", "fit"]],
  ])("%s: class %d", async (name, index, probability, guessed) => {
    const { results, preprocessing } = await predict(name, "picture.png");
    expect(results[0]?.predictions[0]?.index).toBe(index);
    expect(results[0]?.predictions[0]?.probability).toBeCloseTo(probability, 4);
    expect(preprocessing.guessed).toEqual(guessed);
  });

  test("squash-not-crop: red, squashed; green when cropped", async () => {
    const labels = ["--labels", `${cases}squash-not-crop/labels.json`];
    const squashed = await predict("squash-not-crop", "picture.png", ...labels);
    expect(squashed.preprocessing.fit).toBe("stretch");
    expect(squashed.results[0]?.fitted).toMatch(/^squashed from/);
    expect(squashed.results[0]?.predictions[0]).toMatchObject({ label: "red" });
    const cut = await predict("squash-not-crop", "picture.png", ...labels, "--fit", "cover");
    expect(cut.results[0]?.predictions[0]).toMatchObject({ label: "green" });
  });

  test("free-input-size: layers are listed", async () => {
    const { code, out, err } = await vitrine(["layers", ...model("free-input-size")]);
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/any size; this is for 224×224, --size gives another/),
    ]);
    expect(out).toMatch(/^c +222×222×5/m);
    const at24 = await vitrine(["layers", ...model("free-input-size"), "--size", "24x30"]);
    expect(at24.out).toMatch(/^c +22×28×5/m);
  });

  test("channels-2-preprocess: runs, and says what needs three channels", async () => {
    const name = "channels-2-preprocess";
    const plain = await predict(name, "x.npy");
    const none = await predict(name, "x.npy", "--preprocess", "none");
    expect(none.results).toEqual(plain.results);
    const args = ["predict", `${cases}${name}/x.npy`, ...model(name), "--preprocess", "imagenet"];
    expect((await vitrine(args)).err).toMatch(/--preprocess imagenet: expected mean of 2 numbers/);
  });

  test.each([
    ["float-tiff/picture.tif", /black throughout/],
    ["hostile/image-bombs/16k.svg", /got SVG/],
    ["hostile/image-bombs/filter.svg", /got SVG/],
    ["hostile/image-bombs/bit16383.png", /at most 64 megapixels, got 16383×16383/],
    ["hostile/npy-long-header/a.npy", /expected an array \[H,W\]/],
  ])("%s is refused in a line", async (file, message) => {
    const { code, err } = await vitrine(["predict", `${cases}${file}`]);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    expect(err.split("\n")).toHaveLength(1);
  });
});

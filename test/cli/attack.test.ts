import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine } from "./run.ts";

interface Report {
  readonly succeeded: number;
  readonly results: readonly {
    readonly image: string;
    readonly succeeded: boolean;
    readonly after: { readonly index: number; readonly probability: number };
    readonly linf: number;
  }[];
  readonly defences?: readonly { readonly defence: string; readonly restored: number }[];
}

interface Predicted {
  readonly results: readonly { readonly predictions: readonly { index: number; probability: number }[] }[];
}

describe("vitrine attack", () => {
  test("prints each attack with its answers, its size, and what defences restore", async () => {
    const { code, out } = await vitrine(["attack", "pgd", "synthetic:3", "synthetic:4", "--defences"]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^synthetic:3: succeeded, star [\d.]+ % became \w+ [\d.]+ %; largest change 8\/255, length [\d.]+\/255; 20 steps$/m,
    );
    expect(out).toMatch(/^synthetic:4: failed, ring [\d.]+ % became ring/m);
    expect(out).toMatch(/^Projected gradient descent: 1 of 2 succeeded$/m);
    for (const name of ["JPEG 75", "blur 1", "4 bits", "median 3"]) {
      expect(out).toMatch(new RegExp(`^${name} +\\d of 1 +\\d of 2$`, "m"));
    }
  });

  test("writes a sheet, and pictures that the network answers as reported", async () => {
    const sheet = join(folder, "attack.svg");
    expect((await vitrine(["attack", "fgsm", "synthetic:3", "--epsilon", "16", "--out", sheet])).code).toBe(
      0,
    );
    const pictures = join(folder, "attacked/");
    const names = ["synthetic:3", "synthetic:5"];
    const { results } = await json<Report>(["attack", "pgd", ...names, "--out", pictures]);
    const files = (await readdir(pictures)).sort().map((file) => join(pictures, file));
    expect(files).toHaveLength(2);
    const seen = await json<Predicted>(["predict", ...files]);
    for (const [i, { after, linf }] of results.entries()) {
      expect(linf).toBe(8);
      const [first] = seen.results[i]?.predictions ?? [];
      expect(first?.index).toBe(after.index);
      expect(first?.probability).toBeCloseTo(after.probability, 4);
    }
    const array = join(folder, "attacked.npy");
    await json(["attack", "pgd", ...names, "--out", array]);
    const { shape, data } = await readNpy(array);
    expect(shape).toEqual([2, 96, 96, 3]);
    expect(data.every((value) => Math.abs(value * 255 - Math.round(value * 255)) < 1e-4)).toBe(true);
  });

  test("takes a target, and a failure is no error", async () => {
    const args = ["attack", "pgd", "synthetic:3", "--target", "ring", "--epsilon", "0.6", "--steps", "2"];
    const { code, out } = await vitrine(args);
    expect(code).toBe(0);
    expect(out).toMatch(/^synthetic:3: failed, star/);
  });

  test.each<[readonly string[], RegExp]>([
    [["attack"], /attack expects a method \(fgsm, pgd, .*\), got none/],
    [["attack", "deepfol", "synthetic:1"], /got "deepfol"; did you mean deepfool\?/],
    [["attack", "pgd"], /expected --image FILE, got none/],
    [["attack", "fgsm", "synthetic:1", "--steps", "3"], /fgsm takes no --steps/],
    [["attack", "deepfool", "synthetic:1", "--target", "ring"], /deepfool takes no --target/],
    [["attack", "fgsm", "synthetic:1", "--epsilon", "0"], /epsilon, in units of 1\/255, above 0, got 0/],
    [["attack", "fgsm", "synthetic:1", "--epsilon", "x"], /--epsilon expects numbers/],
    [["attack", "pgd", "synthetic:1", "--target", "unicorn"], /one of its labels, got "unicorn"/],
    [["attack", "pgd", "synthetic:1", "--norm", "l7"], /--norm expects linf, l2, got "l7"/],
  ])("refuses %j", async (args, message) => {
    const { code, err } = await vitrine(args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });
});

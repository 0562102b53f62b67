import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/node/npy.ts";
import { folder, vitrine } from "./run.ts";

const at = (name: string) => join(folder, "map", name);
const DATA = ["--data", "synthetic:12"];

beforeAll(async () => {
  await mkdir(at("."), { recursive: true });
  await vitrine(["survey", ...DATA, "--layers", "conv1", "--bins", "0", "--out", at("survey")]);
});

describe("vitrine map", () => {
  test("is the same map from a survey as without one, in two and three dimensions", async () => {
    const pca = ["map", ...DATA, "--method", "pca", "--dimensions", "3", "--out"];
    await vitrine([...pca, at("a.npy")]);
    const { code, out } = await vitrine([...pca, at("b.npy"), "--survey", at("survey"), "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ layer: "gap", pictures: 12, k: 5 });
    const [a, b] = [await readNpy(at("a.npy")), await readNpy(at("b.npy"))];
    expect(a.shape).toEqual([12, 3]);
    expect(a).toEqual(b);
  });

  test.each([
    [["map"], /expects --data/],
    [["map", ...DATA, "--method", "sne"], /--method expects tsne, umap, pca, got "sne"/],
    [["map", ...DATA, "--frame", "red"], /--frame expects label, answer, none, got "red"/],
    [["map", ...DATA, "--dimensions", "3", "--out", "a.png"], /--dimensions 3 expects --out FILE.npy/],
    [["map", "--data", "synthetic:3"], /at least 4 pictures, got 3/],
    [["map", ...DATA, "--method", "pca", "--perplexity", "5"], /--perplexity belongs to --method tsne/],
    [
      ["map", ...DATA, "--survey", at("survey"), "--layer", "conv1"],
      /expected features of one of gap, got "conv1"/,
    ],
    [["neighbours", ...DATA], /expects one IMAGE or --picture ID, got none/],
    [["neighbours", ...DATA, "--picture", "12"], /the name or number of a picture of the data set, got "12"/],
    [["neighbours", ...DATA, "--picture", "1", "--metric", "l1"], /--metric expects l2 or cosine, got "l1"/],
    [["neighbours", "--data", "synthetic:1", "--picture", "0"], /expected other pictures/],
  ])("%j is refused", async (args, words) => {
    const { code, err } = await vitrine(args);
    expect(code).not.toBe(0);
    expect(err).toMatch(words);
  });
});

test("vitrine neighbours finds as many as there are, by features and by pixels, and not the picture itself", async () => {
  const { out } = await vitrine(["neighbours", ...DATA, "--picture", "4", "--nearest", "40", "--json"]);
  const { nearest, byPixels, accuracy } = JSON.parse(out);
  for (const found of [nearest, byPixels]) {
    const indices = found.map(({ index }: { index: number }) => index);
    expect(indices.toSorted((a: number, b: number) => a - b)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11]);
    const distances = found.map(({ distance }: { distance: number }) => distance);
    expect(distances).toEqual(distances.toSorted((a: number, b: number) => a - b));
  }
  expect(accuracy >= 0 && accuracy <= 1).toBe(true);
});

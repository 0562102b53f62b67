import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { random } from "../graph/graphs.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, "tree", name);

let given: string[];
beforeAll(async () => {
  const model = await writeTinyModel("tree/tiny");
  const next = random(5);
  for (let i = 0; i < 40; i++) {
    const tint = [next(), next(), next()];
    const data = Uint8Array.from({ length: 12 * 12 * 3 }, (_, k) =>
      Math.round(127 * (1 + (2 * (tint[k % 3] ?? 0) + next()) / 3)),
    );
    await mkdir(at(`pictures/${i % 3}`), { recursive: true });
    await writePng(at(`pictures/${i % 3}/${i}.png`), { width: 12, height: 12, data });
  }
  given = ["tree", "--data", at("pictures"), "--model", model, "--draws", "100", "--nodes", "7"];
});

test("prints the tree and how true it is, and draws it", async () => {
  const { code, out } = await vitrine([...given, "--components", "3", "--out", at("tree.png")]);
  expect(code).toBe(0);
  expect(out).toMatch(/fitted to 20 pictures, judged on 20/);
  expect(out).toMatch(
    /^Fidelity \d+\.\d %; a plain tree grown on the pictures \d+\.\d %\. \d nodes, 3 Gaussians\.$/m,
  );
  expect(out).toMatch(/^Right: tree \d+\.\d %, network \d+\.\d %\.$/m);
  expect((await readImage(at("tree.png"))).width).toBeGreaterThan(400);
});

test("gives the tree as JSON", async () => {
  const found = await json<{ layer: string; root: { mass: number }; nodes: number }>([
    ...given,
    "--train",
    "30",
  ]);
  expect(found).toMatchObject({ layer: "gap", root: { mass: expect.closeTo(1, 6) } });
  expect(found.nodes).toBeLessThanOrEqual(7);
});

test.each([
  [["--layer", "conv1"], /a layer \[C\] without places/],
  [["--nodes", "0"], /--nodes expects a whole number of 1/],
  [["--components", "21"], /at least 21 rows for as many components, got 20/],
])("%j is refused", async (words, message) => {
  const { code, err } = await vitrine([...given.slice(0, 5), "--draws", "100", ...words]);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

import { join } from "node:path";
import { expect, test } from "vitest";
import { readImage } from "../../src/node/image.ts";
import { corrupt } from "../../src/techniques/robustness/corruptions/corrupt.ts";
import { testDevice } from "../gpu.ts";
import { folder, json, vitrine } from "./run.ts";

const at = (name: string) => join(folder, "corrupt", name);

test("corrupt writes what the library makes, and says what deviates", async () => {
  expect((await vitrine(["dataset", "--index", "4", "--size", "40", "--out", at("x.png")])).code).toBe(0);
  const options = ["--kind", "motion-blur", "--severity", "2", "--seed", "7", "--out", at("y.png")];
  const ran = await vitrine(["corrupt", at("x.png"), ...options]);
  expect(ran.code).toBe(0);
  expect(ran.err).toMatch(/motion blur: sums shifted copies/);
  const right = await corrupt(await testDevice(), await readImage(at("x.png")), {
    ...{ kind: "motion-blur", severity: 2, seed: 7 },
  });
  expect([...(await readImage(at("y.png"))).data]).toEqual([...right.data]);
});

test("corrupt draws every kind on a sheet", async () => {
  const args = ["corrupt", at("x.png"), "--all", "--severity", "1", "--out", at("all.png")];
  const report = await json<{ kinds: { name: string }[] }>(args);
  expect(report.kinds.map(({ name }) => name)).toContain("fog");
  const { height } = await readImage(at("all.png"));
  expect(height).toBeGreaterThan(400);
});

test.each([
  [["corrupt", "synthetic:1", "--out", "x.png"], /corrupt expects --kind \(gaussian-noise, /],
  [["corrupt", "synthetic:1", "--kind", "fogg", "--out", "x.png"], /did you mean fog/],
  [["corrupt", "--kind", "fog", "--out", "x.png"], /corrupt expects one picture, got none/],
  [
    ["corrupt", "synthetic:1", "--kind", "fog", "--severity", "6"],
    /--severity expects a whole number of 1 to 5/,
  ],
])("%j is refused", async (line, message) => {
  const { code, err } = await vitrine(line);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

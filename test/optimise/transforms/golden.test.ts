import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { arraysOf } from "../../../src/node/npz.ts";
import { cropAndResize } from "../../../src/optimise/transforms/crop-and-resize.ts";
import { jitter } from "../../../src/optimise/transforms/jitter.ts";
import { pad } from "../../../src/optimise/transforms/pad.ts";
import { rotate } from "../../../src/optimise/transforms/rotate.ts";
import { scale } from "../../../src/optimise/transforms/scale.ts";
import type { Transform } from "../../../src/optimise/transforms/transform.ts";
import { runViews, type ViewsRun } from "./run-views.ts";

/** The chains of test/golden/transforms.py. */
const CHAINS: readonly (readonly [name: string, transforms: Transform[], run: ViewsRun])[] = [
  [
    "lucid",
    [
      pad(12),
      jitter(8, { offsets: [[3, 6]] }),
      scale([0.9], { ordered: true }),
      rotate([7], { ordered: true }),
      jitter(4, { offsets: [[1, 4]] }),
    ],
    {},
  ],
  ["crop", [cropAndResize({ boxes: [[3.2, -2.5, 9.7, 13.1]], size: [12, 10], border: "reflect" })], {}],
  ["resize", [], { network: [17, 23] }],
  ["edge", [pad(6, { border: "edge" }), rotate([33], { border: "edge" })], {}],
];

test.each(CHAINS)("%s is as PyTorch samples it, forward and backward", async (name, transforms, run) => {
  const arrays = arraysOf(await readFile("test/golden/transforms.npz"), "transforms.npz");
  const array = (key: string): Float32Array => {
    const found = arrays.find((one) => one.name === key);
    if (!found) throw new Error(`expected ${key} in transforms.npz`);
    return Float32Array.from(found.array.data);
  };
  const { y, dx } = await runViews({ shape: [1, 13, 15, 3], data: array("x") }, transforms, {
    ...run,
    dy: () => array(`${name}-weights`),
  });
  for (const [found, expected] of [
    [y.data, array(name)],
    [dx, array(`${name}-gradient`)],
  ] as const) {
    expect(found.length).toBe(expected.length);
    const most = Math.max(...expected.map(Math.abs));
    const worst = found.reduce((far, v, i) => Math.max(far, Math.abs(v - (expected[i] ?? Number.NaN))), 0);
    expect(worst / most).toBeLessThan(1e-5);
  }
});

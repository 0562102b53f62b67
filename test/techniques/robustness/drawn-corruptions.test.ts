import { readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import type { Pixels } from "../../../src/images/pixels.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { gaussian } from "../../../src/techniques/robustness/corruptions/blurs.ts";
import { corrupt } from "../../../src/techniques/robustness/corruptions/corrupt.ts";
import type { CorruptionSet } from "../../../src/techniques/robustness/corruptions/corruption.ts";
import { stretched } from "../../../src/techniques/robustness/corruptions/elastic.ts";
import type { Unit } from "../../../src/techniques/robustness/corruptions/fields.ts";
import { scattered } from "../../../src/techniques/robustness/corruptions/glass.ts";
import { corruptionNamed } from "../../../src/techniques/robustness/corruptions/list.ts";
import { snowed } from "../../../src/techniques/robustness/corruptions/snow.ts";
import { spattered } from "../../../src/techniques/robustness/corruptions/spatter.ts";
import { testDevice } from "../../gpu.ts";

let device: GPUDevice;
const golden = new Map<string, ArrayLike<number>>();
let picture: Pixels;

beforeAll(async () => {
  device = await testDevice();
  const file = await readFile("test/golden/drawn-corruptions.npz");
  for (const { name, array } of arraysOf(file, "drawn corruptions")) {
    golden.set(name, array.data);
    const [height = 0, width = 0] = array.shape;
    if (name === "picture") picture = { width, height, data: Uint8ClampedArray.from(array.data) };
  }
});

/** The numbers that the golden script draws. */
function drawsOfScript(): Unit {
  let n = 0;
  return () => (++n * n * 0.6180339887498949) % 1;
}

type Make = (constants: readonly number[], set: CorruptionSet, severity: number) => Promise<Pixels>;

const KINDS: Record<string, Make> = {
  "glass-blur": async (constants, set) => {
    const [sigma = 0, reach = 0, times = 0] = constants;
    const site = { device, pixels: picture, constants: [sigma], set, seed: 0 };
    return gaussian({ ...site, pixels: scattered(await gaussian(site), reach, times, drawsOfScript()) });
  },
  "zoom-blur": (_, set, severity) => corrupt(device, picture, { kind: "zoom-blur", severity, set }),
  snow: async (constants) => snowed(picture, constants, drawsOfScript()),
  elastic: async (constants) => stretched(picture, constants, drawsOfScript()),
  spatter: async (constants) => spattered(picture, constants, drawsOfScript()),
};

const SETS = ["imagenet", "cifar"] as const;

test.each(Object.keys(KINDS).flatMap((kind) => SETS.map((set) => ({ kind, set }))))(
  "$kind of $set is what NumPy, SciPy, scikit-image and OpenCV make of the same draws, to rounding",
  async ({ kind, set }) => {
    const right = golden.get(`${set} ${kind}`) ?? [];
    const ties = golden.get(`${set} ${kind} ties`) ?? [];
    const size = picture.data.length;
    expect(right.length).toBe(3 * size);
    for (const [n, severity] of [1, 3, 5].entries()) {
      const constants = corruptionNamed(kind).sets[set][severity - 1] ?? [];
      const { data } = (await KINDS[kind]?.(constants, set, severity)) ?? picture;
      const away = Array.from(data, (value, i) => Math.abs(value - (right[n * size + i] ?? 0)));
      const tie = (i: number): boolean => {
        const bit = n * size + i;
        return (((ties[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1;
      };
      const off = [...away.keys()].filter((i) => away[i] !== 0 && !tie(i));
      // A value that is cut to 8 bits before the second blur may fall to the other side in single precision.
      expect(off.length).toBeLessThanOrEqual(kind === "glass-blur" ? 4 : 0);
      expect(Math.max(...away)).toBeLessThanOrEqual(1);
    }
  },
);

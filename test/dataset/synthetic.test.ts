import { beforeAll, describe, expect, test } from "vitest";
import { syntheticNames, syntheticParts, syntheticPictures } from "../../src/dataset/synthetic.ts";
import { syntheticLabels, syntheticObjectCount } from "../../src/dataset/synthetic-labels.ts";
import { InputError } from "../../src/gpu/errors.ts";
import type { Pixels } from "../../src/images/pixels.ts";
import { readNpy } from "../../src/node/npy.ts";
import { testDevice } from "../gpu.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

type Options = Parameters<typeof syntheticPictures>[1];

async function draw(options: Options): Promise<Pixels[]> {
  const pictures: Pixels[] = [];
  for await (const picture of syntheticPictures(device, options)) pictures.push(picture);
  return pictures;
}

describe("synthetic pictures", () => {
  test("picture 19 is the one that the network's golden values were computed from", async () => {
    const [picture] = await draw({ first: 19 });
    const { data } = await readNpy("test/golden/vitrine/input.npy");
    expect(picture).toMatchObject({ width: 96, height: 96 });
    const differing = data.filter((value, i) => {
      const level = Math.round((value / 2 + 0.5) * 255);
      return Math.abs(level - (picture?.data[i] ?? 0)) > 1;
    });
    expect(differing).toHaveLength(0);
  });

  test("a picture depends on seed and index alone, not on its neighbours or its batch", async () => {
    const several = await draw({ first: 5, count: 3, size: 16 });
    for (const [i, picture] of several.entries()) {
      expect((await draw({ first: 5 + i, size: 16 }))[0]).toEqual(picture);
    }
    expect(several[1]).not.toEqual(several[0]);
    expect((await draw({ first: 5, size: 16, seed: 2 }))[0]).not.toEqual(several[0]);
  });

  test("many large pictures are drawn in several dispatches", async () => {
    const pictures = await draw({ first: 7, count: 3, size: 420, supersample: 1 });
    const [alone] = await draw({ first: 9, size: 420, supersample: 1 });
    const same = pictures.map(({ data }) => Buffer.from(data).equals(Buffer.from(alone?.data ?? [])));
    expect(same).toEqual([false, false, true]);
  });

  test("names follow from the index: 16 classes, pairs of different objects", () => {
    expect(Array.from({ length: 16 }, (_, i) => syntheticNames(i)[0])).toEqual([...syntheticLabels]);
    expect(syntheticNames(16)).toEqual(["ball"]);
    const objects = syntheticLabels.slice(0, syntheticObjectCount);
    for (let index = 0; index < 90; index++) {
      const [left, right] = syntheticNames(index, true);
      expect(left).not.toBe(right);
      expect(objects).toContain(left);
      expect(objects).toContain(right);
    }
  });

  test.each<Options>([
    { seed: -1 },
    { seed: 2 ** 32 },
    { first: 0.5 },
    { first: 2 ** 32 - 1, count: 2 },
    { count: 0 },
    { size: 0 },
    { size: 8, supersample: 0 },
  ])("refuses %j", async (options) => {
    await expect(draw(options)).rejects.toThrow(InputError);
  });
});

describe("synthetic parts", () => {
  async function partsOf(first: number, options: Options = {}) {
    for await (const parts of syntheticParts(device, { first, ...options })) return parts;
    throw new Error("no parts");
  }

  test("the object has its class, and lies where the picture changes when nothing but it does", async () => {
    for (const first of [0, 3, 17]) {
      const { item, background, clutter } = await partsOf(first, { size: 48 });
      const classes = new Set(item);
      expect(classes).toEqual(new Set([0, 1 + (first % 16)]));
      // What is uppermost is there alone.
      for (const [i, part] of item.entries()) {
        expect(
          Number(part > 0) + Number((background[i] ?? 0) > 0) + Number((clutter[i] ?? 0) > 0),
        ).toBeLessThan(2);
      }
    }
  });

  test("a ball's mask is an ellipse: as large as its extents say", async () => {
    const { item, size } = await partsOf(0);
    const columns = new Set<number>();
    const rows = new Set<number>();
    let count = 0;
    for (const [i, part] of item.entries()) {
      if (part === 0) continue;
      count++;
      columns.add(i % size);
      rows.add(Math.floor(i / size));
    }
    expect(count / ((Math.PI / 4) * columns.size * rows.size)).toBeCloseTo(1, 1);
  });

  test("a texture fills the picture but for clutter; a pair has two classes", async () => {
    const { item, clutter } = await partsOf(10);
    expect(item.every((part, i) => (part === 11) !== (clutter[i] === 1))).toBe(true);
    expect(new Set((await partsOf(0, { pair: true })).item)).toEqual(new Set([0, 1, 2]));
  });
});

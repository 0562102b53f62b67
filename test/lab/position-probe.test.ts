import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import { positionProbe } from "../../src/lab/position-probe.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { graph } from "../graph/graphs.ts";
import { mirrors, noise, SIDE } from "./mirrors.ts";

let networks: Networks;
beforeAll(async () => {
  networks = createNetworks(await testDevice(), mirrors());
});
afterAll(() => networks.destroy());

/** Pictures of which each place is told. */
const drawn = (
  of: (y: number, x: number, picture: number) => readonly [number, number, number],
  count = 10,
) =>
  arraySource(
    Array.from({ length: count }, (_, n) => ({
      pixels: {
        ...{ width: SIDE, height: SIDE },
        data: Uint8Array.from(
          Array.from({ length: SIDE * SIDE }, (_, i) => of(Math.floor(i / SIDE), i % SIDE, n)).flat(),
        ),
      },
    })),
  );

describe("position probe", () => {
  test("reads the place from channels that hold it", async () => {
    const source = drawn((y, x, n) => [10 * y, 200 - 20 * x, 17 * n]);
    const {
      layers,
      train,
      test: judged,
    } = await positionProbe(networks, source, { layers: ["image"], lambda: 1e-9 });
    expect([train, judged]).toEqual([5, 5]);
    const [image] = layers;
    expect(image).toMatchObject({ layer: "image", size: [SIDE, SIDE], channels: 3, notes: [] });
    expect(image?.r2.y).toBeCloseTo(1, 6);
    expect(image?.r2.x).toBeCloseTo(1, 6);
    expect(image?.distance).toBeLessThan(1e-3);
  });

  test("tells rows from columns", async () => {
    const { layers } = await positionProbe(
      networks,
      drawn((y, x, n) => [3 * ((x * 7 + y * 3 + n * 5) % 64), 20 * x, 5]),
      {
        layers: ["image"],
      },
    );
    expect(layers[0]?.r2.x).toBeGreaterThan(0.99);
    expect(layers[0]?.r2.y).toBeLessThan(0.2);
  });

  test("reads nothing from noise: no better than always saying the middle", async () => {
    const { layers } = await positionProbe(networks, noise(200), {
      layers: ["image"],
      train: 100,
      test: 100,
    });
    const [{ r2, distance, distanceOfMiddle } = { r2: { y: 1, x: 1 }, distance: 0, distanceOfMiddle: 0 }] =
      layers;
    expect(Math.abs(r2.y ?? 1)).toBeLessThan(0.01);
    expect(Math.abs(r2.x ?? 1)).toBeLessThan(0.01);
    let sum = 0;
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) sum += Math.hypot((y + 0.5) / SIDE - 0.5, (x + 0.5) / SIDE - 0.5);
    expect(distanceOfMiddle).toBeCloseTo(sum / SIDE ** 2, 6);
    expect(Math.abs(distance / distanceOfMiddle - 1)).toBeLessThan(0.02);
  });

  test("reads from a plain picture what zeros beyond the border tell, and no more", async () => {
    // A filter that sees the place at its left: 0 in the first column, 200 elsewhere.
    const w = new Float32Array(3 * 3 * 3);
    w[(1 * 3 + 0) * 3] = 1;
    const left = createNetworks(
      await testDevice(),
      graph("left", [
        { op: "input", name: "image", inputs: [], shape: [SIDE, SIDE, 3] },
        {
          ...{
            op: "conv2d",
            name: "left",
            inputs: ["image"],
            strides: [1, 1],
            dilations: [1, 1],
            padding: "same",
          },
          w: { shape: [3, 3, 3, 1], data: w },
        },
        { op: "globalPool", name: "gap", inputs: ["left"], mode: "average" },
      ]),
    );
    const { layers } = await positionProbe(
      left,
      drawn(() => [200, 0, 0]),
      { layers: ["image", "left"], lambda: 1e-9 },
    );
    const [image, border] = layers;
    expect(image?.r2.x).toBeCloseTo(0, 6);
    // The least squares of eight columns by whether they are the first: two means.
    const columns = Array.from({ length: SIDE }, (_, x) => x);
    const spread = columns.reduce((sum, x) => sum + (x - 3.5) ** 2, 0);
    const within = columns.slice(1).reduce((sum, x) => sum + (x - 4) ** 2, 0);
    expect(border?.r2.x).toBeCloseTo(1 - within / spread, 5);
    expect(border?.r2.y).toBeCloseTo(0, 6);
    left.destroy();
  });

  test("asks the input and every layer with places unless others are named", async () => {
    const { layers } = await positionProbe(networks, noise(4));
    expect(layers.map(({ layer }) => layer)).toEqual(["image", "conv1", "conv2"]);
    await expect(positionProbe(networks, noise(4), { layers: ["gap"] })).rejects.toThrow(
      /a layer with places/,
    );
    await expect(positionProbe(networks, noise(1))).rejects.toThrow(/at least two pictures/);
  });
});

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import { type PictureValues, valuesOf } from "../../../src/images/zoom.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { readNpy } from "../../../src/node/npy.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { deepDream, deepDreamZoom } from "../../../src/techniques/synthesis/deep-dream.ts";
import { testDevice } from "../../gpu.ts";
import { constant, graph, random } from "../../graph/graphs.ts";
import { liveBytes } from "../../live-bytes.ts";

const [HEIGHT, WIDTH] = [45, 38];
const QUIET = { octaves: 2, steps: 3, jitter: 0 } as const;

let device: GPUDevice;
let networks: Networks;
let picture: PictureValues;
let turned: PictureValues;

beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, await loadLayersModel(await modelFromDisk("models/vitrine")));
  const { data } = await readNpy("test/golden/vitrine/input.npy");
  const cut = (y: number, x: number, c: number): number => (data[(y * 96 + x) * 3 + c] ?? 0) / 2 + 0.5;
  const of = (row: (y: number) => number): PictureValues => ({
    data: Float32Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) =>
      cut(row(Math.floor(i / (3 * WIDTH))), Math.floor(i / 3) % WIDTH, i % 3),
    ),
    shape: [HEIGHT, WIDTH, 3],
  });
  [picture, turned] = [of((y) => y), of((y) => HEIGHT - 1 - y)];
});
afterAll(() => networks.destroy());

const golden = (name: string): ArrayLike<number> => {
  const file = "test/golden/vitrine/deep-dream.npz";
  return arraysOf(readFileSync(file), file, name)[0]?.array.data ?? [];
};

/** ‖a − b‖ / ‖b − c‖: how far a dream is off, beside how far it went from its picture. */
function off(a: ArrayLike<number>, b: ArrayLike<number>, from: ArrayLike<number>): number {
  let [wrong, moved] = [0, 0];
  for (let i = 0; i < from.length; i++) {
    wrong += ((a[i] ?? Number.NaN) - (b[i] ?? 0)) ** 2;
    moved += ((b[i] ?? 0) - (from[i] ?? 0)) ** 2;
  }
  return Math.sqrt(wrong / moved);
}

describe("a dream", () => {
  test("is that of the notebook's loop in PyTorch", async () => {
    const { data, shape } = await deepDream(networks, picture, { layer: "conv2_2", ...QUIET });
    expect(shape).toEqual([HEIGHT, WIDTH, 3]);
    expect(off(data, golden("dream"), picture.data)).toBeLessThan(1e-3);
  });

  test("guided by another picture is too", async () => {
    const { data } = await deepDream(networks, picture, { layer: "conv2_2", guide: turned, ...QUIET });
    expect(off(data, golden("guided"), picture.data)).toBeLessThan(1e-3);
    expect(off(data, golden("dream"), picture.data)).toBeGreaterThan(0.1);
  });

  test("rolls by its seed: the same seed the same bits, and another seed another picture", async () => {
    const rolled = (seed: number) =>
      deepDream(networks, picture, { layer: "conv2_2", octaves: 1, steps: 2, seed });
    const [a, b, c] = [await rolled(3), await rolled(3), await rolled(4)];
    expect(a).toEqual(b);
    expect(a.data).not.toEqual(c.data);
    expect(a.data.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test("says how far it is, shows what it has, stops, and leaves nothing", async () => {
    const told: number[] = [];
    const shown: number[] = [];
    const options = {
      ...{ layer: "conv1", octaves: 2, steps: 2 },
      onProgress: (done: number) => told.push(done),
      onPicture: ({ shape }: PictureValues) => shown.push(shape[0]),
    };
    await deepDream(networks, picture, options);
    const { left, objects } = await liveBytes(device, () => deepDream(networks, picture, options));
    expect([left, objects]).toEqual([0, 0]);
    expect(told.at(-1)).toBe(1);
    expect(new Set(shown)).toEqual(new Set([32, HEIGHT]));
    const stopped = liveBytes(device, () =>
      deepDream(networks, picture, { ...options, signal: AbortSignal.abort(new Error("enough")) }).catch(
        (error: Error) => error.message,
      ),
    );
    expect(await stopped).toMatchObject({ result: "enough", left: 0 });
  });

  test("of a picture one pixel wide is not rolled", async () => {
    const data = Float32Array.from({ length: 40 * 3 }, (_, i) => (i % 7) / 7);
    const thin = { data, shape: [40, 1, 3] } as const;
    const dreamt = await deepDream(networks, thin, { layer: "conv1", octaves: 1, steps: 1 });
    expect(dreamt.shape).toEqual([40, 1, 3]);
    expect(dreamt.data.every(Number.isFinite)).toBe(true);
  });

  test("takes pixels as it takes their values", async () => {
    const pixels = { width: 9, height: 11, data: Uint8ClampedArray.from({ length: 297 }, (_, i) => 7 * i) };
    const options = { layer: "conv1", octaves: 1, steps: 2 };
    const values = await deepDream(networks, valuesOf(pixels), { ...options, guide: valuesOf(pixels) });
    expect(await deepDream(networks, pixels, { ...options, guide: pixels })).toEqual(values);
  });

  test("of a network of one channel is grey, and pixels are taken by their brightness", async () => {
    const conv = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
    const grey = createNetworks(
      device,
      graph("grey", [
        { op: "input", name: "image", inputs: [], shape: [8, 8, 1] },
        { op: "conv2d", name: "conv", inputs: ["image"], ...conv, w: constant([3, 3, 1, 4], random(3)) },
      ]),
    );
    const pixels = { width: 9, height: 11, data: Uint8ClampedArray.from({ length: 297 }, (_, i) => 7 * i) };
    const luma = Float32Array.from({ length: 99 }, (_, i) => {
      const [r = 0, g = 0, b = 0] = pixels.data.subarray(3 * i, 3 * i + 3);
      return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
    });
    const options = { layer: "conv", octaves: 2, steps: 2 };
    const dreamt = await deepDream(grey, pixels, options);
    expect(dreamt.shape).toEqual([11, 9, 1]);
    expect(dreamt).toEqual(await deepDream(grey, { data: luma, shape: [11, 9, 1] }, options));
    expect(dreamt.data).not.toEqual(luma);
    grey.destroy();
  });

  test.each<[string, unknown]>([
    ["too few values", { data: new Float32Array(12), shape: [3, 2, 3] }],
    ["one channel", { data: new Float32Array(6), shape: [3, 2, 1] }],
    ["no rows", { data: new Float32Array(), shape: [0, 2, 3] }],
    ["NaN", { data: new Float32Array(18).fill(Number.NaN), shape: [3, 2, 3] }],
  ])("refuses a picture and a guide that are none: %s", async (_, wrong) => {
    const options = { layer: "conv1", octaves: 1, steps: 1 };
    const expected = { name: "InputError", message: expect.stringMatching(/^deepDream: expected a picture/) };
    await expect(deepDream(networks, wrong as PictureValues, options)).rejects.toMatchObject(expected);
    await expect(deepDream(networks, picture, { ...options, guide: wrong as PictureValues })).rejects.toThrow(
      /^deepDream: expected a guide/,
    );
  });

  test("as a film begins each frame at the last one, drawn larger", async () => {
    const frames: PictureValues[] = [];
    const options = { layer: "conv1", octaves: 1, steps: 1, jitter: 0, frames: 3 };
    for await (const frame of deepDreamZoom(networks, picture, options)) frames.push(frame);
    expect(frames.length).toBe(3);
    const alone = await deepDream(networks, picture, { layer: "conv1", octaves: 1, steps: 1, jitter: 0 });
    expect(frames[0]).toEqual(alone);
    expect(frames[2]?.data).not.toEqual(frames[1]?.data);
  });
});

describe("what cannot be right", () => {
  test.each<[string, object, RegExp]>([
    ["no layer", { layer: [] }, /expected a layer, got none/],
    ["a layer that there is not", { layer: "nowhere" }, /"nowhere"/],
    ["a rate below 0", { layer: "conv1", rate: -1 }, /a rate above 0, in levels of 0…255, got -1/],
    ["no octave", { layer: "conv1", octaves: 0 }, /1 to 16 octaves, got 0/],
    ["a scale of 1", { layer: "conv1", scale: 1 }, /a scale above 1, got 1/],
    ["a jitter of parts of pixels", { layer: "conv1", jitter: 0.5 }, /a jitter of whole pixels, got 0.5/],
    ["a rate of 0", { layer: "conv1", rate: 0 }, /a rate above 0/],
  ])("%s", async (_, options, message) => {
    const asked = deepDream(networks, picture, options as never);
    await expect(asked).rejects.toThrow(InputError);
    await expect(asked).rejects.toThrow(message);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../src/dataset/source.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensors } from "../../src/gpu/tensor.ts";
import { equivariance } from "../../src/lab/equivariance.ts";
import { HeldOut } from "../../src/lab/held-out.ts";
import { ridgeRegression } from "../../src/lab/ridge.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { chain, constant, graph, random } from "../graph/graphs.ts";
import { mirrors, noise, SIDE } from "./mirrors.ts";

const COUNT = 24;
const pictures = (count = COUNT, side?: readonly [number, number]): Source => noise(count, side);

let device: GPUDevice;
let plain: Networks;
let mirrored: Networks;
beforeAll(async () => {
  device = await testDevice();
  plain = createNetworks(device, mirrors());
  mirrored = createNetworks(device, mirrors({ symmetric: true }));
});
afterAll(() => {
  plain.destroy();
  mirrored.destroy();
});

const SHARES = { train: 14, test: 10, batch: 4 } as const;

describe("equivariance", () => {
  test("of filters that mirror themselves is exact for a flip, and the answer stays", async () => {
    const options = { ...SHARES, transforms: ["flip", "flip-vertical"] } as const;
    const { layers, answers } = await equivariance(mirrored, pictures(), options);
    expect(layers.map(({ layer, transform }) => `${layer} ${transform}`)).toEqual([
      ...["conv1 flip", "conv2 flip"],
      ...["conv1 flip-vertical", "conv2 flip-vertical"],
    ]);
    for (const { transform, error = 1, unfitted = 1, agreement, unfittedAgreement } of layers) {
      if (transform === "flip") {
        expect(unfitted).toBeLessThan(1e-10);
        expect(error).toBeLessThan(1e-4);
        expect([agreement, unfittedAgreement]).toEqual([1, 1]);
      } else expect(unfitted).toBeGreaterThan(0.05);
    }
    expect(answers[0]).toMatchObject({ transform: "flip", agreement: 1 });
  });

  test("under no transform is exact, and gives the network's own answers", async () => {
    const options = { ...SHARES, transforms: ["identity"], lambda: 1e-9 } as const;
    const { layers, accuracy } = await equivariance(plain, pictures(), options);
    expect(layers).toHaveLength(2);
    for (const one of layers) {
      expect(one.unfitted).toBe(0);
      expect(one.error).toBeLessThan(1e-9);
      expect(one).toMatchObject({ agreement: 1, unfittedAgreement: 1, accuracy, unfittedAccuracy: accuracy });
    }
  });

  test.each([1, 3])("is what naive loops find, with filters of %d", async (size) => {
    const source = pictures();
    const held = new HeldOut("test", source, SHARES);
    const own = await plain.of({ batch: 1 });
    const mirror = (map: Float32Array, channels: number) => {
      const width = SIDE;
      return map.map((_, i) => {
        const [c, place] = [i % channels, Math.floor(i / channels)];
        return map[(place - (place % width) + width - 1 - (place % width)) * channels + c] ?? 0;
      });
    };
    const seen = async (values: Float32Array) => {
      device.queue.writeBuffer(own.input.buffer, 0, values.buffer, values.byteOffset, values.byteLength);
      const encoder = device.createCommandEncoder();
      own.forward(encoder);
      device.queue.submit([encoder.finish()]);
      const [map, logits] = await readTensors(device, [own.activation("conv2"), own.activation("logits")]);
      return { map: map as Float32Array, best: best(logits as Float32Array) };
    };
    const best = (scores: ArrayLike<number>) => Array.from(scores).indexOf(Math.max(...Array.from(scores)));
    const windows = (map: Float32Array) => {
      const rows: number[] = [];
      const reach = (size - 1) / 2;
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++)
          for (let dy = -reach; dy <= reach; dy++)
            for (let dx = -reach; dx <= reach; dx++)
              for (let c = 0; c < 5; c++) {
                const inside = y + dy >= 0 && y + dy < SIDE && x + dx >= 0 && x + dx < SIDE;
                rows.push(inside ? (map[((y + dy) * SIDE + x + dx) * 5 + c] ?? 0) : 0);
              }
      return rows;
    };
    const gather = async (half: "train" | "test") => {
      const rows = { x: [] as number[], y: [] as number[], best: [] as number[] };
      for await (const { pixels } of held.read(half)) {
        const values = Float32Array.from(pixels.data);
        const [before, after] = [await seen(values), await seen(mirror(values, 3))];
        rows.x.push(...windows(mirror(before.map, 5)));
        rows.y.push(...after.map);
        rows.best.push(after.best);
      }
      return rows;
    };
    const [train, judged] = [await gather("train"), await gather("test")];
    const [d, rows] = [5 * size * size, train.y.length / 5];
    const mean = (c: number) => train.x.reduce((sum, v, i) => sum + (i % d === c ? v : 0), 0) / rows;
    const variances = Array.from({ length: d }, (_, c) => {
      const own = mean(c);
      return train.x.reduce((sum, v, i) => sum + (i % d === c ? (v - own) ** 2 : 0), 0) / rows;
    });
    const alpha = (0.05 * rows * variances.reduce((a, b) => a + b)) / d;
    const of = (data: number[], length: number) => ({
      data: Float32Array.from(data),
      shape: [data.length / length, length],
    });
    const { weights, bias } = ridgeRegression(of(train.x, d), of(train.y, 5), { alpha });
    const guess = judged.y.map((_, i) => {
      const [row, k] = [Math.floor(i / 5), i % 5];
      return Array.from(
        { length: d },
        (_, j) => (judged.x[row * d + j] ?? 0) * (weights[j * 5 + k] ?? 0),
      ).reduce((a, b) => a + b, bias[k] ?? 0);
    });
    const means = [0, 1, 2, 3, 4].map(
      (c) => judged.y.reduce((sum, v, i) => sum + (i % 5 === c ? v : 0), 0) / (judged.y.length / 5),
    );
    const spread = judged.y.reduce((sum, v, i) => sum + (v - (means[i % 5] ?? 0)) ** 2, 0);
    const right = judged.y.reduce((sum, v, i) => sum + (v - (guess[i] ?? 0)) ** 2, 0) / spread;
    // The rest of the network: the mean of each map, and a dense layer.
    const dense = mirrors().layers.find(({ name }) => name === "logits");
    if (dense?.op !== "dense") throw new Error("expected a dense layer");
    const answers = judged.best.map((_, n) => {
      const pooled = [0, 1, 2, 3, 4].map((c) => {
        const map = guess.slice(n * SIDE * SIDE * 5, (n + 1) * SIDE * SIDE * 5).filter((_, i) => i % 5 === c);
        return map.reduce((a, b) => a + b) / map.length;
      });
      return best(
        [0, 1, 2].map((k) =>
          pooled.reduce((sum, v, c) => sum + v * (dense.w.data[c * 3 + k] ?? 0), dense.b?.data[k] ?? 0),
        ),
      );
    });
    const agreement = answers.filter((answer, n) => answer === judged.best[n]).length / answers.length;

    const {
      layers,
      train: fitted,
      test: others,
    } = await equivariance(plain, source, {
      ...{ ...SHARES, layers: ["conv2"], transforms: ["flip"], size, lambda: 0.05 },
    });
    expect([fitted, others]).toEqual([14, 10]);
    expect(Math.abs((layers[0]?.error ?? 0) - right)).toBeLessThan(1e-5);
    expect(layers[0]?.agreement).toBe(agreement);
    expect(layers[0]?.notes).toEqual([]);
  });

  test("has no answer for a layer that another goes around, and says which", async () => {
    const next = random(3);
    const conv = { op: "conv2d", strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
    const around = createNetworks(
      device,
      graph("around", [
        { op: "input", name: "image", inputs: [], shape: [5, 5, 3] },
        { ...conv, name: "conv1", inputs: ["image"], w: constant([3, 3, 3, 4], next) },
        { ...conv, name: "conv2", inputs: ["conv1"], w: constant([3, 3, 4, 4], next) },
        { op: "add", name: "add", inputs: ["conv2", "conv1"] },
        { op: "globalPool", name: "gap", inputs: ["add"], mode: "average" },
        { op: "dense", name: "logits", inputs: ["gap"], w: constant([4, 3], next), b: constant([3], next) },
      ]),
    );
    const { layers } = await equivariance(around, pictures(8, [5, 5]), {
      layers: ["conv2", "add"],
      transforms: ["rotate-90"],
    });
    expect(layers[0]?.agreement).toBeUndefined();
    expect(layers[0]?.notes).toEqual([
      '"conv1" goes around it, so that its values alone do not decide the answer',
    ]);
    expect(layers[1]?.agreement).toBeGreaterThanOrEqual(0);
    const usual = await equivariance(around, pictures(8, [5, 5]), { transforms: ["flip"] });
    expect(usual.layers.map(({ layer }) => layer)).toEqual(["conv1", "add"]);
    around.destroy();
  });

  test("says where places do not mirror one another, and where only the penalty decides", async () => {
    const strided = createNetworks(device, mirrors({ symmetric: true, strides: [2, 2] }));
    const { layers } = await equivariance(strided, pictures(2), { transforms: ["flip"], size: 3, places: 4 });
    expect(layers[0]?.notes).toEqual([
      expect.stringMatching(/fitted to 4 places of 36 numbers each, fewer than/),
      "its places do not mirror one another: they are 1 pixel of the picture off",
    ]);
    strided.destroy();
  });

  test("reads the same pictures again, others with another seed, and passes over broken ones", async () => {
    const of = async (seed: number, source = pictures()) => {
      const options = {
        ...SHARES,
        transforms: ["flip"],
        layers: ["conv1"],
        seed,
        train: 6,
        test: 4,
      } as const;
      return (await equivariance(plain, source, options)).layers[0]?.error;
    };
    expect(await of(1)).toBe(await of(1));
    expect(await of(1)).not.toBe(await of(2));
    const whole = pictures();
    const broken: string[] = [];
    const cut: Source = {
      ...whole,
      async *read(options) {
        for await (const picture of whole.read(options)) {
          if (picture.index % 2) yield picture;
          else options?.onBroken?.({ ...picture, error: new Error("torn") });
        }
      },
    };
    const {
      train,
      test: judged,
      notes,
    } = await equivariance(plain, cut, {
      ...{ ...SHARES, layers: ["conv1"], transforms: ["flip"] },
      onBroken: ({ id, why }) => broken.push(`${id} ${why}`),
    });
    expect(train + judged).toBe(12);
    expect(broken).toHaveLength(12);
    expect(notes).toHaveLength(2);
  });

  test.each([
    [
      "a layer without places",
      plainOf,
      { layers: ["gap"] },
      /a layer with places, \[H, W, C\], got "gap" of 1×1×5|got "gap" of 5/,
    ],
    ["a layer that is not there", plainOf, { layers: ["conv9"] }, /conv9/],
    ["a transform that is not there", plainOf, { transforms: ["flop" as never] }, /flip, .*, got "flop"/],
    ["no transform", plainOf, { transforms: [] }, /got none/],
    ["filters of four", plainOf, { size: 4 }, /size of 1, 2 or 3 places, got 4/],
    ["no penalty", plainOf, { lambda: 0 }, /lambda above 0, got 0/],
    [
      "more pictures than there are",
      plainOf,
      { train: 20, test: 5 },
      /at most the 24 pictures .* got 20 and 5/,
    ],
    ["half a picture", plainOf, { train: 0.5 }, /pictures for train, 1 or more, got 0.5/],
  ])("refuses %s", async (_, networks, options, words) => {
    const found = equivariance(networks(), pictures(), options);
    await expect(found).rejects.toThrow(InputError);
    await expect(found).rejects.toThrow(words);
  });

  test("refuses one picture, and a quarter turn of a rectangle", async () => {
    await expect(equivariance(plain, pictures(1))).rejects.toThrow(/at least two pictures .* got 1/);
    const tall = createNetworks(device, chain());
    await expect(equivariance(tall, pictures(4, [8, 6]), { transforms: ["rotate-90"] })).rejects.toThrow(
      /input: expected a square for rotate-90, got 8×6/,
    );
    tall.destroy();
  });
});

function plainOf(): Networks {
  return plain;
}

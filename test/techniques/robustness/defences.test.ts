import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticPictures } from "../../../src/dataset/synthetic.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import { loadModel } from "../../../src/models/load-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { predict } from "../../../src/techniques/predict.ts";
import {
  bitDepthDefence,
  blurDefence,
  type Defence,
  jpegDefence,
  medianDefence,
  usualDefences,
} from "../../../src/techniques/robustness/defences.ts";
import { defend } from "../../../src/techniques/robustness/defend.ts";
import { pgd } from "../../../src/techniques/robustness/pgd.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";

describe("defences agree with SciPy, NumPy and Pillow", () => {
  let golden: Map<string, Pixels>;
  beforeAll(async () => {
    const file = await readFile("test/golden/defences.npz");
    golden = new Map(
      arraysOf(file, "defences").map(({ name, array: { data, shape } }) => [
        name,
        { width: shape[1] ?? 0, height: shape[0] ?? 0, data: Uint8ClampedArray.from(data) },
      ]),
    );
  });

  const picture = (name: string): Pixels =>
    golden.get(name) ?? { width: 0, height: 0, data: new Uint8Array() };

  test.each<[string, Defence]>([
    ["median-2", medianDefence(2)],
    ["median-3", medianDefence(3)],
    ["median-5", medianDefence(5)],
    ["blur-1", blurDefence(1)],
    ["blur-2", blurDefence(2)],
    ["bits-1", bitDepthDefence(1)],
    ["bits-3", bitDepthDefence(3)],
    ["bits-5", bitDepthDefence(5)],
  ])("%s, to the bit", async (name, defence) => {
    const { data } = await defence.apply(picture("picture"));
    expect([...data]).toEqual([...picture(name).data]);
  });

  test.each([20, 75])(
    "a JPEG of quality %i is as far from the picture as Pillow's, and near it",
    async (quality) => {
      const original = picture("picture").data;
      const { data } = await jpegDefence(quality).apply(picture("picture"));
      const theirs = picture(`jpeg-${quality}`).data;
      const rms = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Math.sqrt(Array.from(a).reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0) / a.length);
      expect(rms(data, original) / rms(theirs, original)).toBeGreaterThan(0.8);
      expect(rms(data, original) / rms(theirs, original)).toBeLessThan(1.25);
      expect(rms(data, theirs)).toBeLessThan(rms(theirs, original));
      expect(await jpegDefence(quality).apply(picture("picture"))).toEqual({ width: 22, height: 17, data });
    },
  );
});

describe("a table of defences", () => {
  let networks: Networks;
  let pictures: Pixels[];
  beforeAll(async () => {
    const device = await testDevice();
    networks = createNetworks(device, await loadModel(await modelFromDisk("models/vitrine")));
    pictures = [];
    for await (const picture of syntheticPictures(device, { first: 3, count: 2 })) pictures.push(picture);
  });
  afterAll(() => networks.destroy());

  test("says what the network says behind each, of the attacked picture and of its original", async () => {
    const attacks = await pgd(networks, pictures, { steps: 10 });
    const defences = usualDefences();
    const { result, left, objects } = await liveBytes(networks.device, () =>
      defend(networks, attacks, defences),
    );
    expect([left, objects]).toEqual([0, 0]);
    expect(result.map(({ defence }) => defence)).toEqual(["JPEG 75", "blur 1", "4 bits", "median 3"]);
    const network = await createNetwork(networks.device, networks.graph);
    for (const [i, { pictures: found, restored, kept }] of result.entries()) {
      for (const [n, { attacked, clean, ...is }] of found.entries()) {
        const { picture, original, label } = attacks[n] ?? {};
        if (!picture || !original) throw new Error("expected an attack");
        const [a] = await predict(network, (await defences[i]?.apply(picture)) ?? picture);
        const [c] = await predict(network, (await defences[i]?.apply(original)) ?? original);
        expect([attacked.index, clean.index]).toEqual([a?.index, c?.index]);
        expect(is).toEqual({ restored: a?.index === label, kept: c?.index === label });
      }
      const succeeded = found.filter((_, n) => attacks[n]?.succeeded);
      expect(restored).toBe(succeeded.filter((one) => one.restored).length / succeeded.length);
      expect(kept).toBe(found.filter((one) => one.kept).length / found.length);
    }
    network.destroy();
  });

  test.each<[string, () => unknown, RegExp]>([
    ["a quality of 0", () => jpegDefence(0), /quality of 1 to 100, got 0/],
    ["a blur of nothing", () => blurDefence(0), /standard deviation above 0/],
    ["eight bits", () => bitDepthDefence(8), /1 to 7 bits, got 8/],
    ["half a window", () => medianDefence(2.5), /window of 2 to 31 pixels, got 2.5/],
    ["no attacks", () => defend(networks, []), /a list of attacks, got an Array/],
    ["no pool", () => defend({} as never, []), /networks as createNetworks makes them/],
    [
      "no picture",
      () => medianDefence().apply({ width: 2, height: 1, data: new Uint8Array(3) }),
      /expected 6 values/,
    ],
  ])("refuses %s", async (_, call, message) => {
    await expect((async () => call())()).rejects.toThrow(message);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../../src/graph/graph.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { Draws } from "../../../src/sampling/draws.ts";
import { predict } from "../../../src/techniques/predict.ts";
import { multifaceted } from "../../../src/techniques/synthesis/multifaceted.ts";
import { clustersOf } from "../../../src/techniques/synthesis/multifaceted-clusters.ts";
import { cropsOf, frameOf, phasesOf, STEPS } from "../../../src/techniques/synthesis/multifaceted-phases.ts";
import type { SynthesisOptions } from "../../../src/techniques/synthesis/options.ts";
import type { SyntheticPicture } from "../../../src/techniques/synthesis/synthesis.ts";
import type { Wanted } from "../../../src/techniques/synthesis/wanted.ts";
import { testDevice } from "../../gpu.ts";
import { chain, random } from "../../graph/graphs.ts";

const squared = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

describe("clusters", () => {
  test("are as tight as the tightest of all divisions", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const next = random(seed);
      const points = Array.from({ length: 9 }, () => [next(), next(), next()]);
      const spreadOf = (members: readonly number[]): number => {
        const own = members.map((i) => points[i] ?? []);
        const centre = [0, 1, 2].map((d) => sum(own.map((point) => point[d] ?? 0)) / own.length);
        return sum(own.map((point) => squared(point, centre)));
      };
      let least = Number.POSITIVE_INFINITY;
      for (let division = 1; division < 2 ** 8; division++) {
        const side = (n: number) => points.map((_, i) => i).filter((i) => ((division >> i) & 1) === n);
        least = Math.min(least, spreadOf(side(0)) + spreadOf(side(1)));
      }
      const found = clustersOf(points, 2, seed);
      expect(found.flat().sort()).toEqual(points.map((_, i) => i));
      expect(sum(found.map(spreadOf))).toBeCloseTo(least, 10);
    }
  });

  test("begin with the largest, and each with what lies nearest its centre", () => {
    const line = [0, 10, 10.5, 11.5, 0.9];
    const points = line.map((value) => [value, 7]);
    expect(clustersOf(points, 2, 0)).toEqual([
      [2, 1, 3],
      [0, 4],
    ]);
  });

  test("are the same for a seed, and fewer where nothing is apart", () => {
    const next = random(8);
    const points = Array.from({ length: 30 }, () => [next(), next()]);
    expect(clustersOf(points, 6, 3)).toEqual(clustersOf(points, 6, 3));
    expect(clustersOf([[1], [1], [2], [2]], 4, 0).map((members) => members.length)).toEqual([2, 2]);
    expect(clustersOf([[1], [1]], 2, 0)).toEqual([[0, 1]]);
  });
});

describe("phases", () => {
  test("are the published ones, or in proportion", () => {
    expect(STEPS).toBe(370);
    expect(phasesOf(370).map(({ steps }) => steps)).toEqual([190, 150, 20, 10]);
    expect(phasesOf(37).map(({ steps }) => steps)).toEqual([19, 15, 2, 1]);
    for (const steps of [1, 2, 3, 5, 10, 99]) {
      expect(sum(phasesOf(steps).map((phase) => phase.steps))).toBe(steps);
    }
    expect(phasesOf(1)).toMatchObject([{ steps: 1, grown: false, rate: [1, 2], weight: [0.4, 0.4] }]);
  });

  test("see crops of whole pixels about the middle", () => {
    const crops = cropsOf({ steps: 4000, window: 0.2 }, [140, 90], [100, 90], new Draws(5, 0));
    const rows = crops.map(([y]) => y);
    expect(rows.every((y) => Number.isInteger(y) && y >= 0 && y <= 40)).toBe(true);
    const mean = sum(rows) / rows.length;
    // Rounded down: half a pixel less.
    expect(mean).toBeCloseTo(19.5, 0);
    expect(Math.sqrt(sum(rows.map((y) => (y - mean) ** 2)) / rows.length)).toBeCloseTo(8, 0);
    expect(crops.every(([, x]) => x === 0)).toBe(true);
    expect(cropsOf({ steps: 9, window: 0.2 }, [140, 90], [100, 90], new Draws(6, 0))).not.toEqual(
      crops.slice(0, 9),
    );
  });

  test("leave a frame as it is, and always something free", () => {
    expect([...frameOf([6, 5], [4, 5], 0.25)]).toEqual([
      ...[1, 1, 1, 1, 1],
      ...[1, 1, 1, 1, 1],
      ...[1, 0, 0, 0, 1],
      ...[1, 0, 0, 0, 1],
      ...[1, 1, 1, 1, 1],
      ...[1, 1, 1, 1, 1],
    ]);
    expect([...frameOf([2, 3], [2, 3], 0.4)]).toEqual([1, 0, 1, 1, 0, 1]);
  });
});

/** A small network that photographs are shown to, with a bias of the channels of its last maps. */
function small(bias = 0): Graph {
  const made = chain(3);
  const layers = made.layers.map((layer): Layer => {
    if (layer.name !== "conv2" || layer.op !== "conv2d") return layer;
    return { ...layer, b: { shape: [5], data: new Float32Array(5).fill(bias) } };
  });
  const preprocessing = {
    range: 255,
    mean: [0.4, 0.4, 0.5],
    std: [0.5, 0.25, 0.25],
    source: "test",
  } as const;
  return { ...made, layers, preprocessing };
}

/** Pictures of two kinds: dark ones with odd numbers, and bright ones. */
const NATURALS = Array.from({ length: 7 }, (_, n) => {
  const next = random(60 + n);
  const level = n % 2 === 1 ? 30 : 200;
  const data = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round(level + 25 * next()));
  return { name: `${n}`, picture: { width: 6, height: 8, data } };
});

describe("multifaceted", () => {
  let device: GPUDevice;
  let networks: Networks;
  beforeAll(async () => {
    device = await testDevice();
    networks = createNetworks(device, small());
  });
  afterAll(() => networks.destroy());

  const facets = async (options: SynthesisOptions = {}, wanted: Wanted | Wanted[] = { class: 1 }) => {
    const asked = { clusters: 2, steps: 5, ...options };
    const { pictures } = await multifaceted(networks, wanted, NATURALS, asked);
    return pictures;
  };
  const namesOf = ({ facet }: SyntheticPicture) => facet?.naturals.map(({ name }) => Number(name)).sort();

  test("sorts pictures by what the network sees in them, and makes one of each kind", async () => {
    const [bright, dark, ...more] = await facets();
    expect(more).toEqual([]);
    expect([bright, dark].map((one) => one && namesOf(one))).toEqual([
      [0, 2, 4, 6],
      [1, 3, 5],
    ]);
    expect([bright?.facet?.count, dark?.facet?.count]).toEqual([4, 3]);
    expect([bright?.name, dark?.name]).toEqual(["class 1, facet 1", "class 1, facet 2"]);
    expect([bright?.shape, bright?.curve.length]).toEqual([[10, 7, 3], 5]);
    expect(bright?.data).not.toEqual(dark?.data);
    // The layer before the last weights is what the classes are made of.
    expect(await facets({ features: "flatten" })).toEqual([bright, dark]);
    expect(await facets({ seed: 0 })).toEqual([bright, dark]);
  });

  test("begins with the mean of those nearest the centre", async () => {
    // All but one picture are one kind here, of which one, two, all are taken.
    for (const nearest of [1, 2, 7]) {
      const [one] = await facets({ clusters: 1, nearest, steps: 1 });
      const taken = one?.facet?.naturals ?? [];
      expect(taken.length).toBe(nearest);
      const data = Float32Array.from({ length: 144 }, (_, i) =>
        sum(taken.map(({ name }) => (NATURALS[Number(name)]?.picture.data[i] ?? 0) / nearest)),
      );
      const { mean, std } = networks.graph.preprocessing;
      const input = data.map((value, i) => (value / 255 - (mean[i % 3] ?? 0)) / (std[i % 3] ?? 1));
      using network = await createNetwork(device, networks.graph);
      const seen = await predict(network, input);
      expect(one?.curve[0]).toBeCloseTo(seen.find(({ index }) => index === 1)?.logit ?? 0, 4);
    }
  });

  test("climbs, and knows the pictures of several units apart", async () => {
    const wanted = [{ layer: "conv2", channel: 1 }, { class: 0 }];
    const all = await facets({ steps: 40, sweeps: 3 }, wanted);
    expect(all.map(({ facet }) => facet?.unit)).toEqual([0, 0, 1, 1]);
    expect(all[2]?.name).toBe("class 0, facet 1");
    for (const { curve, value } of all) {
      expect(curve[18]).toBeGreaterThan(curve[0] ?? 0);
      expect(value).toBeGreaterThan(curve[0] ?? 0);
    }
    const alone = await facets({ steps: 40, sweeps: 3 }, wanted[0]);
    expect(all.slice(0, 2)).toEqual(alone);
  });

  test("shows the pictures on the way at their last size", async () => {
    const steps: number[] = [];
    await facets({
      every: 2,
      onPicture({ step, pictures, shape }) {
        steps.push(step);
        expect(shape).toEqual([10, 7, 3]);
        expect(pictures.map(({ length }) => length)).toEqual([210, 210]);
      },
    });
    expect(steps).toEqual([2, 3, 5]);
  });

  test("takes pictures of a size", async () => {
    const [one] = await facets({ size: [13, 12] });
    expect(one?.shape).toEqual([13, 12, 3]);
  });

  test("leaves out what does not excite a hidden unit", async () => {
    using closed = createNetworks(device, small(-1e4));
    const none = multifaceted(closed, { layer: "conv2", channel: 1 }, NATURALS, { clusters: 2 });
    await expect(none).rejects.toThrow(
      /at least 2 natural pictures that excite conv2 channel 1, one for each cluster, got 0; give more pictures/,
    );
  });

  test.each<[object, RegExp]>([
    [{ clusters: 8 }, /at least 8 natural pictures that excite class 1.*got 7/],
    [{ clusters: 0 }, /clusters to be a whole number of 1 to 4096, got 0/],
    [{ pictures: 0 }, /multifaceted: expected pictures to be a whole number of 1 to 4096, got 0/],
    [{ nearest: 1.5 }, /nearest to be a whole number/],
    [{ features: "conv9" }, /got "conv9"/],
    [{ sweeps: 0 }, /1 to 1000 sweeps/],
    [{ steps: 0 }, /steps/],
  ])("refuses %j", async (options, message) => {
    await expect(facets(options)).rejects.toThrow(message);
    await expect(facets(options)).rejects.toBeInstanceOf(InputError);
  });
});

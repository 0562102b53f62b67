import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { logit, type Objective, probability } from "../../src/objectives/objective.ts";
import { cam } from "../../src/techniques/attribution/cam.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import { localLinear } from "../../src/techniques/attribution/local-linear.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import type { AttributionOptions, Baseline } from "../../src/techniques/attribution/options.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { smoothGrad } from "../../src/techniques/attribution/smooth-grad.ts";
import { testDevice } from "../gpu.ts";

// What must hold between techniques, or of one alone, on whole networks and pictures: the shipped one, and a residual one.

const NETWORKS: [name: string, path: string][] = [
  ["vitrine", "models/vitrine"],
  ["residual", "test/golden/residual"],
];

/** A network and its picture. */
async function ready(name: string, path: string): Promise<[Network, Float32Array]> {
  const graph = await loadLayersModel(await modelFromDisk(path));
  const network = await createNetwork(await testDevice(), graph, { batch: 8 });
  return [network, (await readNpy(`test/golden/${name}/input.npy`)).data];
}

/** The largest difference as a share of b's largest magnitude. */
const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  const scale = Array.from(b).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-20);
  return (
    Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0) /
    scale
  );
};

describe.each(NETWORKS)("on %s", (name, path) => {
  let network: Network;
  let x: Float32Array;
  beforeAll(async () => {
    [network, x] = await ready(name, path);
  });
  afterAll(() => network?.destroy());

  test("integrated gradients are complete to a hundredth by default", async () => {
    const { completeness, data, steps } = await integratedGradients(network, x);
    expect(steps).toBe(50);
    expect(Math.abs(completeness.difference)).toBeGreaterThan(0.05);
    expect(completeness.relative).toBeLessThan(0.01);
    // Of the values handed out, not only of what the account says.
    const sum = data.reduce((total, value) => total + value, 0);
    expect(Math.abs(sum - completeness.difference)).toBeLessThan(0.01 * Math.abs(completeness.difference));
  });

  test("CAM, rectified, is Grad-CAM times the number of places, for six classes", async () => {
    let visible = 0;
    for (let target = 0; target < 6; target++) {
      const { data: linear } = await cam(network, x, { target });
      const { data: weighed } = await gradCam(network, x, { target });
      const rectified = linear.map((value) => Math.max(0, value));
      const scale = linear.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const [i, value] of weighed.entries()) {
        expect(Math.abs(value * linear.length - (rectified[i] ?? 0)) / scale).toBeLessThan(1e-5);
      }
      if (rectified.some((value) => value > 0)) visible++;
    }
    expect(visible).toBeGreaterThan(2);
  });

  test.each<[string, (target: Objective) => Promise<{ readonly data: Float32Array }>]>([
    [
      "occlusion, whole images",
      (target) => occlusion(network, x, { target, ...patches(), incremental: false }),
    ],
    ["occlusion", (target) => occlusion(network, x, { target, ...patches() })],
    ["RISE", (target) => rise(network, x, { target, samples: 20, seed: 2 })],
  ])("%s is additive in the objective", async (_, run) => {
    const a = (await run(logit(0))).data;
    const b = (await run(logit(3))).data;
    const p = (await run(probability(1))).data;
    const { data } = await run(logit(0).times(2).minus(logit(3)).plus(probability(1).times(5)));
    expect(
      worst(
        data,
        a.map((value, i) => 2 * value - (b[i] ?? 0) + 5 * (p[i] ?? 0)),
      ),
    ).toBeLessThan(1e-4);
    expect(worst(a, b)).toBeGreaterThan(0.1);
  });

  const patches = () => {
    const side = Math.round((network.input.shape[1] ?? 0) / 6);
    return { patch: side, stride: side };
  };

  test("SmoothGrad comes to saliency as its noise vanishes", async () => {
    const { data } = await saliency(network, x);
    const far = [];
    // The gradient is constant piece by piece: the last noise is too little to leave the image's piece, or nearly.
    for (const noise of [0.3, 3e-3, 3e-5, 1e-6]) {
      far.push(worst((await smoothGrad(network, x, { noise, samples: 8, seed: 1 })).data, data));
    }
    expect(far.toSorted((a, b) => b - a)).toEqual(far);
    expect(far[0]).toBeGreaterThan(0.1);
    expect(far.at(-1)).toBeLessThan(0.01);
  });

  test("the linear account adds up for classes other than the top one", async () => {
    for (const target of [0, 3, 5]) {
      const { score, residual } = await localLinear(network, x, { target });
      expect(Math.abs(residual)).toBeLessThan(1e-4 * Math.max(1, Math.abs(score)));
    }
  });
});

describe("on residual,", () => {
  let network: Network;
  let x: Float32Array;
  beforeAll(async () => {
    [network, x] = await ready("residual", "test/golden/residual");
  });
  afterAll(() => network?.destroy());

  test.each<[Baseline]>([["blur"], ["mean"], [0.3]])(
    "integrated gradients from %s are complete to a hundredth when told to be",
    async (baseline) => {
      const { completeness, steps } = await integratedGradients(network, x, { baseline, tolerance: 0.01 });
      expect(completeness.relative).toBeLessThanOrEqual(0.01);
      expect(steps).toBeLessThan(800);
    },
  );

  test("integrated gradients take as many steps as a tolerance asks for, and say how many", async () => {
    const few = await integratedGradients(network, x, { steps: 3 });
    const fractions: number[] = [];
    const tolerance = few.completeness.relative / 2;
    const found = await integratedGradients(network, x, {
      steps: 3,
      tolerance,
      onProgress: (fraction) => fractions.push(fraction),
    });
    expect([6, 12, 24, 48]).toContain(found.steps);
    expect(found.completeness.relative).toBeLessThanOrEqual(tolerance);
    expect(found.data).toEqual((await integratedGradients(network, x, { steps: found.steps })).data);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions.toSorted((a, b) => a - b)).toEqual(fractions);
    // Content with the first: that one as it was. Never content: sixteen times as many.
    expect(await integratedGradients(network, x, { steps: 3, tolerance: 10 })).toEqual(few);
    expect((await integratedGradients(network, x, { steps: 1, tolerance: 1e-12 })).steps).toBe(16);
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(integratedGradients(network, x, { tolerance: bad })).rejects.toThrow(/tolerance above 0/);
    }
  });

  test.each(["smoothgrad", "smoothgrad-squared", "vargrad", "rise", "lime"])(
    "%s: the same bits from the same seed, others from another, no more memory for more samples",
    async (technique) => {
      const buffers = vi.spyOn(network.device, "createBuffer");
      const run = async (more: AttributionOptions) => {
        buffers.mockClear();
        const { data } = await attributionNamed(technique).run(network, x, { target: 1, ...more });
        return { data, bytes: buffers.mock.calls.reduce((sum, [{ size }]) => sum + size, 0) };
      };
      const first = await run({ samples: 12, seed: 5 });
      expect((await run({ samples: 12, seed: 5 })).data).toEqual(first.data);
      expect((await run({ samples: 12, seed: 6 })).data).not.toEqual(first.data);
      const { bytes } = await run({ samples: 60, seed: 5 });
      // A score a sample, at most, and what reads it back.
      expect(bytes - first.bytes).toBeLessThanOrEqual(8 * 8 * Math.ceil(60 / 8));
      buffers.mockRestore();
    },
  );

  test("integrated gradients keep no more for many steps than for few", async () => {
    const buffers = vi.spyOn(network.device, "createBuffer");
    const bytes = async (steps: number): Promise<number> => {
      buffers.mockClear();
      await integratedGradients(network, x, { target: 1, steps });
      return buffers.mock.calls.reduce((sum, [{ size }]) => sum + size, 0);
    };
    const few = await bytes(6);
    // A node, a weight and a score a step, and what reads the scores back.
    expect((await bytes(62)) - few).toBeLessThanOrEqual(56 * 16);
    buffers.mockRestore();
  });
});

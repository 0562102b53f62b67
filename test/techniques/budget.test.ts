import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { batchWithin, DEFAULT_MEMORY, memoryOf } from "../../src/network/memory.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import type { LoopOptions } from "../../src/sampling/batches.ts";
import { budgetOf, type MemoryOptions } from "../../src/sampling/budget.ts";
import { ablationCam } from "../../src/techniques/attribution/ablation-cam.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { lime } from "../../src/techniques/attribution/lime.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import { scoreCam } from "../../src/techniques/attribution/score-cam.ts";
import { smoothGrad } from "../../src/techniques/attribution/smooth-grad.ts";
import type { Explanation } from "../../src/techniques/question.ts";
import { testDevice } from "../gpu.ts";
import { chain, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const image = values(8 * 6 * 3, random(21));
const segments = Array.from({ length: 48 }, (_, i) => Math.floor(i / 6));

type Run = (network: Network, options: LoopOptions & MemoryOptions, count: number) => Promise<Explanation>;
const TECHNIQUES: [string, Run][] = [
  ["RISE", (network, options, samples) => rise(network, image, { target: 1, samples, ...options })],
  ["LIME", (network, options, samples) => lime(network, image, { target: 1, samples, segments, ...options })],
  ["SmoothGrad", (network, options, samples) => smoothGrad(network, image, { samples, ...options })],
  ["integrated gradients", (network, options) => integratedGradients(network, image, options)],
  ["Score-CAM", (network, options) => scoreCam(network, image, options)],
  ["Ablation-CAM", (network, options) => ablationCam(network, image, { target: 1, ...options })],
];

test("a budget is kept to the byte", async () => {
  using network = await createNetwork(device, chain());
  const budget = budgetOf(network, "who", { memory: 2 ** 24 });
  const left = budget.left();
  budget.check(left, "all of it");
  expect(() => budget.check(left + 1, "one more")).toThrow(/one more makes it/);
  budget.reserve(left, "all of it");
  expect(budget.left()).toBe(0);
  expect(() => budget.reserve(1, "one more")).toThrow(/who: expected to keep within 16 MiB/);
});

describe.each(TECHNIQUES)("%s", (name, run) => {
  const gradients = ["SmoothGrad", "integrated gradients"].includes(name);
  /** A network as large as the budget allows, then the technique on it. */
  const within = (memory: number, count: number) =>
    liveBytes(device, async () => {
      const batch = batchWithin(device, chain(), { memory, gradients, most: 999 });
      const network = await createNetwork(device, chain(), { gradients, batch });
      await run(network, { memory }, count);
      network.destroy();
      return batch;
    });

  test("keeps to a budget, whatever the number of samples", async () => {
    const batches = [];
    for (const memory of [400_000, 450_000, 1_000_000]) {
      const few = await within(memory, 10);
      const many = await within(memory, 999);
      expect(few.peak).toBeLessThanOrEqual(memory);
      expect([many.peak, many.left, few.left]).toEqual([few.peak, 0, 0]);
      batches.push(few.result);
    }
    expect(batches).toEqual([...new Set(batches)].toSorted((a, b) => a - b));
  });

  test("is refused beyond it, with the numbers and what helps, leaving nothing", async () => {
    const network = await createNetwork(device, chain(), { batch: 2 });
    const held = memoryOf(network);
    const { left } = await liveBytes(device, async () => {
      // What the network takes and the kernels' parameters, and next to nothing beside them.
      for (const memory of [1, held, held + 2 ** 16 + 200]) {
        const refused = run(network, { memory }, 5);
        await expect(refused).rejects.toThrow(InputError);
        await expect(refused).rejects.toThrow(
          new RegExp(
            `^${name}: expected to keep within [\\d.]+ MiB of GPU memory, needs [\\d.]+ MiB or more: network "chain" takes [\\d.]+ MiB at batch 2, .*; raise memory, or create`,
          ),
        );
      }
      for (const memory of [0, -1, Number.NaN]) {
        await expect(run(network, { memory }, 5)).rejects.toThrow(
          `${name}: expected a memory above 0 bytes, got ${memory}`,
        );
      }
    });
    expect(left).toBe(0);
    network.destroy();
  });
});

const MOBILENET = "../shared/models/mobilenet_v1_0.25_224";

describe.skipIf(!existsSync(MOBILENET))("on a network of 224×224", () => {
  const photo = values(224 * 224 * 3, random(5));
  /** A grid of 7×7 segments. */
  const cells = Uint32Array.from({ length: 224 ** 2 }, (_, i) => {
    return 7 * Math.floor(i / 224 / 32) + Math.floor((i % 224) / 32);
  });
  const runs: [string, (network: Network, memory: MemoryOptions, count: number) => Promise<Explanation>][] = [
    ["RISE", (network, memory, samples) => rise(network, photo, { target: 3, samples, ...memory })],
    [
      "LIME",
      (network, memory, samples) => lime(network, photo, { target: 3, samples, segments: cells, ...memory }),
    ],
    [
      "occlusion",
      (network, memory, count) =>
        occlusion(network, photo, { target: 3, patch: 56, stride: Math.floor(1200 / count), ...memory }),
    ],
  ];

  test.each(runs)("%s keeps to 512 MiB, and to less, whatever the number of samples", async (name, run) => {
    const graph = await loadLayersModel(await modelFromDisk(MOBILENET));
    for (const memory of [undefined, 48 * 2 ** 20]) {
      const within = memory === undefined ? {} : { memory };
      const options = { keep: [], gradients: false, ...within, most: 16 };
      const peaks = [];
      for (const count of [10, 40]) {
        const { peak, left } = await liveBytes(device, async () => {
          const batch = batchWithin(device, graph, options);
          const network = await createNetwork(device, graph, { ...options, batch });
          await run(network, within, count);
          network.destroy();
        });
        expect(peak).toBeLessThanOrEqual(memory ?? DEFAULT_MEMORY);
        expect(left).toBe(0);
        peaks.push(peak);
      }
      // A sweep of patches has as many places as its stride says: a score each.
      if (name !== "occlusion") expect(peaks[0]).toBe(peaks[1]);
    }
  });
});

test("LIME's scores are read in turns where they are many", async () => {
  // 4096 wait on the GPU at most; here every sample counts, and the last turn is short.
  const network = await createNetwork(device, chain(), { gradients: false, batch: 512 });
  const target = { layer: "conv1", channel: 1 };
  const { fit } = await lime(network, image, { target, samples: 9_000, segments, alpha: 1e-6, hide: 0 });
  expect(fit.r2).toBeCloseTo(1, 5);
  network.destroy();
});

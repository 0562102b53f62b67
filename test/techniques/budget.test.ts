import { beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { LoopOptions } from "../../src/loops/batches.ts";
import type { MemoryOptions } from "../../src/loops/budget.ts";
import { batchWithin, memoryOf } from "../../src/network/memory.ts";
import { createNetwork, type Network } from "../../src/network/network.ts";
import { ablationCam } from "../../src/techniques/ablation-cam.ts";
import type { Explanation } from "../../src/techniques/explain.ts";
import { lime } from "../../src/techniques/lime.ts";
import { rise } from "../../src/techniques/rise.ts";
import { scoreCam } from "../../src/techniques/score-cam.ts";
import { smoothGrad } from "../../src/techniques/smooth-grad.ts";
import { testDevice } from "../gpu.ts";
import { liveBytes } from "../live-bytes.ts";
import { chain, random, values } from "../network/graphs.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const image = values(8 * 6 * 3, random(21));
const segments = Array.from({ length: 48 }, (_, i) => Math.floor(i / 6));

type Run = (network: Network, options: LoopOptions & MemoryOptions, count: number) => Promise<Explanation>;
const TECHNIQUES: [string, Run][] = [
  ["RISE", (network, options, masks) => rise(network, image, { target: 1, masks, ...options })],
  ["LIME", (network, options, samples) => lime(network, image, { target: 1, samples, segments, ...options })],
  ["SmoothGrad", (network, options, samples) => smoothGrad(network, image, { samples, ...options })],
  ["Score-CAM", (network, options) => scoreCam(network, image, options)],
  ["Ablation-CAM", (network, options) => ablationCam(network, image, { target: 1, ...options })],
];

describe.each(TECHNIQUES)("%s", (name, run) => {
  const gradients = name === "SmoothGrad";
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

test("LIME's scores are read in turns where they are many", async () => {
  // 4096 wait on the GPU at most; here every sample counts, and the last turn is short.
  const network = await createNetwork(device, chain(), { gradients: false, batch: 512 });
  const target = { layer: "conv1", channel: 1 };
  const { fit } = await lime(network, image, { target, samples: 9_000, segments, alpha: 1e-6, hide: 0 });
  expect(fit.r2).toBeCloseTo(1, 5);
  network.destroy();
});

import { expect, test } from "vitest";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { hash32 } from "../../src/kernels/masking.ts";
import { createNoisyBatch } from "../../src/kernels/sampling.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";

// The outermost of 2²⁴ equal cells of probability: the normal quantiles of 2⁻²⁵ and 1 − 2⁻²⁵ (Python's NormalDist).
test.each([
  ["least", 8291013, 0, -5.419983174916869],
  ["greatest", 6338643, 2 ** 24 - 1, 5.419983174916869],
])(
  "the %s noise that can be drawn is finite, and the quantile of its cell",
  async (_, seed, cell, expected) => {
    expect(hash32(hash32(0) ^ hash32(hash32(seed))) >>> 8).toBe(cell);
    const device = await testDevice();
    const x = createTensor(device, [1]);
    const position = createTensor(device, [2], { dtype: "u32", data: Uint32Array.of(0, 1) });
    const y = createTensor(device, [1, 1]);
    const noise = await createNoisyBatch(device, { x, position, y, seed, sigma: 1 });
    await submit(noise);
    const [found = Number.NaN] = await readTensor(device, y);
    for (const made of [noise, ...[x, position, y].map(({ buffer }) => buffer)]) made.destroy();
    // In single precision, at the very end of the approximation.
    expect(Math.abs(found - expected)).toBeLessThan(1e-3);
  },
);

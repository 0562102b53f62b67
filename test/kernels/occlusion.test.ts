import { expect, test } from "vitest";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { createOcclusionScore, sweepOver } from "../../src/kernels/occlusion.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";

test("the images of a last batch beyond the sweep are not scored", async () => {
  const device = await testDevice();
  const sweep = sweepOver([4, 4, 1], [2, 2], [2, 2]);
  expect(sweep.images).toBe(5);
  const a = createTensor(device, [2, 3], { data: new Float32Array([1, 2, 3, 4, 5, 6]) });
  const position = createTensor(device, [1], { dtype: "u32", data: new Uint32Array([4]) });
  const scores = createTensor(device, [8], { data: new Float32Array(8).fill(-1) });
  const command = await createOcclusionScore(device, sweep, { channel: 1 }, { a, position, scores });
  await submit(command);
  expect([...(await readTensor(device, scores))]).toEqual([-1, -1, -1, -1, 2, -1, -1, -1]);
  expect([...(await readTensor(device, position))]).toEqual([6]);
  for (const made of [command, a.buffer, position.buffer, scores.buffer]) made.destroy();
});

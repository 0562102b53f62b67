import { expect, test } from "vitest";
import { createTensor, readTensors } from "../../src/gpu/tensor.ts";
import { createStandardise, createStandardiseGradient } from "../../src/kernels/standardise.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";
import { expectClose, inner, numbers } from "../reference/numbers.ts";

const EPSILON = 1e-2;

// One slice, one and a bit, several, and as many as there are, of more elements each.
test.each([1, 7, 1025, 5000, 70_001])(
  "images of %i values with a slope are standardised, and their gradient is exact, as in double precision",
  async (size) => {
    const device = await testDevice();
    const data = numbers(2 * size, 3).map(
      (value, i) => value + 20 * ((i % size) / size) + Math.floor(i / size),
    );
    const upper = numbers(2 * size, 4);
    const x = createTensor(device, [2, size], { data });
    const dy = createTensor(device, [2, size], { data: upper });
    const [y, dx, sd] = [[2, size], [2, size], [2]].map((shape) => createTensor(device, shape));
    if (!y || !dx || !sd) throw new Error("expected three tensors");
    const forward = await createStandardise(device, { x, y, sd, epsilon: EPSILON });
    const gradient = await createStandardiseGradient(device, { y, dy, sd, dx, epsilon: EPSILON });
    await submit(forward, gradient);
    const [found, slope] = await readTensors(device, [y, dx]);
    for (const made of [forward, gradient, ...[x, dy, y, dx, sd].map(({ buffer }) => buffer)]) made.destroy();
    for (const image of [0, 1]) {
      const part = (all: ArrayLike<number>) =>
        Float32Array.from(all).subarray(image * size, (image + 1) * size);
      const values = Float64Array.from(part(data));
      const mean = values.reduce((sum, value) => sum + value, 0) / size;
      const deviations = values.map((value) => value - mean);
      const deviation = Math.sqrt(inner(deviations, deviations) / size);
      const right = deviations.map((value) => value / (deviation + EPSILON));
      expectClose(part(found), right, 5e-6);
      const d = part(upper);
      const mean1 = d.reduce((sum, value) => sum + value, 0) / size;
      // d sd / d xᵢ = (xᵢ − mean) / (size·sd)
      const along =
        deviation > 0 ? inner(d, deviations) / (size * deviation * (deviation + EPSILON) ** 2) : 0;
      const exact = deviations.map(
        (value, i) => ((d[i] ?? 0) - mean1) / (deviation + EPSILON) - along * value,
      );
      if (size > 1) expectClose(part(slope), exact, 1e-5);
      else expect([...part(slope)]).toEqual([0]);
    }
  },
);

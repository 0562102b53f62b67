import { expect, test } from "vitest";
import { withScope } from "../../src/gpu/scope.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import { createFoolingStep } from "../../src/kernels/fooling.ts";
import { testDevice } from "../gpu.ts";
import { submit } from "../layers/run.ts";
import { expectClose, numbers } from "../reference/numbers.ts";

const NUMBERS = { progress: 0.03, share: 0.1, decay: 0.01, most: 2 };
const SIZE = 700;

/** The step in double precision, image by image. */
function stepped(g: Float32Array, values: readonly number[], home: Float32Array, x: Float32Array): number[] {
  return values.flatMap((p, n) => {
    const of = (all: Float32Array) => [...all.subarray(n * SIZE, (n + 1) * SIZE)];
    const norm = Math.hypot(...of(g));
    const length = norm === 0 ? 0 : Math.min(NUMBERS.most, Math.min(0.03, 0.1 * (1 - p)) / norm);
    return of(x).map((v, i) => {
      const moved = v + (norm === 0 ? 0 : (length * (of(g)[i] ?? 0)) / norm);
      const rest = of(home)[i] ?? 0;
      return Math.min(1, Math.max(0, rest + 0.99 * (moved - rest)));
    });
  });
}

test("a step towards a class is what plain loops make of it, for each image by itself", async () => {
  const device = await testDevice();
  // Usual; long and so cut; so small that its square is none; near the end; no gradient at all.
  const scales = [1, 1e-4, 1e-30, 0.3, 0];
  const values = [0.2, 0.001, 0, 0.95, 0.5];
  const g = numbers(scales.length * SIZE, 3).map((v, i) => v * (scales[Math.floor(i / SIZE)] ?? 0));
  const x = numbers(g.length, 4).map((v) => Math.min(1, Math.max(0, 0.5 + v / 2)));
  const home = numbers(g.length, 5).map((v) => Math.min(1, Math.max(0, 0.5 + v / 2)));
  await withScope(device, "test", async ({ tensor, command }) => {
    const full = (data: Float32Array) => tensor([scales.length, SIZE], { data });
    const moved = full(x);
    const step = await command(
      createFoolingStep(device, {
        ...{ g: full(g), values: tensor([values.length], { data: Float32Array.from(values) }) },
        ...{ home: full(home), x: moved, ...NUMBERS },
      }),
    );
    await submit(step);
    const found = (await readTensor(device, moved)) as Float32Array;
    expectClose(found, stepped(g, values, home, x), 1e-6);
    // The one whose gradient is tiny moved as far as it may.
    const from = 2 * SIZE;
    expect(found[from]).not.toBeCloseTo((x[from] ?? 0) + 0.01 * ((home[from] ?? 0) - (x[from] ?? 0)), 4);
  });
});

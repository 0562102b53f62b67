import { readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { withScope } from "../../src/gpu/scope.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import { arraysOf } from "../../src/node/npz.ts";
import { adam, nadam } from "../../src/optimise/optimisers/adam.ts";
import { gradientAscent, normalisedGradient } from "../../src/optimise/optimisers/gradient-ascent.ts";
import { lbfgs } from "../../src/optimise/optimisers/lbfgs.ts";
import { momentum } from "../../src/optimise/optimisers/momentum.ts";
import type { Optimiser } from "../../src/optimise/optimisers/optimiser.ts";
import type { Rate } from "../../src/optimise/optimisers/rate.ts";
import { testDevice } from "../gpu.ts";
import { submitTo } from "../layers/run.ts";
import { liveBytes } from "../live-bytes.ts";
import { relativeDistance } from "../reference/numbers.ts";

const archive = "test/golden/optimisers.npz";
const golden = new Map(
  arraysOf(readFileSync(archive), archive).map(({ name, array }) => [name, Float32Array.from(array.data)]),
);
const of = (name: string): Float32Array => {
  const found = golden.get(name);
  if (!found) throw new Error(`expected golden values of ${name}`);
  return found;
};

const IMAGES = 3;
const P = 7 * 5 * 3;
const [a, b, c, start] = [of("a"), of("b"), of("c"), of("start")];
const at = (values: Float32Array, i: number): number => values[i] ?? Number.NaN;

/** What an objective gives at some parameters: its value for each image, and its gradient. */
type Objective = (x: Float32Array) => { readonly values: Float32Array; readonly gradient: Float32Array };

/** −Σ a/2·(x − b)² + c/4·(x − b)⁴ of each image. */
const hill: Objective = (x) => {
  const values = new Float32Array(x.length / P);
  const gradient = x.map((value, i) => {
    const [away, n] = [value - at(b, i), Math.floor(i / P)];
    values[n] = at(values, n) - ((at(a, i) / 2) * away ** 2 + (at(c, i) / 4) * away ** 4);
    return -(at(a, i) * away + at(c, i) * away ** 3);
  });
  return { values, gradient };
};

interface Climb {
  readonly start: Float32Array;
  readonly objective: Objective;
  readonly images: number;
  /** Steps after which the parameters are kept, in order. */
  readonly keep: readonly number[];
}

/** The parameters after so many steps. */
async function climbed(optimiser: Optimiser, { start, objective, images, keep }: Climb) {
  const device = await testDevice();
  return withScope(device, "optimiser test", async ({ tensor, command }) => {
    const size = [images, start.length / images];
    const [parameters, gradient] = [tensor(size, { data: start }), tensor(size)];
    const [values, step] = [tensor([images]), tensor([1], { dtype: "u32" })];
    const made = await command(optimiser.create({ device, parameters, gradient, values, step }));
    const kept: Float32Array[] = [];
    let x = start;
    for (let k = 0; k < (keep.at(-1) ?? 0); k++) {
      const found = objective(x);
      device.queue.writeBuffer(step.buffer, 0, Uint32Array.of(k));
      device.queue.writeBuffer(gradient.buffer, 0, found.gradient.slice());
      device.queue.writeBuffer(values.buffer, 0, found.values.slice());
      submitTo(device, made.update(k));
      x = (await readTensor(device, parameters)) as Float32Array;
      if (keep.includes(k + 1)) kept.push(x);
    }
    return kept;
  });
}

const PIECES: Rate = [
  { steps: 3, rate: 0.05 },
  { steps: 6, rate: 0.02 },
  { steps: 1, rate: 0.01 },
];

/** What `golden/optimisers.py` did. */
const CASES: readonly (readonly [name: string, optimiser: Optimiser])[] = [
  ["gradient", gradientAscent({ rate: 0.1 })],
  ["mean", normalisedGradient({ rate: 0.1 })],
  ["norm", normalisedGradient({ rate: 0.5, by: "norm" })],
  ["progress", normalisedGradient({ rate: 4, by: "progress", most: 0.25 })],
  ["sign", normalisedGradient({ rate: 0.02, by: "sign" })],
  ["momentum", momentum({ rate: PIECES })],
  ["kept", momentum({ rate: PIECES, reset: false })],
  ["adam", adam({ rate: 0.05 })],
  ["betas", adam({ rate: { from: 0.2, to: 0.01, steps: 12 }, betas: [0.5, 0.9], epsilon: 1e-3 })],
  ["nadam", nadam({ rate: 0.05 })],
  ["lbfgs", lbfgs()],
  ["short", lbfgs({ history: 3, rate: 0.5 })],
];

describe.each(CASES)("%s", (name, optimiser) => {
  test("follows PyTorch for 20 steps", async () => {
    const kept = await climbed(optimiser, { start, objective: hill, images: IMAGES, keep: [5, 20] });
    expect(relativeDistance(kept[0] ?? start, of(`${name}/5`))).toBeLessThan(2e-6);
    expect(relativeDistance(kept[1] ?? start, of(`${name}/20`))).toBeLessThan(2e-5);
  });

  test("leaves images alone where another's gradient is NaN, infinite or 0", async () => {
    const objective = hill;
    const right = await climbed(optimiser, { start, objective, images: IMAGES, keep: [4] });
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, 0]) {
      const spoilt: Objective = (x) => {
        const { values, gradient } = objective(x);
        return { values, gradient: gradient.map((value, i) => (i < P ? wrong : value)) };
      };
      const [found] = await climbed(optimiser, { start, objective: spoilt, images: IMAGES, keep: [4] });
      expect(found?.subarray(P)).toEqual(right[0]?.subarray(P));
      if (wrong === 0) expect(found?.subarray(0, P)).toEqual(start.subarray(0, P));
    }
  });

  test("begins anew in step 0, and leaves nothing behind", async () => {
    const device = await testDevice();
    const held = await liveBytes(device, () =>
      withScope(device, "optimiser test", async ({ tensor, command }) => {
        const parameters = tensor([IMAGES, P], { data: start });
        const gradient = tensor([IMAGES, P], { data: hill(start).gradient });
        const values = tensor([IMAGES]);
        const step = tensor([1], { dtype: "u32" });
        const made = await command(optimiser.create({ device, parameters, gradient, values, step }));
        const twice = async (): Promise<Float32Array> => {
          device.queue.writeBuffer(parameters.buffer, 0, start.slice());
          for (let k = 0; k < 2; k++) {
            device.queue.writeBuffer(step.buffer, 0, Uint32Array.of(k));
            submitTo(device, made.update(k));
          }
          return (await readTensor(device, parameters)) as Float32Array;
        };
        const first = await twice();
        const making = vi.spyOn(device, "createBuffer");
        const writing = vi.spyOn(device.queue, "writeBuffer");
        try {
          const encoder = device.createCommandEncoder();
          const pass = encoder.beginComputePass();
          for (let k = 0; k < 1000; k++) made.update(k).encode(pass);
          pass.end();
          device.queue.submit([encoder.finish()]);
          expect(making).not.toHaveBeenCalled();
          expect(writing).not.toHaveBeenCalled();
        } finally {
          making.mockRestore();
          writing.mockRestore();
        }
        expect(await twice()).toEqual(first);
      }),
    );
    expect([held.left, held.objects]).toEqual([0, 0]);
  });
});

test("a rate may be so large that nothing is left of one image, and others stay", async () => {
  const objective: Objective = (x) => ({ values: x, gradient: Float32Array.of(1e30, 0) });
  for (const optimiser of [gradientAscent({ rate: 1e30 }), momentum({ rate: 1e30 })]) {
    const [found] = await climbed(optimiser, {
      start: new Float32Array(2),
      objective,
      images: 2,
      keep: [2],
    });
    expect(Number.isFinite(found?.[0])).toBe(false);
    expect(found?.[1]).toBe(0);
  }
});

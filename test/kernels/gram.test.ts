import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import { createCast } from "../../src/kernels/cast.ts";
import {
  createGram,
  createGramGradient,
  type GramOptions,
  type GramSite,
  gramShape,
} from "../../src/kernels/gram.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submit } from "../layers/run.ts";
import { expectClose, inner, numbers } from "../reference/numbers.ts";

const HALVES = (await testDevice()).features.has("shader-f16");

/** Gram matrices in f64, by naive loops. */
function reference(data: ArrayLike<number>, shape: Shape, options: GramOptions = {}): Float64Array {
  const [n = 0] = shape;
  const c = shape.at(-1) ?? 0;
  const p = sizeOf(shape) / n / c;
  const y = new Float64Array(n * c * c);
  const divisor = { none: 1, pixels: p, elements: p * c }[options.normalise ?? "none"];
  for (let image = 0; image < n; image++) {
    const x = (pixel: number, channel: number) => data[(image * p + pixel) * c + channel] ?? Number.NaN;
    const mean = new Float64Array(c);
    for (let i = 0; options.centre && i < c; i++) {
      for (let pixel = 0; pixel < p; pixel++) mean[i] = (mean[i] ?? 0) + x(pixel, i) / p;
    }
    for (let i = 0; i < c; i++) {
      for (let j = 0; j < c; j++) {
        let sum = 0;
        for (let pixel = 0; pixel < p; pixel++) {
          sum += (x(pixel, i) - (mean[i] ?? 0)) * (x(pixel, j) - (mean[j] ?? 0));
        }
        y[(image * c + i) * c + j] = sum / divisor;
      }
    }
  }
  return y;
}

async function gram(data: Float32Array, shape: Shape, options: Partial<GramSite> = {}) {
  const device = await testDevice();
  const x = createTensor(device, shape, { data });
  const size = gramShape(shape);
  const y = createTensor(device, size, { data: new Float32Array(sizeOf(size)).fill(Number.NaN) });
  const command = await createGram(device, { x, y, ...options });
  await submit(command);
  const values = await readTensor(device, y);
  command.destroy();
  for (const { buffer } of [x, y]) buffer.destroy();
  return values;
}

async function gradient(
  data: Float32Array,
  shape: Shape,
  dy: Float32Array,
  options: GramOptions & { readonly onto?: Float32Array } = {},
): Promise<Float32Array> {
  const { onto, ...rest } = options;
  const device = await testDevice();
  const x = createTensor(device, shape, { data });
  const upper = createTensor(device, gramShape(shape), { data: dy });
  const dx = createTensor(device, shape, { data: onto ?? new Float32Array(data.length).fill(Number.NaN) });
  const command = await createGramGradient(device, {
    x,
    dy: upper,
    dx,
    accumulate: onto !== undefined,
    ...rest,
  });
  await submit(command);
  const values = await readTensor(device, dx);
  command.destroy();
  for (const { buffer } of [x, upper, dx]) buffer.destroy();
  return values;
}

function asymmetries(y: Float32Array, [n, c]: readonly [number, number, number]): number {
  const bits = new Uint32Array(y.buffer);
  let count = 0;
  for (let image = 0; image < n; image++) {
    for (let i = 0; i < c; i++) {
      for (let j = 0; j < c; j++) {
        count += Number(bits[(image * c + i) * c + j] !== bits[(image * c + j) * c + i]);
      }
    }
  }
  return count;
}

const SHAPES = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 1, max: 9 }),
  fc.constantFrom(1, 3, 4, 7, 8, 12, 17, 24),
);
const OPTIONS = fc.record({
  normalise: fc.constantFrom("none", "pixels", "elements"),
  centre: fc.boolean(),
});

describe("gram", () => {
  test("agrees with naive loops at any shape, normalised or not, centred or not", () =>
    forAll(fc.tuple(SHAPES, OPTIONS), async ([shape, options]) => {
      const data = numbers(sizeOf(shape), 3);
      const y = await gram(data, shape, options);
      expectClose(y, reference(data, shape, options), 2e-6);
      expect(asymmetries(y, gramShape(shape))).toBe(0);
    }));

  test.each([
    [[1, 1000, 40], {}],
    [[2, 31, 27, 20], { normalise: "elements" }],
    [[3, 300, 68], { centre: true, normalise: "pixels" }],
  ] as const)(
    "of %j with %j sums many slices; symmetric and the same again to the bit",
    async (shape, options) => {
      const data = numbers(sizeOf(shape), 5);
      const y = await gram(data, shape, options);
      expectClose(y, reference(data, shape, options), 2e-6);
      expect(asymmetries(y, gramShape(shape))).toBe(0);
      for (let again = 0; again < 3; again++) expect(await gram(data, shape, options)).toEqual(y);
    },
  );

  test("in full is the triangle's result to the bit", async () => {
    const shape = [2, 150, 28];
    const data = numbers(sizeOf(shape), 7);
    expect(await gram(data, shape, { full: true })).toEqual(await gram(data, shape));
  });

  test("keeps the covariance of numbers far from zero", async () => {
    const shape = [1, 2000, 12];
    const data = numbers(sizeOf(shape), 9).map((value, i) => 1000 + (i % 12) + value);
    const options = { centre: true, normalise: "pixels" } as const;
    expectClose(await gram(data, shape, options), reference(data, shape, options), 2e-6);
  });

  test.skipIf(!HALVES)("of activations stored as halves sums in f32", async () => {
    const device = await testDevice();
    const shape = [2, 300, 12];
    // Halves hold these exactly, so that only the sums may round.
    const data = numbers(sizeOf(shape), 21).map((value) => Math.round(value * 64) / 64);
    const dy = numbers(sizeOf(gramShape(shape)), 22);
    const options = { centre: true, normalise: "pixels" } as const;
    const whole = createTensor(device, shape, { data });
    const x = createTensor(device, shape, { dtype: "f16" });
    const y = createTensor(device, gramShape(shape));
    const upper = createTensor(device, gramShape(shape), { data: dy });
    const dx = createTensor(device, shape);
    const commands = [
      await createCast(device, { x: whole, y: x }),
      await createGram(device, { x, y, ...options }),
      await createGramGradient(device, { x, dy: upper, dx, ...options }),
    ];
    await submit(...commands);
    expectClose(await readTensor(device, y), reference(data, shape, options), 2e-6);
    expectClose(await readTensor(device, dx), await gradient(data, shape, dy, options), 1e-6);
    for (const command of commands) command.destroy();
    const odd = createTensor(device, [1, 4, 3], { dtype: "f16" });
    const square = createTensor(device, [1, 3, 3]);
    await expect(createGram(device, { x: odd, y: square })).rejects.toThrow(UnsupportedError);
    for (const { buffer } of [whole, x, y, upper, dx, odd, square]) buffer.destroy();
  });

  test("says which shape does not fit", async () => {
    const device = await testDevice();
    const [x, y] = [createTensor(device, [2, 3, 4]), createTensor(device, [2, 4, 5])];
    const flat = createTensor(device, [2, 4]);
    await expect(createGram(device, { x, y, label: "style" })).rejects.toThrow(
      new InputError('gram "style": expected y of shape 2×4×4, got 2×4×5'),
    );
    await expect(createGram(device, { x: flat, y })).rejects.toThrow(/expected x of shape N×H×W×C/);
    await expect(createGramGradient(device, { x, dy: y, dx: x })).rejects.toThrow(
      /expected dy of shape 2×4×4/,
    );
    for (const { buffer } of [x, y, flat]) buffer.destroy();
  });
});

describe("the gradient of gram", () => {
  test("agrees with finite differences, for a dy that is not symmetric", () =>
    forAll(
      fc.tuple(
        fc.tuple(
          fc.integer({ min: 1, max: 2 }),
          fc.integer({ min: 1, max: 9 }),
          fc.constantFrom(1, 3, 4, 9, 12),
        ),
        OPTIONS,
      ),
      async ([shape, options]) => {
        const data = numbers(sizeOf(shape), 11);
        const dy = numbers(sizeOf(gramShape(shape)), 12);
        const objective = (x: Float64Array): number => inner(reference(x, shape, options), dy);
        const slopes = Array.from(data, (_, place) => {
          const moved = (by: number): number => {
            const x = Float64Array.from(data);
            x[place] = (x[place] ?? Number.NaN) + by;
            return objective(x);
          };
          return (moved(1e-4) - moved(-1e-4)) / 2e-4;
        });
        const dx = await gradient(data, shape, dy, options);
        expectClose(dx, slopes, 5e-6);
        const onto = numbers(data.length, 13);
        expectClose(
          await gradient(data, shape, dy, { ...options, onto }),
          slopes.map((slope, i) => slope + (onto[i] ?? Number.NaN)),
          5e-6,
        );
      },
    ));

  test("is the adjoint of the derivative at a larger shape", async () => {
    // d/dt gram(x + t·v) at 0, contracted with dy, is ⟨v, dx⟩.
    const shape = [2, 130, 36];
    const [data, v] = [numbers(sizeOf(shape), 14), numbers(sizeOf(shape), 15)];
    const dy = numbers(sizeOf(gramShape(shape)), 16);
    const along = (t: number) =>
      inner(
        reference(
          data.map((x, i) => x + t * (v[i] ?? 0)),
          shape,
        ),
        dy,
      );
    // A quadratic: the central difference is exact whatever the step.
    const slope = (along(0.5) - along(-0.5)) / 1;
    expect(inner(v, await gradient(data, shape, dy)) / slope).toBeCloseTo(1, 4);
  });
});

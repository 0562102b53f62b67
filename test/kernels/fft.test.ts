import fc from "fast-check";
import FFT from "fft.js";
import { describe, expect, test } from "vitest";
import type { Command } from "../../src/gpu/command.ts";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import {
  createIrfft2,
  createIrfft2Gradient,
  createRfft2,
  createRfft2Gradient,
  spectrumShape,
} from "../../src/kernels/fft.ts";
import { plainDevice, testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submitTo } from "../layers/run.ts";
import { expectClose, inner, numbers } from "../reference/numbers.ts";
import { rfft2 } from "../reference/spectrum.ts";

type Site = { readonly x: ReturnType<typeof createTensor>; readonly y: ReturnType<typeof createTensor> };

/** What a transform makes of an array, where NaN stood before. */
async function transformed(
  data: Float32Array,
  from: Shape,
  to: Shape,
  create: (device: GPUDevice, site: Site) => Promise<Command>,
  given?: GPUDevice,
): Promise<Float32Array> {
  const device = given ?? (await testDevice());
  const x = createTensor(device, from, { data });
  const y = createTensor(device, to, { data: new Float32Array(sizeOf(to)).fill(Number.NaN) });
  const command = await create(device, { x, y });
  submitTo(device, command);
  const values = await readTensor(device, y);
  for (const made of [command, x.buffer, y.buffer]) made.destroy();
  return values;
}

const forward = (x: Float32Array, shape: Shape, device?: GPUDevice) =>
  transformed(x, shape, spectrumShape(shape), createRfft2, device);
const forwardGradient = (dy: Float32Array, shape: Shape) =>
  transformed(dy, spectrumShape(shape), shape, (device, { x, y }) =>
    createRfft2Gradient(device, { dy: x, dx: y }),
  );
const inverse = (x: Float32Array, shape: Shape, device?: GPUDevice) =>
  transformed(x, spectrumShape(shape), shape, createIrfft2, device);
const inverseGradient = (dy: Float32Array, shape: Shape) =>
  transformed(dy, shape, spectrumShape(shape), (device, { x, y }) =>
    createIrfft2Gradient(device, { dy: x, dx: y }),
  );

/** Expects ⟨Ax, y⟩ = ⟨x, Aᵀy⟩, beside the lengths of Ax and y. */
function expectAdjoint(ax: Float32Array, y: Float32Array, x: Float32Array, aty: Float32Array): void {
  const scale = Math.sqrt(inner(ax, ax) * inner(y, y));
  expect(Math.abs(inner(ax, y) - inner(x, aty)) / scale).toBeLessThan(1e-5);
}

/** Even, odd, prime and products of all kinds of factors. */
const SIDES = fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 20, 22, 23);
const SHAPES = fc.tuple(fc.integer({ min: 1, max: 2 }), SIDES, SIDES, fc.constantFrom(1, 2, 3, 4));

/** Long lines: several factors of each kind, and primes. */
const LONG: readonly Shape[] = [
  [1, 1, 2048, 1],
  [1, 2048, 2, 1],
  [1, 3, 1458, 1],
  [1, 1021, 3, 2],
  [1, 2, 2039, 1],
  [2, 224, 15, 3],
  [1, 375, 98, 3],
  [1, 1, 4100, 1],
  [1, 3000, 3, 1],
];

describe("rfft2 and irfft2", () => {
  test("rfft2 agrees with the definition in double precision, at any size", () =>
    forAll(SHAPES, async (shape) => {
      const x = numbers(sizeOf(shape), 3);
      expectClose(await forward(x, shape), rfft2(x, shape), 2e-6);
    }));

  test.each([64, 256, 1024, 2048])("a row of %i agrees with fft.js", async (w) => {
    const x = numbers(w, 5);
    const out = new Float64Array(2 * w);
    new FFT(w).transform(
      out,
      Float64Array.from({ length: 2 * w }, (_, i) => (i % 2 ? 0 : (x[i / 2] ?? 0))),
    );
    expectClose(await forward(x, [1, 1, w, 1]), out.subarray(0, w + 2), 1e-6);
    expectClose(await forward(x, [1, w, 1, 1]), out, 1e-6);
  });

  test("irfft2 takes rfft2 back, and both are linear maps with their adjoints, at any size", () =>
    forAll(SHAPES, async (shape) => {
      const x = numbers(sizeOf(shape), 7);
      const y = numbers(sizeOf(spectrumShape(shape)), 8);
      const ax = await forward(x, shape);
      expectClose(await inverse(ax, shape), x, 2e-6);
      expectAdjoint(ax, y, x, await forwardGradient(y, shape));
      expectAdjoint(await inverse(y, shape), x, y, await inverseGradient(x, shape));
    }));

  test.each(LONG.map((shape) => [shape]))("at %j on a device with default limits", async (shape) => {
    const device = await plainDevice();
    const x = numbers(sizeOf(shape), 9);
    const y = numbers(sizeOf(spectrumShape(shape)), 10);
    const ax = await forward(x, shape, device);
    expectClose(await inverse(ax, shape, device), x, 5e-6);
    expectAdjoint(ax, y, x, await forwardGradient(y, shape));
    device.destroy();
  });

  test("factors multiply spectra, and gradients to them", async () => {
    const shape = [2, 12, 9, 3];
    const halves = spectrumShape(shape);
    const device = await testDevice();
    const data = numbers(12 * 5, 13);
    const factors = createTensor(device, [12, 5], { data });
    const times = (z: Float32Array) => z.map((v, i) => v * (data[Math.floor(i / 6) % 60] ?? 0));
    const x = numbers(sizeOf(shape), 14);
    const y = numbers(sizeOf(halves), 15);
    const scaled =
      (create: typeof createRfft2): typeof createRfft2 =>
      (on, site) =>
        create(on, { ...site, factors });
    const back =
      (create: typeof createRfft2Gradient): typeof createRfft2 =>
      (on, { x: dy, y: dx }) =>
        create(on, { dy, dx, factors });
    expectClose(
      await transformed(x, shape, halves, scaled(createRfft2)),
      times(await forward(x, shape)),
      1e-6,
    );
    expectClose(
      await transformed(y, halves, shape, scaled(createIrfft2)),
      await inverse(times(y), shape),
      1e-6,
    );
    expectClose(
      await transformed(y, halves, shape, back(createRfft2Gradient)),
      await forwardGradient(times(y), shape),
      1e-6,
    );
    expectClose(
      await transformed(x, shape, halves, back(createIrfft2Gradient)),
      times(await inverseGradient(x, shape)),
      1e-6,
    );
    factors.buffer.destroy();
  });

  test("a long prime agrees with the definition", async () => {
    const shape = [1, 1, 1021, 2];
    const x = numbers(sizeOf(shape), 11);
    expectClose(await forward(x, shape), rfft2(x, shape), 5e-6);
  });

  test("irfft2 takes what does not belong to real pictures for nothing", async () => {
    const shape = [1, 1, 4, 1];
    const real = await inverse(Float32Array.of(1, 0, 2, 3, 4, 0), shape);
    expect(await inverse(Float32Array.of(1, 9, 2, 3, 4, -9), shape)).toEqual(real);
  });

  test("every picture of a batch is transformed by itself, to the bit", async () => {
    const shape = [3, 12, 10, 3];
    const x = numbers(sizeOf(shape), 12);
    const all = await forward(x, shape);
    const one = await forward(x.slice(360, 720), [1, 12, 10, 3]);
    expect(one).toEqual(all.slice(one.length, 2 * one.length));
  });
});

describe("refuse", () => {
  const site = (device: GPUDevice, from: Shape, to: Shape) => ({
    x: createTensor(device, from),
    y: createTensor(device, to),
  });

  test.each([
    ["a picture without channels", [1, 4, 4], [1, 4, 3, 1, 2], InputError, /N×H×W×C/],
    [
      "a whole spectrum",
      [1, 4, 4, 1],
      [1, 4, 4, 1, 2],
      InputError,
      /1×4×3×1×2 \(N×H×⌊W\/2⌋\+1×C×2\), got 1×4×4/,
    ],
    ["an axis that is too long", [1, 1, 65_537, 1], [1, 1, 32_769, 1, 2], UnsupportedError, /at most 65536/],
  ] as const)("%s", async (_, from, to, kind, message) => {
    const device = await testDevice();
    const given = site(device, from, to);
    const made = createRfft2(device, given);
    await expect(made).rejects.toThrow(kind);
    await expect(made).rejects.toThrow(message);
    for (const { buffer } of [given.x, given.y]) buffer.destroy();
  });

  test("factors of another shape", async () => {
    const device = await testDevice();
    const given = site(device, [1, 4, 4, 1], [1, 4, 3, 1, 2]);
    const factors = createTensor(device, [4, 4]);
    await expect(createRfft2(device, { ...given, factors })).rejects.toThrow(
      /rfft2: expected factors of shape 4×3 \(H×⌊W\/2⌋\+1\), got 4×4/,
    );
    for (const { buffer } of [given.x, given.y, factors]) buffer.destroy();
  });

  test("numbers that are no floats, and pictures without a shape", async () => {
    const device = await testDevice();
    const x = createTensor(device, [1, 4, 4, 1], { dtype: "u32" });
    const y = createTensor(device, [1, 4, 3, 1, 2]);
    await expect(createRfft2(device, { x, y })).rejects.toThrow(/expected x of f32, got u32/);
    expect(() => spectrumShape([4, 4])).toThrow(InputError);
    for (const { buffer } of [x, y]) buffer.destroy();
  });
});

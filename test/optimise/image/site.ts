import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { createTensor, readTensors } from "../../../src/gpu/tensor.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import type { AscentImage, ImageKind } from "../../../src/optimise/image/image.ts";
import { testDevice } from "../../gpu.ts";
import { expectClose, inner, numbers } from "../../reference/numbers.ts";

export interface Asked {
  readonly shape: readonly [number, number, number];
  /** Numbers of the images. Default: two, 0 and 1. */
  readonly of?: readonly number[];
  readonly seed?: number;
}

/** What an image of an ascent holds after it began, was drawn and was taken back. */
export interface Drawn {
  readonly parameters: Float32Array;
  readonly pixels: Float32Array;
  readonly gradient: Float32Array;
}

/** Makes images of a kind, lets `use` record and read them, and frees them. */
export async function withImage<I extends AscentImage, T>(
  kind: ImageKind<I>,
  { shape, of = [0, 1], seed = 1 }: Asked,
  use: (image: I, device: GPUDevice) => Promise<T>,
): Promise<T> {
  const device = await testDevice();
  const counted = createTensor(device, [of.length], { dtype: "u32", data: Uint32Array.from(of) });
  try {
    const image = await kind.create({ device, images: of.length, shape, numbers: counted, seed });
    try {
      return await use(image, device);
    } finally {
      image.destroy();
    }
  } finally {
    counted.buffer.destroy();
  }
}

/** Begins, draws, and takes a gradient back; with `parameters`, these in place of the start. */
export async function drawnOf(
  image: AscentImage,
  device: GPUDevice,
  pixelGradient: Float32Array,
  parameters?: Float32Array,
): Promise<Drawn> {
  const encoder = device.createCommandEncoder();
  image.start(encoder);
  device.queue.submit([encoder.finish()]);
  if (parameters) device.queue.writeBuffer(image.parameters.buffer, 0, parameters.slice());
  device.queue.writeBuffer(image.pixelGradient.buffer, 0, pixelGradient.slice());
  const step = device.createCommandEncoder();
  image.draw(step);
  image.back(step);
  device.queue.submit([step.finish()]);
  const [now, pixels, gradient] = await readTensors(device, [image.parameters, image.pixels, image.gradient]);
  return {
    parameters: now as Float32Array,
    pixels: pixels as Float32Array,
    gradient: gradient as Float32Array,
  };
}

/** Arrays that golden/images.py wrote. */
export function goldenImages(name: string): (array: string) => Float32Array {
  const arrays = arraysOf(readFileSync(`test/golden/images/${name}.npz`), name);
  return (wanted) => {
    const found = arrays.find((one) => one.name === wanted);
    if (!found) throw new Error(`expected golden values of ${wanted}`);
    return Float32Array.from(found.array.data);
  };
}

/**
 * Expects the gradient of ⟨pixels, random numbers⟩ along a random direction to be what finite differences say: the slope of
 * pixels on both sides of the parameters, in the precision of the kernels.
 */
export async function expectSlope(kind: ImageKind, asked: Asked, length = 1e-2): Promise<void> {
  await withImage(kind, asked, async (image, device) => {
    const pixelGradient = numbers(
      image.pixels.shape.reduce((a, b) => a * b),
      31,
    );
    const { parameters, gradient } = await drawnOf(image, device, pixelGradient);
    const direction = numbers(parameters.length, 32);
    const norm = Math.sqrt(inner(parameters, parameters) / inner(direction, direction));
    const step = length * norm;
    const sides = [];
    for (const side of [step, -step]) {
      const moved = parameters.map((value, i) => value + side * (direction[i] ?? 0));
      sides.push(inner((await drawnOf(image, device, pixelGradient, moved)).pixels, pixelGradient));
    }
    const slope = ((sides[0] ?? Number.NaN) - (sides[1] ?? Number.NaN)) / (2 * step);
    const scale = Math.sqrt(inner(gradient, gradient) * inner(direction, direction));
    expect(scale).toBeGreaterThan(0);
    expect(Math.abs(slope - inner(gradient, direction)) / scale).toBeLessThan(1e-3);
  });
}

/** Expects an image of a batch to be what it is by itself, to the bit. */
export async function expectAlone(
  kind: ImageKind,
  shape: Asked["shape"],
  /** The second image by itself, where a kind is told of each. */
  second = kind,
): Promise<void> {
  const pixelGradient = numbers(3 * shape[0] * shape[1] * shape[2], 33);
  const size = pixelGradient.length / 3;
  const together = await withImage(kind, { shape, of: [4, 9, 2] }, (image, device) =>
    drawnOf(image, device, pixelGradient),
  );
  const alone = await withImage(second, { shape, of: [9] }, (image, device) =>
    drawnOf(image, device, pixelGradient.slice(size, 2 * size)),
  );
  for (const what of ["parameters", "pixels", "gradient"] as const) {
    const { length } = alone[what];
    expect(together[what].slice(length, 2 * length)).toEqual(alone[what]);
    expect(together[what].slice(0, length)).not.toEqual(alone[what]);
  }
}

/** Holds pixels and gradient against golden values. */
export async function expectGolden(kind: ImageKind, name: string, shape: Asked["shape"]): Promise<void> {
  const right = goldenImages(name);
  const found = await withImage(kind, { shape }, (image, device) =>
    drawnOf(image, device, right("pixelGradient"), right("parameters")),
  );
  expectClose(found.pixels, right("pixels"), 2e-6);
  expectClose(found.gradient, right("gradient"), 5e-6);
}

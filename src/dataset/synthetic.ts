import shader from "../../shaders/synthetic.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, record } from "../gpu/kernel.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createTensor, formatShape, readTensor, type Tensor } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { syntheticLabel, syntheticLabels, syntheticPairLabels } from "./synthetic-labels.ts";

export interface SyntheticOptions {
  /** Index of the first picture. Default 0. The shipped network was trained on 0 to 23999 of seed 1. */
  readonly first?: number;
  /** Default 1, the seed of the shipped network's data. */
  readonly seed?: number;
  /** Samples a pixel along each axis. Default 2, as the shipped network's data were drawn. */
  readonly supersample?: number;
  /** Two objects side by side in each picture. Default false. */
  readonly pair?: boolean;
}

const SYNTHETIC: Fields<SyntheticOptions & { count?: number; size?: number }> = {
  ...{ first: "may", seed: "may", supersample: "may", pair: [true, false], count: "may", size: "may" },
};

/** Numbers that the kernel takes whole: 32 bits without a sign. */
const MOST = 2 ** 32 - 1;
const TILE = 8;
/** Pixels of one dispatch: short enough for any GPU's watchdog. */
const PIXELS_A_DISPATCH = 2 ** 19;

/**
 * Makes the drawing of pictures ready to record: y [count, size, size, 3] gets the pictures first, first + 1, …, as RGB
 * of 0…1. The same numbers give the same picture on every device, up to rounding.
 * @throws InputError when y is no batch of square RGB pictures, or a number is out of range.
 */
export function createSyntheticPictures(
  device: GPUDevice,
  y: Tensor,
  { first = 0, seed = 1, supersample = 2, pair = false }: SyntheticOptions = {},
): Promise<Command> {
  const [count = 0, size = 0, width, channels] = y.shape;
  if (y.shape.length !== 4 || width !== size || channels !== 3) {
    throw new InputError(
      `synthetic pictures: expected y of shape count×size×size×3, got ${formatShape(y.shape)}`,
    );
  }
  assertWhole("seed", seed, 0, MOST);
  assertWhole("first", first, 0, MOST - count + 1);
  assertWhole("supersample", supersample, 1, 16);
  return createDispatch(device, shader, {
    label: `${first} of seed ${seed}`,
    params: { seed, first, count, size, supersample, pair: Number(pair) },
    bindings: { y },
    workgroups: [Math.ceil(size / TILE), Math.ceil(size / TILE), count],
  });
}

/**
 * Draws pictures of the synthetic data set, `size` pixels a side (default 96, the shipped network's input).
 * @throws InputError when a number is out of range.
 */
export async function* syntheticPictures(
  device: GPUDevice,
  wanted: SyntheticOptions & { count?: number; size?: number } = {},
): AsyncGenerator<Pixels> {
  assertFields("synthetic pictures", wanted, SYNTHETIC);
  const { count = 1, size = 96, first = 0, ...options } = wanted;
  assertWhole("count", count, 1, MOST);
  assertWhole("size", size, 1, 4096);
  assertWhole("first", first, 0, MOST - count + 1);
  const most = Math.max(1, Math.floor(PIXELS_A_DISPATCH / size ** 2));
  for (let done = 0; done < count; done += most) {
    const some = Math.min(most, count - done);
    const y = createTensor(device, [some, size, size, 3], { label: "synthetic pictures" });
    try {
      const draw = await createSyntheticPictures(device, y, { ...options, first: first + done });
      const encoder = device.createCommandEncoder({ label: "synthetic pictures" });
      record(encoder, [draw]);
      device.queue.submit([encoder.finish()]);
      const values = await readTensor(device, y);
      draw.destroy();
      for (let i = 0; i < some; i++) {
        const one = values.subarray(i * size * size * 3, (i + 1) * size * size * 3);
        yield { width: size, height: size, data: Uint8Array.from(one, (v) => Math.round(255 * v)) };
      }
    } finally {
      y.buffer.destroy();
    }
  }
}

/** Names of what is in picture `index`: one class, or the left and the right one of a pair. */
export function syntheticNames(index: number, pair = false): string[] {
  const labels = pair ? syntheticPairLabels(index) : [syntheticLabel(index)];
  return labels.map((label) => syntheticLabels[label] ?? "");
}

function assertWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(
      `synthetic pictures: expected ${name} to be a whole number of ${least} to ${most}, got ${value}`,
    );
  }
}

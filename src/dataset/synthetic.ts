import { recordCommands } from "../gpu/command.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createTensor, LARGEST_U32, readTensor } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { assertWhole, createSyntheticPictures, type SyntheticOptions } from "../kernels/synthetic.ts";
import { syntheticLabel, syntheticLabels, syntheticPairLabels } from "./synthetic-labels.ts";

const SYNTHETIC: Fields<SyntheticOptions & { count?: number; size?: number }> = {
  ...{ first: "may", seed: "may", supersample: "may", pair: [true, false], count: "may", size: "may" },
};

/** Pixels of one dispatch: short enough for any GPU's watchdog. */
const PIXELS_A_DISPATCH = 2 ** 19;

/**
 * Draws pictures of the synthetic data set, `size` pixels a side (default 96, the shipped network's input).
 * @throws InputError when a number is out of range.
 */
export async function* syntheticPictures(
  device: GPUDevice,
  wanted: SyntheticOptions & { count?: number; size?: number } = {},
): AsyncGenerator<Pixels> {
  for await (const { size, values } of drawn(device, wanted, false)) {
    yield { width: size, height: size, data: Uint8Array.from(values, (v) => Math.round(255 * v)) };
  }
}

/** What is seen at each pixel of a synthetic picture, row by row: the uppermost alone. */
export interface SyntheticParts {
  readonly size: number;
  /** 1 + the class of the object there, or of the texture that the whole picture is of; 0 elsewhere. */
  readonly item: Uint8Array;
  /** 1 + the class of the faint texture that the background has there; 0 elsewhere. */
  readonly background: Uint8Array;
  /** 1 where strokes and blobs are seen; 0 elsewhere. */
  readonly clutter: Uint8Array;
}

/**
 * Tells what is where in the pictures that `syntheticPictures` draws with the same options.
 * @throws InputError when a number is out of range.
 */
export async function* syntheticParts(
  device: GPUDevice,
  wanted: SyntheticOptions & { count?: number; size?: number } = {},
): AsyncGenerator<SyntheticParts> {
  for await (const { size, values } of drawn(device, wanted, true)) {
    const part = (n: number) => Uint8Array.from({ length: size * size }, (_, i) => values[3 * i + n] ?? 0);
    yield { size, item: part(0), background: part(1), clutter: part(2) };
  }
}

async function* drawn(
  device: GPUDevice,
  wanted: SyntheticOptions & { count?: number; size?: number },
  parts: boolean,
): AsyncGenerator<{ readonly size: number; readonly values: Float32Array }> {
  assertFields("synthetic pictures", wanted, SYNTHETIC);
  const { count = 1, size = 96, first = 0, ...options } = wanted;
  assertWhole("count", count, 1, LARGEST_U32);
  assertWhole("size", size, 1, 4096);
  assertWhole("first", first, 0, LARGEST_U32 - count + 1);
  const most = Math.max(1, Math.floor(PIXELS_A_DISPATCH / size ** 2));
  for (let done = 0; done < count; done += most) {
    const some = Math.min(most, count - done);
    const y = createTensor(device, [some, size, size, 3], { label: "synthetic pictures" });
    try {
      const draw = await createSyntheticPictures(device, y, { ...options, first: first + done, parts });
      const encoder = device.createCommandEncoder({ label: "synthetic pictures" });
      recordCommands(encoder, [draw]);
      device.queue.submit([encoder.finish()]);
      const values = await readTensor(device, y);
      draw.destroy();
      for (let i = 0; i < some; i++) {
        yield { size, values: values.subarray(i * size * size * 3, (i + 1) * size * size * 3) };
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

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
      const draw = await createSyntheticPictures(device, y, { ...options, first: first + done });
      const encoder = device.createCommandEncoder({ label: "synthetic pictures" });
      recordCommands(encoder, [draw]);
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

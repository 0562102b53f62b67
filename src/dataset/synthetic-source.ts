import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { LARGEST_U32 } from "../gpu/tensor.ts";
import { assertWhole, type SyntheticOptions } from "../kernels/synthetic.ts";
import type { Source } from "./source.ts";
import { sourceOf } from "./source-of.ts";
import { syntheticNames, syntheticPictures } from "./synthetic.ts";
import { syntheticLabels } from "./synthetic-labels.ts";

export interface SyntheticSourceOptions extends SyntheticOptions {
  /** Number of pictures. */
  readonly count: number;
  /** Pixels a side. Default 96, the shipped network's input. */
  readonly size?: number | undefined;
}

const SYNTHETIC: Fields<SyntheticSourceOptions> = {
  ...{ count: "must", size: "may", first: "may", seed: "may", supersample: "may", pair: [true, false] },
};

/**
 * The synthetic pictures first, …, first + count − 1, drawn as they are wanted; "synthetic:7" is the id of picture 7. A picture with
 * two objects has no label.
 * @throws InputError when a number is out of range.
 */
export function syntheticSource(device: GPUDevice, options: SyntheticSourceOptions): Source {
  assertFields("synthetic pictures", options, SYNTHETIC);
  const { count, first = 0, seed = 1, size = 96, supersample = 2, pair = false } = options;
  assertWhole("count", count, 1, LARGEST_U32);
  assertWhole("first", first, 0, LARGEST_U32 - count + 1);
  const drawn = { seed, size, supersample, pair };
  return sourceOf({
    name: `synthetic:${first}-${first + count - 1}`,
    count,
    labels: pair ? undefined : syntheticLabels,
    identity: () => ["synthetic", first, count, drawn],
    *items() {
      for (let number = first; number < first + count; number++) {
        yield {
          id: `synthetic:${number}`,
          label: pair ? undefined : syntheticNames(number)[0],
          async load() {
            for await (const pixels of syntheticPictures(device, { ...drawn, first: number })) return pixels;
            throw new InputError(`synthetic:${number}: expected a picture, got none`);
          },
        };
      }
    },
  });
}

import { assertDevice } from "../gpu/device.ts";
import type { Pixels } from "../images/pixels.ts";
import { hash32 } from "../kernels/masking.ts";
import {
  assertCorruptOptions,
  type CorruptOptions,
  corrupt,
} from "../techniques/robustness/corruptions/corrupt.ts";
import { corruptionNamed } from "../techniques/robustness/corruptions/list.ts";
import { digestOf } from "./digest.ts";
import type { Source, SourceReadOptions } from "./source.ts";

/**
 * A data set whose pictures are corrupted as they are read; see `corrupt`. A picture's random numbers follow from the seed and its
 * number in the data set, so that it is the same in every shard. The digest is another than that of the source, and one for each kind,
 * severity, set, seed and choice of frosts.
 * @throws InputError as `corrupt`.
 * @example
 * ```ts
 * import { corruptedSource, syntheticSource } from "vitrine/dataset";
 *
 * const foggy = corruptedSource(device, syntheticSource(device, { count: 4 }), { kind: "fog", severity: 3 });
 * console.log(foggy.name); // synthetic:0-3, fog 3
 * for await (const { id, pixels } of foggy) console.log(id, pixels.width); // synthetic:0 96
 * ```
 */
export function corruptedSource(device: GPUDevice, source: Source, options: CorruptOptions): Source {
  assertDevice("corrupted pictures", device);
  assertCorruptOptions(options);
  const { kind, severity, seed = 0, set = "imagenet", frosts } = options;
  async function* read(how?: SourceReadOptions) {
    for await (const picture of source.read(how)) {
      const own = { ...options, seed: seedOfPicture(seed, picture.index) };
      const pixels = await corrupt(device, picture.pixels, own);
      how?.signal?.throwIfAborted();
      yield { ...picture, pixels };
    }
  }
  return {
    name: `${source.name}, ${corruptionNamed(kind).title} ${severity}`,
    count: source.count,
    labels: source.labels,
    async digest() {
      const corruption = { kind, severity, seed, set, ...(frosts ? { frosts: frosts.map(plain) } : {}) };
      return digestOf({ of: await source.digest(), corruption });
    },
    read,
    [Symbol.asyncIterator]: () => read(),
    shard: (i, n) => corruptedSource(device, source.shard(i, n), options),
  };
}

/** Seed of a picture's corruption: of the data set's seed and the picture's number in it. */
export function seedOfPicture(seed: number, index: number): number {
  return hash32(index ^ hash32(seed)) >>> 0;
}

function plain({ width, height, data }: Pixels): unknown {
  return [width, height, [...data]];
}

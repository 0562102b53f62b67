import { assertDevice } from "../../../gpu/device.ts";
import { InputError } from "../../../gpu/errors.ts";
import { assertFields, type Fields } from "../../../gpu/options.ts";
import { assertPixels, type Pixels } from "../../../images/pixels.ts";
import { seedOf } from "../../../sampling/seed.ts";
import type { CorruptionSet } from "./corruption.ts";
import { corruptionNamed } from "./list.ts";

export interface CorruptOptions {
  /** A name of `CORRUPTIONS`. */
  readonly kind: string;
  /** 1 to 5. */
  readonly severity: number;
  /** Seed of what is random. Default 0. Give each picture its own. */
  readonly seed?: number | undefined;
  /** The published constants: those for pictures of about 224 pixels, or those for 32. Default "imagenet". */
  readonly set?: CorruptionSet | undefined;
  /** Pictures of frost for the kind "frost", one of which is taken at random. Default: ice is grown. */
  readonly frosts?: readonly Pixels[] | undefined;
}

const CORRUPT: Fields<CorruptOptions> = {
  ...{ kind: "must", severity: "must", seed: "may", set: ["imagenet", "cifar"], frosts: "may" },
};

/**
 * A picture of any size, corrupted as ImageNet-C has it (Hendrycks & Dietterich 2019, arXiv:1903.12261), its values cut to 8 bits.
 * The benchmark's own files went through JPEG of quality 85 in the end; this does not. Where a kind differs from the published
 * program otherwise, its `deviation` says so.
 * @throws InputError for an unknown kind, a severity out of 1 to 5, or what is no picture.
 * @example
 * ```ts
 * import { syntheticPictures } from "vitrine";
 * import { corrupt } from "vitrine/robustness";
 *
 * for await (const picture of syntheticPictures(device)) {
 *   const foggy = await corrupt(device, picture, { kind: "fog", severity: 3 });
 *   console.log(foggy.width); // 96
 * }
 * ```
 */
export async function corrupt(device: GPUDevice, pixels: Pixels, options: CorruptOptions): Promise<Pixels> {
  assertDevice("corruption", device);
  assertPixels(pixels);
  const constants = assertCorruptOptions(options);
  const { kind, set = "imagenet", frosts } = options;
  const corruption = corruptionNamed(kind);
  const seed = seedOf(options.seed, "corruption");
  return corruption.apply({ device, pixels, constants, set, seed, frosts });
}

/**
 * The constants of a kind and severity.
 * @throws InputError for options that `corrupt` does not take.
 */
export function assertCorruptOptions(options: CorruptOptions): readonly number[] {
  assertFields("corruption", options, CORRUPT);
  const { kind, severity, set = "imagenet", frosts } = options;
  const constants = corruptionNamed(kind).sets[set][severity - 1];
  if (constants === undefined) {
    throw new InputError(`corruption: expected a severity of 1, 2, 3, 4 or 5, got ${severity}`);
  }
  if (frosts?.length === 0) throw new InputError("corruption: expected pictures as frosts, got none");
  for (const picture of frosts ?? []) assertPixels(picture);
  seedOf(options.seed, "corruption");
  return constants;
}

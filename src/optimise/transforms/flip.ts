import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { aroundCentre } from "./affine.ts";
import { sampled } from "./sampling.ts";
import type { Transform } from "./transform.ts";

export interface FlipOptions {
  /** How likely left and right are exchanged, 0…1. Default 0. */
  readonly horizontal?: number | undefined;
  /** How likely top and bottom are exchanged, 0…1. Default 0. */
  readonly vertical?: number | undefined;
}

const FLIP: Fields<FlipOptions> = { horizontal: "may", vertical: "may" };

/**
 * Mirrors, each way by itself.
 * @throws InputError when a chance is not within 0…1.
 * @example
 * flip({ horizontal: 0.5 });
 */
export function flip(options: FlipOptions): Transform {
  assertFields("flip", options, FLIP);
  const { horizontal = 0, vertical = 0 } = options;
  for (const [name, chance] of Object.entries({ horizontal, vertical })) {
    if (chance >= 0 && chance <= 1) continue;
    throw new InputError(`flip: expected ${name}, how likely it is, of 0 to 1, got ${chance}`);
  }
  return sampled({
    name: "flip",
    border: 0,
    sizeOf: (size) => size,
    draws: (size, view) => ({
      maps: [
        aroundCentre([1, 0, 0, 1], size, view),
        aroundCentre([1, 0, 0, -1], size, view),
        aroundCentre([-1, 0, 0, 1], size, view),
        aroundCentre([-1, 0, 0, -1], size, view),
      ],
      chances: [
        (1 - vertical) * (1 - horizontal),
        (1 - vertical) * horizontal,
        vertical * (1 - horizontal),
        vertical * horizontal,
      ],
    }),
  });
}

import type { Pixels } from "../../../images/pixels.ts";
import { gaussian } from "./blurs.ts";
import type { CorruptionSite } from "./corruption.ts";
import { drawsOf, type Unit } from "./fields.ts";

const STREAM = 0x61a;

/** Seen through frosted glass: blurred, each pixel taken from a random place near it, blurred again. */
export async function glass(site: CorruptionSite): Promise<Pixels> {
  const [sigma = 0, reach = 1, times = 1] = site.constants;
  const blurred = await gaussian({ ...site, constants: [sigma] });
  const pixels = scattered(blurred, reach, times, drawsOf(site.seed, STREAM));
  return gaussian({ ...site, pixels, constants: [sigma] });
}

/**
 * Gives each pixel that has `reach` pixels on every side the color of one within −reach…reach − 1 of it, from the last row and column
 * to the first. The published program means to swap the two, but its swap of NumPy views is a copy; so it is here.
 */
export function scattered(
  { width, height, data: before }: Pixels,
  reach: number,
  times: number,
  unit: Unit,
): Pixels {
  const data = Uint8ClampedArray.from(before);
  const away = (): number => Math.floor(2 * reach * unit()) - reach;
  for (let time = 0; time < times; time++) {
    for (let row = height - reach; row > reach; row--) {
      for (let column = width - reach; column > reach; column--) {
        const right = away();
        const from = 3 * ((row + away()) * width + column + right);
        data.copyWithin(3 * (row * width + column), from, from + 3);
      }
    }
  }
  return { width, height, data };
}

import type { ChannelStatistics } from "../../kernels/statistics.ts";

/** Room that is left on either side of the values seen, in parts of their spread. */
const ROOM = 0.25;
/** Steps between powers of two that a bound is widened to. */
const STEPS = 8;

/**
 * Ranges of histograms, one a channel, from the least and largest values of some pictures: with room on either side, and widened to an
 * eighth of a power of two, so that devices which round otherwise find the same. A channel that starts at zero, as behind a ReLU, keeps
 * that bound; one that never varies gets a range of 1.
 */
export function rangesOf({ min, max }: Pick<ChannelStatistics, "min" | "max">): [number, number][] {
  return min.map((low, c) => {
    const high = max[c] ?? low;
    if (!(high > low)) return [roundedDown(low), roundedDown(low) + 1 + roundedUp(Math.abs(low) * 2 ** -20)];
    const room = (high - low) * ROOM;
    return [low === 0 ? 0 : roundedDown(low - room), high === 0 ? 0 : roundedUp(high + room)];
  });
}

/** The next larger eighth of a power of two. */
function roundedUp(value: number): number {
  if (value === 0) return 0;
  const step = 2 ** Math.floor(Math.log2(Math.abs(value))) / STEPS;
  return Math.ceil(value / step) * step;
}

function roundedDown(value: number): number {
  return -roundedUp(-value) || 0;
}

import type { Draws } from "../../sampling/draws.ts";

type Size = readonly [height: number, width: number];

/** Some steps of an ascent that begins with a mean picture. Numbers are the authors', for pixels of 0…255. */
interface Phase {
  readonly steps: number;
  /** Whether the picture is larger than what the network sees, which are crops of it. */
  readonly grown: boolean;
  /** Mean change of a pixel in the first step and in the last. */
  readonly rate: Size;
  /** Weight of the total variation denoising in the first step and in the last. */
  readonly weight: readonly [number, number];
  /** Standard deviation of a crop's place, as a share of the room that it has. */
  readonly window: number;
  /** Share of a crop's side that stays as it is at each border. */
  readonly margin: number;
}

/** The phases of Nguyen et al. 2016 for pictures that begin with a mean (`act_max.tvd.mean.py`). */
const PHASES: readonly Phase[] = [
  { steps: 190, grown: false, rate: [1, 2], weight: [0.4, 0.4], window: 0.3, margin: 0 },
  { steps: 150, grown: true, rate: [1, 1], weight: [0.01, 2], window: 0.3, margin: 0 },
  { steps: 20, grown: true, rate: [2, 2], weight: [0.1, 2], window: 0.2, margin: 50 / 224 },
  { steps: 10, grown: true, rate: [2, 2], weight: [0.4, 2], window: 0.3, margin: 0 },
];

/** How much larger a picture becomes than what the network sees. */
export const GROWTH = 1.2;

/** Steps of all phases. */
export const STEPS = PHASES.reduce((sum, { steps }) => sum + steps, 0);

/** The phases in so many steps, each in proportion; one that would have none is left out. */
export function phasesOf(steps: number): Phase[] {
  let before = 0;
  let taken = 0;
  return PHASES.flatMap((phase) => {
    before += phase.steps;
    const until = Math.round((steps * before) / STEPS);
    const own = until - taken;
    taken = until;
    return own > 0 ? [{ ...phase, steps: own }] : [];
  });
}

/** The corners of crops, one a step: normal about the middle, in whole pixels, held within the picture. */
export function cropsOf(
  { steps, window }: Pick<Phase, "steps" | "window">,
  picture: Size,
  crop: Size,
  draws: Draws,
): Size[] {
  const place = (axis: 0 | 1): number => {
    const room = picture[axis] - crop[axis];
    return Math.floor(Math.min(room, Math.max(0, room / 2 + room * window * normal(draws))));
  };
  return Array.from({ length: steps }, () => [place(0), place(1)]);
}

/** A standard normal number (Box & Muller). */
function normal(draws: Draws): number {
  const radius = Math.sqrt(-2 * Math.log(draws.unit()));
  return radius * Math.cos(2 * Math.PI * draws.unit());
}

/** `[H, W]`: 1 where a picture stays, in a frame that leaves at least a pixel free. */
export function frameOf([height, width]: Size, crop: Size, margin: number): Float32Array {
  const frame = (side: number, seen: number): number =>
    Math.min(Math.floor((side - 1) / 2), Math.round((side - seen) / 2 + margin * seen));
  const [down, across] = [frame(height, crop[0]), frame(width, crop[1])];
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const inside = y >= down && y < height - down && x >= across && x < width - across;
    return inside ? 0 : 1;
  });
}

import type { Pixels } from "../../../images/pixels.ts";
import { createWeightedShifts } from "../../../kernels/corruptions.ts";
import { Draws } from "../../../sampling/draws.ts";
import type { CorruptionSite } from "./corruption.ts";
import { onDevice } from "./on-device.ts";

/** Stream of the draws of motion's angle. */
const STREAM = 0x307;

type Shift = readonly [down: number, right: number, weight: number];

/** Out of focus: a disk whose rim is smoothed, mirrored at borders. */
export function defocus(site: CorruptionSite): Promise<Pixels> {
  const [radius = 0, rim = 0] = site.constants;
  return shifted(site, true, diskOf(radius, rim));
}

/** Moved while it was taken: half a Gaussian along a line of random angle. */
export function motion(site: CorruptionSite): Promise<Pixels> {
  const [radius = 0, sigma = 1] = site.constants;
  const angle = (new Draws(site.seed, STREAM).unit() - 0.5) * (Math.PI / 2);
  return shifted(site, false, motionShifts(radius, sigma, angle));
}

/** Half a Gaussian along a line, the angle in radians from right to down. */
export function motionShifts(radius: number, sigma: number, angle: number): Shift[] {
  const weights = Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-(k * k) / (2 * sigma * sigma)));
  const whole = sumOf(weights);
  return weights.map((weight, k) => {
    const [down, right] = [Math.ceil(k * Math.sin(angle) - 0.5), Math.ceil(k * Math.cos(angle) - 0.5)];
    return [down, right, weight / whole];
  });
}

/** Blurred by a Gaussian that is cut at four deviations; the outermost pixels go on. */
export function gaussian(site: CorruptionSite): Promise<Pixels> {
  const [sigma = 1] = site.constants;
  const reach = Math.floor(4 * sigma + 0.5);
  const places = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const weights = places.map((place) => Math.exp(-(place * place) / (2 * sigma * sigma)));
  const whole = sumOf(weights);
  const along = (turned: boolean): Shift[] =>
    places.map((place, i) => {
      const weight = (weights[i] ?? 0) / whole;
      return turned ? [0, place, weight] : [place, 0, weight];
    });
  return shifted(site, false, along(false), along(true));
}

/** One sum of shifted copies after another. */
function shifted(site: CorruptionSite, mirror: boolean, ...passes: readonly Shift[][]): Promise<Pixels> {
  const { device, pixels } = site;
  return onDevice(site, ({ scope, x, y }) => {
    let from = x;
    return passes.map((shifts, pass) => {
      const to = pass === passes.length - 1 ? y : scope.tensor([pixels.height, pixels.width, 3]);
      const data = Float32Array.from(shifts.flat());
      const made = createWeightedShifts(device, {
        ...{ mirror, x: from, shifts: scope.tensor([shifts.length, 3], { data }), y: to },
      });
      from = to;
      return made;
    });
  });
}

/** The published disk: ones within the radius, smoothed by a Gaussian of 3 or 5 taps a side that is mirrored at the grid's borders. */
function diskOf(radius: number, rim: number): Shift[] {
  const [reach, smooth] = radius <= 8 ? [8, 1] : [radius, 2];
  const taps = Array.from({ length: 2 * smooth + 1 }, (_, i) =>
    Math.exp(-((i - smooth) ** 2) / (2 * rim * rim)),
  );
  const sum = sumOf(taps);
  const inside = (row: number, column: number): number => {
    const [y, x] = [Math.abs(row), Math.abs(column)].map((place) =>
      place > reach ? 2 * reach - place : place,
    );
    return (y ?? 0) ** 2 + (x ?? 0) ** 2 <= radius * radius ? 1 : 0;
  };
  const shifts: Shift[] = [];
  let area = 0;
  for (let row = -reach; row <= reach; row++) {
    for (let column = -reach; column <= reach; column++) {
      area += inside(row, column);
      let weight = 0;
      for (let i = 0; i < taps.length; i++) {
        for (let j = 0; j < taps.length; j++) {
          weight += (taps[i] ?? 0) * (taps[j] ?? 0) * inside(row + i - smooth, column + j - smooth);
        }
      }
      if (weight > 0) shifts.push([row, column, weight / (sum * sum)]);
    }
  }
  return shifts.map(([row, column, weight]) => [row, column, weight / area]);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

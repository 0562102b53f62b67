import type { Pixels } from "../../../images/pixels.ts";
import { CORRUPTED_VALUES, createCorruptValues } from "../../../kernels/corruptions.ts";
import type { CorruptionSite } from "./corruption.ts";
import { onDevice } from "./on-device.ts";
import { plasma } from "./plasma.ts";

/** Changes each value by itself; see corrupt_values.wgsl. */
export function corruptValues(
  kind: (typeof CORRUPTED_VALUES)[number],
): (site: CorruptionSite) => Promise<Pixels> {
  return (site) =>
    onDevice(site, ({ scope, x, y }) => [
      createCorruptValues(site.device, {
        ...{ kind: CORRUPTED_VALUES.indexOf(kind), seed: site.seed, constants: site.constants },
        ...{ mean: kind === "contrast" ? meansOf(site.pixels) : [0, 0, 0], x, field: scope.tensor([1]), y },
      }),
    ]);
}

/** Lays fog over a picture: (x + c·plasma)·max/(max + c). */
export function fog(site: CorruptionSite): Promise<Pixels> {
  const { width, height, data } = site.pixels;
  const [thickness = 0, decay = 1] = site.constants;
  const brightest = brightestOf(data) / 255;
  let side = site.set === "cifar" ? 32 : 256;
  while (side < Math.max(width, height)) side *= 2;
  const whole = plasma(side, decay, site.seed);
  const field = Float32Array.from(
    { length: width * height },
    (_, i) => whole[Math.floor(i / width) * side + (i % width)] ?? 0,
  );
  return onDevice(site, ({ scope, x, y }) => [
    createCorruptValues(site.device, {
      ...{ kind: CORRUPTED_VALUES.indexOf("fog"), seed: site.seed, mean: [0, 0, 0] },
      constants: [thickness, brightest / (brightest + thickness)],
      ...{ x, field: scope.tensor([height, width], { data: field }), y },
    }),
  ]);
}

function brightestOf(data: Iterable<number>): number {
  let brightest = 0;
  for (const value of data) brightest = Math.max(brightest, value);
  return brightest;
}

function meansOf({ data }: Pixels): number[] {
  const sums = [0, 0, 0];
  for (const [i, value] of data.entries()) sums[i % 3] = (sums[i % 3] ?? 0) + value;
  return sums.map((sum) => (3 * sum) / data.length / 255);
}

import { syntheticNames } from "../src/dataset.ts";
import { type Pixels, syntheticPictures } from "../src/index.ts";

/** The first picture of the data set that the shipped network was not trained on. */
const HELD_OUT = 24_000;
const LAST = 999_999;

/** A picture of the data set by name: "24003", or "pair-24003" for two objects side by side. */
export type SampleName = string;

/** The one that the page opens with. */
export const FIRST_SAMPLE: SampleName = String(HELD_OUT + 3);

/** A few of every kind, to choose from. */
export const SAMPLES: readonly SampleName[] = [
  ...[3, 16, 7, 24, 22, 12, 53, 41, 66, 37, 31, 29].map((index) => String(HELD_OUT + index)),
  ...[5, 27, 38, 64].map((index) => `pair-${HELD_OUT + index}`),
];

function parse(name: SampleName): { index: number; pair: boolean } | undefined {
  const found = /^(pair-)?(\d{1,6})$/.exec(name);
  return found ? { index: Number(found[2]), pair: found[1] !== undefined } : undefined;
}

/** True if a text names a picture of the data set. */
export function isSample(name: string | undefined): name is SampleName {
  return name !== undefined && parse(name) !== undefined;
}

/** The objects in a picture, in words. */
export function contentsOf(name: SampleName): string {
  const sample = parse(name);
  return sample ? syntheticNames(sample.index, sample.pair).join(" and ") : "";
}

/** A random picture. */
export function randomSample(): SampleName {
  const index = HELD_OUT + Math.floor(Math.random() * (LAST - HELD_OUT));
  return Math.random() < 0.25 ? `pair-${index}` : String(index);
}

/** Draws a picture of the data set. */
export async function drawSample(device: GPUDevice, name: SampleName, size: number): Promise<Pixels> {
  const { index, pair } = parse(name) ?? { index: HELD_OUT, pair: false };
  for await (const pixels of syntheticPictures(device, { count: 1, size, first: index, pair })) return pixels;
  throw new Error(`sample ${name}: nothing was drawn`);
}

import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { type Graph, pictureOf } from "../../graph/graph.ts";
import type { Networks } from "../../network/pool.ts";
import type { Objective } from "../../objectives/objective.ts";
import { type AscendOptions, ascend } from "../../optimise/ascend.ts";
import type { ImageKind } from "../../optimise/image/image.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { gradientAscent, normalisedGradient } from "../../optimise/optimisers/gradient-ascent.ts";
import type { Size } from "../../optimise/transforms/transform.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { rounding, unitOf } from "../robustness/attack-pictures.ts";
import { greyOf } from "./emptiness.ts";
import type { LiveSynthesis, SyntheticPicture } from "./synthesis.ts";
import { asRgb } from "./unit-pictures.ts";

/** Options of techniques that make one picture from another. */
export interface OnePictureOptions extends LoopOptions {
  /** Number of steps. */
  readonly steps?: number | undefined;
  /** Seed of the noise that a picture begins with, 0 to 2³² − 1. Default 0. */
  readonly seed?: number | undefined;
  /** Called with the picture as it climbs: a few times a second, or as `every` says. */
  readonly onPicture?: ((live: LiveSynthesis) => void) | undefined;
  /** Calls `onPicture` after every so many steps, and after the last. */
  readonly every?: number | undefined;
}

export const ONE_PICTURE: Fields<OnePictureOptions> = {
  ...{ ...LOOP },
  ...{ steps: "may", seed: "may", onPicture: "may", every: "may" },
};

/** How a picture climbs. */
export interface OnePictureAscent extends Pick<AscendOptions, "optimiser" | "steps"> {
  readonly objective: Objective;
  readonly image: ImageKind;
}

/** The most steps of a picture. */
const MOST_STEPS = 100_000;

/** @throws InputError for a number of steps that is none. */
export function stepsOf(who: string, steps: number): number {
  if (Number.isInteger(steps) && steps >= 1 && steps <= MOST_STEPS) return steps;
  throw new InputError(`${who}: expected 1 to ${MOST_STEPS} steps, got ${steps}`);
}

/** @throws InputError for numbers that are not finite, or below 0. */
export function assertWeights(who: string, weights: Readonly<Record<string, number | undefined>>): void {
  for (const [name, weight] of Object.entries(weights)) {
    if (weight === undefined || (Number.isFinite(weight) && weight >= 0)) continue;
    throw new InputError(`${who}: expected ${name} of at least 0, got ${weight}`);
  }
}

/** Whether an objective changes where every pixel of an image moves by 1/255 along its gradient: if not, nothing can climb from there. */
export async function hasSlope(
  networks: Networks,
  { size, ...place }: Pick<AscendOptions, "seed" | "signal"> & { readonly graph: Graph; readonly size: Size },
  { objective, image }: Pick<OnePictureAscent, "objective" | "image">,
): Promise<boolean> {
  const optimiser = normalisedGradient({ rate: 1 / 255, by: "sign" });
  const how = { objective, image, optimiser, steps: 2, size, networkSize: size };
  const { curves } = await ascend(networks, { ...place, ...how });
  return curves[0]?.[0] !== curves[0]?.[1];
}

/** Lets one picture climb, and judges it as it is when it is rounded to 8 bits. */
export async function climbOnePicture(
  networks: Networks,
  graph: Graph,
  size: Size,
  ascent: OnePictureAscent,
  { name, asked }: { readonly name: string; readonly asked: Objective },
  { seed, every, onPicture, onProgress, signal }: OnePictureOptions,
): Promise<SyntheticPicture> {
  const channels = pictureOf(graph, name).shape[2];
  const shape = [...size, 3] as const;
  const place = { graph, size, networkSize: size, signal };
  const rgb = (pixels: Float32Array): Float32Array => asRgb(pixels, [...size, channels]);
  const { pixels, curves } = await ascend(networks, {
    ...{ ...ascent, ...place, seed, every, onProgress },
    onPicture: onPicture && (({ step, pixels: live }) => onPicture({ step, pictures: [rgb(live)], shape })),
  });
  const rounded = rounding(pixels, { height: size[0], width: size[1] }, channels);
  // The curve of one step is the objective where it began.
  const judged = await ascend(networks, {
    ...place,
    objective: asked,
    image: pixelImage({ start: unitOf(rounded, channels) }),
    optimiser: gradientAscent({ rate: 1e-9 }),
    steps: 1,
  });
  const curve = curves[0] ?? new Float32Array();
  const value = judged.curves[0]?.[0] ?? Number.NaN;
  return { name, data: rgb(pixels), shape, curve, value, ...greyOf(rounded) };
}

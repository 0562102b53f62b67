import { asNhwc, readTensor } from "../../gpu/tensor.ts";
import { headsOf } from "../../graph/heads.ts";
import type { Pixels } from "../../images/pixels.ts";
import type { Network } from "../../network/network.ts";
import type { Objective } from "../../objectives/objective.ts";
import type { SyntheticPicture } from "./synthesis.ts";

/** Whether a synthetic picture shows anything. */
export interface Emptiness {
  /** True where the unit does not fire for the picture, or nothing changed since the start. */
  readonly dead: boolean;
  /** True where the picture is of one color. */
  readonly grey: boolean;
  /** Sentences that whoever shows the picture should show too. */
  readonly notes: readonly string[];
}

interface Made {
  /** What it was made for, in words. */
  readonly name: string;
  readonly objective: Objective;
  /** As a file of 8 bits holds it. */
  readonly picture: Pixels;
  /** The objective before each step, if it is known. */
  readonly curve?: ArrayLike<number> | undefined;
}

/** Share of numbers at black or white from which a picture is said to be saturated. */
const SATURATED = 0.5;

/** A picture of which no channel's standard deviation reaches this, of 255, shows one color. */
const GREY = 2;

/** Tells whether a synthetic picture shows anything. The network has just run on it, and kept the layers of the objective. */
export async function emptinessOf(
  network: Network,
  { name, objective, picture, curve }: Made,
): Promise<Emptiness> {
  const silent = await isSilent(network, objective);
  const still = isStill(curve);
  const { grey = false, notes = [] } = greyOf(picture);
  return {
    ...{ dead: silent || still, grey },
    notes: [
      ...(silent
        ? [`${name} does not fire for this picture, which shows nothing.`]
        : still
          ? [`${name} never changed while the picture climbed, which shows nothing.`]
          : []),
      ...notes,
      ...(grey ? [] : saturationNotes(picture)),
    ],
  };
}

/** Whether a picture is of one color, and the sentence that says so; of 0…1 it is judged in 8 bits. */
export function greyOf({
  data,
}: Pick<Pixels, "data"> | Pick<SyntheticPicture, "data">): Pick<SyntheticPicture, "grey" | "notes"> {
  const bits = data instanceof Float32Array ? Uint8ClampedArray.from(data, (value) => 255 * value) : data;
  return isGrey(bits) ? { grey: true, notes: ["The picture is of one color: nothing was found."] } : {};
}

/** Whether the objective never changed. */
function isStill(curve: ArrayLike<number> | undefined): boolean {
  return curve !== undefined && curve.length > 1 && Array.from(curve).every((one) => one === curve[0]);
}

/** Whether every element that the objective adds is of a hidden layer, and none is above 0. A class's score may be below 0. */
async function isSilent(network: Network, { terms }: Objective): Promise<boolean> {
  const { device, graph } = network;
  const scores = new Set(headsOf(graph).flatMap(({ logits, output }) => [logits, output]));
  for (const term of terms) {
    if (term.of !== "sum" || term.weight <= 0 || scores.has(term.target.layer)) return false;
    const { layer, channel, y, x } = term.target;
    const tensor = network.activation(layer);
    const [, , width, channels] = asNhwc(tensor.shape);
    const fires = (value: number, i: number): boolean => {
      const place = Math.floor(i / channels);
      if (channel !== undefined && i % channels !== channel) return false;
      if (y !== undefined && Math.floor(place / width) !== y) return false;
      return (x === undefined || place % width === x) && value > 0;
    };
    if ((await readTensor(device, tensor)).some(fires)) return false;
  }
  return true;
}

function isGrey(data: Pixels["data"]): boolean {
  return [0, 1, 2].every((c) => {
    const values = Float64Array.from(data.filter((_, i) => i % 3 === c));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return Math.sqrt(variance) < GREY;
  });
}

/** Says how much of a picture is as dark or as bright as can be, where that is a large part. */
function saturationNotes({ data }: Pixels): string[] {
  let count = 0;
  for (const value of data) count += Number(value === 0 || value === 255);
  const share = count / data.length;
  if (share < SATURATED) return [];
  const percent = Math.round(100 * share);
  return [`Saturated: ${percent} % of the picture is at 0 or 1, where nothing moves; try a smaller rate.`];
}

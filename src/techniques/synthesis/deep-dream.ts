import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { readTensor, sizeOf } from "../../gpu/tensor.ts";
import { inputOf } from "../../graph/graph.ts";
import { upTo } from "../../graph/up-to.ts";
import { type PictureSource, readPicture } from "../../images/picture.ts";
import type { Pixels } from "../../images/pixels.ts";
import { lumaOf, scaleValues } from "../../images/preprocess.ts";
import { type PictureValues, valuesOf, zoomed, zoomedIn } from "../../images/zoom.ts";
import type { Networks } from "../../network/pool.ts";
import { guidedMatch, normObjective, type Objective } from "../../objectives/objective.ts";
import { ascend } from "../../optimise/ascend.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { normalisedGradient } from "../../optimise/optimisers/gradient-ascent.ts";
import { clip } from "../../optimise/regularisers/clip.ts";
import { jitter } from "../../optimise/transforms/jitter.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { submit } from "../submit.ts";
import { steps as stepsOption } from "./options.ts";
import { type PictureTechnique, pictureTechnique } from "./picture-technique.ts";
import { asRgb } from "./unit-pictures.ts";

/** A picture to dream of: pixels, what a page has, or values of 0…1 of [H, W, C]. */
export type DreamtPicture = Pixels | PictureSource | PictureValues;

export interface DeepDreamOptions extends LoopOptions {
  /** The layer, or layers, whose activations grow. */
  readonly layer: string | readonly string[];
  /** A second picture: what excites the layer becomes what it excites the layer by. */
  readonly guide?: DreamtPicture | undefined;
  /** Sizes at which it dreams, from small to large. Default 4. */
  readonly octaves?: number | undefined;
  /** The ratio of one size to the next. Default 1.4. */
  readonly scale?: number | undefined;
  /** Steps at each size. Default 10. */
  readonly steps?: number | undefined;
  /** How far a step moves a pixel on average, in levels of 0…255. Default 1.5. */
  readonly rate?: number | undefined;
  /** The picture is rolled by up to so many pixels before each step, and back after it; less where it is smaller. Default 32. */
  readonly jitter?: number | undefined;
  /** Seed of the rolls. Default 0. */
  readonly seed?: number | undefined;
  /** Called with the picture after each size, and between. */
  readonly onPicture?: ((picture: PictureValues) => void) | undefined;
}

const DREAM: Fields<DeepDreamOptions> = {
  ...{ ...LOOP },
  ...{ layer: "must", guide: "may", octaves: "may", scale: "may", steps: "may", rate: "may" },
  ...{ jitter: "may", seed: "may", onPicture: "may" },
};

/**
 * DeepDream: a picture in which a layer sees more of what it sees already (Mordvintsev et al. 2015). The gradient at the layer is
 * the layer's activation; the picture climbs at several sizes, and what was dreamt at one is carried up to the next. The network
 * runs at the picture's own size.
 * @param given pixels, what a page has, or values of 0…1, [H, W, C], which are not rounded between two dreams.
 * @returns values of 0…1, `[H, W, C]`, of the picture's size; a network of one channel dreams in grey.
 * @throws InputError for options out of range, or a picture whose smallest size the network does not take.
 */
export async function deepDream(
  networks: Networks,
  given: DreamtPicture,
  options: DeepDreamOptions,
): Promise<PictureValues> {
  assertFields("deepDream", options, DREAM);
  const { layer, octaves = 4, scale = 1.4, steps = 10, rate = 1.5, seed = 0 } = options;
  const { jitter: roll = 32 } = options;
  const { signal, onProgress, onPicture } = options;
  const layers = typeof layer === "string" ? [layer] : layer;
  if (layers.length === 0) throw new InputError("deepDream: expected a layer, got none");
  if (!(Number.isInteger(octaves) && octaves >= 1 && octaves <= 16)) {
    throw new InputError(`deepDream: expected 1 to 16 octaves, got ${octaves}`);
  }
  if (!(Number.isInteger(roll) && roll >= 0)) {
    throw new InputError(`deepDream: expected a jitter of whole pixels, got ${roll}`);
  }
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new InputError(`deepDream: expected a rate above 0, in levels of 0…255, got ${rate}`);
  }
  if (!(scale > 1)) throw new InputError(`deepDream: expected a scale above 1, got ${scale}`);
  const channels = inputOf(networks.graph).shape.at(-1) ?? 3;
  const picture = await valuesIn("picture", given, channels);
  const guide = options.guide && (await valuesIn("guide", options.guide, channels));
  const objective = await objectiveOf(networks, layers, guide);
  const pyramid = [picture];
  while (pyramid.length < octaves) {
    const [above] = pyramid as [PictureValues];
    const [height, width] = above.shape;
    pyramid.unshift(
      zoomed(above, [Math.max(1, Math.round(height / scale)), Math.max(1, Math.round(width / scale))]),
    );
  }
  const graph = upTo(networks.graph, layers);
  let detail: PictureValues | undefined;
  let dreamt = picture;
  for (const [octave, base] of pyramid.entries()) {
    const [height, width] = base.shape;
    const rolled = Math.min(roll, height - 1, width - 1);
    const carried = detail && zoomed(detail, [height, width]);
    const start = carried ? base.data.map((value, i) => value + (carried.data[i] ?? 0)) : base.data;
    const shown = (data: Float32Array): void => onPicture?.({ data, shape: base.shape });
    const climbed = await ascend(networks, {
      ...{ graph, objective, steps, seed, signal },
      networkSize: [height, width],
      image: pixelImage({ start }),
      transforms: rolled > 0 ? [jitter(rolled, { wrap: true })] : [],
      optimiser: normalisedGradient({ rate: rate / 255 }),
      regularisers: [clip({ low: 0, high: 1, at: "after" })],
      onProgress: onProgress && ((done) => onProgress((octave + done) / octaves)),
      onPicture: onPicture && (({ pixels }) => shown(pixels)),
    });
    const pixels = climbed.pixels.map((value) => Math.min(1, Math.max(0, value)));
    dreamt = { data: pixels, shape: base.shape };
    detail = { data: pixels.map((value, i) => value - (base.data[i] ?? 0)), shape: base.shape };
    shown(pixels);
  }
  return dreamt;
}

export interface ZoomOptions extends DeepDreamOptions {
  /** Number of frames. */
  readonly frames: number;
  /** Share of the picture by which each frame is drawn larger. Default 0.05. */
  readonly zoom?: number | undefined;
}

/** DeepDream as a film: each frame dreams, and the next begins at it, drawn larger about its middle. */
export async function* deepDreamZoom(
  networks: Networks,
  picture: DreamtPicture,
  { frames, zoom = 0.05, ...options }: ZoomOptions,
): AsyncGenerator<PictureValues, void> {
  if (!(Number.isInteger(frames) && frames >= 1)) {
    throw new InputError(`deepDreamZoom: expected at least one frame, got ${frames}`);
  }
  if (!(zoom > -1 && zoom < 1))
    throw new InputError(`deepDreamZoom: expected a zoom of −1 to 1, got ${zoom}`);
  let next: DreamtPicture = picture;
  for (let frame = 0; frame < frames; frame++) {
    const { onProgress } = options;
    const dreamt = await deepDream(networks, next, {
      ...options,
      onProgress: onProgress && ((done) => onProgress((frame + done) / frames)),
    });
    yield dreamt;
    next = zoomedIn(dreamt, zoom);
  }
}

/** @throws InputError for a picture that is none: pixels of 0…255, another number of channels, values that are not finite. */
async function valuesIn(what: string, picture: DreamtPicture, channels: number): Promise<PictureValues> {
  const values = isValues(picture) ? picture : valuesWith(channels, await readPicture(picture));
  const { data, shape } = values;
  const sides = Array.isArray(shape) ? shape : [];
  if (sides.length !== 3 || sides[2] !== channels || !(sizeOf(sides) > 0) || data.length !== sizeOf(sides)) {
    const got = `${data?.length ?? "no"} values of shape [${sides.join(", ")}]`;
    throw new InputError(
      `deepDream: expected a ${what} { data, shape } of shape [H, W, ${channels}], values 0…1, got ${got}`,
    );
  }
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new InputError(`deepDream: expected a ${what} of finite values, got ${data[wrong]} at ${wrong}`);
  }
  return values;
}

/** Pixels as values of 0…1; for a network of one channel their brightness. */
function valuesWith(channels: number, pixels: Pixels): PictureValues {
  if (channels !== 1) return valuesOf(pixels);
  const { height, width, data } = pixels;
  return { data: Float32Array.from(lumaOf(data), (value) => value / 255), shape: [height, width, 1] };
}

function isValues(picture: DreamtPicture): picture is PictureValues {
  return typeof picture === "object" && picture !== null && "shape" in picture;
}

/** The layers' norm; beside a guide, how well they match what the guide excites. */
async function objectiveOf(
  networks: Networks,
  layers: readonly string[],
  guide: PictureValues | undefined,
): Promise<Objective> {
  const plus = (terms: readonly Objective[]): Objective => terms.reduce((sum, term) => sum.plus(term));
  if (!guide) return plus(layers.map(normObjective));
  const [height, width] = guide.shape;
  const network = await networks.temporary({
    ...{ graph: upTo(networks.graph, layers), size: [height, width], keep: layers, gradients: false },
  });
  try {
    const { device, graph, input } = network;
    const channels = inputOf(graph).shape.at(-1) ?? 3;
    const levels = guide.data.map((value) => 255 * value);
    device.queue.writeBuffer(input.buffer, 0, scaleValues(levels, graph.preprocessing, channels));
    submit(network, (encoder) => network.forward(encoder));
    const terms: Objective[] = [];
    for (const layer of layers) {
      const activation = network.activation(layer);
      const data = await readTensor(device, activation);
      terms.push(guidedMatch(layer, data as Float32Array));
    }
    return plus(terms);
  } finally {
    network.destroy();
  }
}

const COMMON = {
  paper: {
    ...{ authors: "Mordvintsev et al.", year: 2015 },
    address: "https://research.google/blog/inceptionism-going-deeper-into-neural-networks/",
  },
  command: "dream",
  options: {
    octaves: {
      type: { kind: "whole", from: 1, to: 16 },
      default: 4,
      help: "Sizes at which it dreams, from small to large.",
    },
    scale: { type: { kind: "number" }, default: 1.4, help: "The ratio of one size to the next." },
    steps: stepsOption(10, "Steps at each size."),
    rate: {
      type: { kind: "number" },
      default: 1.5,
      help: "How far a step moves a pixel on average, in levels of 0…255.",
    },
    jitter: {
      type: { kind: "whole", from: 0, to: 10_000 },
      default: 32,
      help: "The picture is rolled by up to so many pixels before each step, and back after it.",
    },
  },
} as const satisfies Partial<PictureTechnique>;

type Dream = Parameters<Parameters<typeof pictureTechnique>[0]["run"]>;

async function dreamt(
  networks: Networks,
  { picture, layers }: Dream[1],
  { onPicture, ...options }: Dream[2],
  guide?: Pixels,
) {
  const made = await deepDream(networks, picture, {
    ...{ ...options, layer: layers, guide },
    onPicture:
      onPicture &&
      (({ data, shape }) => onPicture({ pictures: [asRgb(data, shape)], shape: [shape[0], shape[1], 3] })),
  });
  const [height, width] = made.shape;
  return [
    { name: layers.join(", "), data: asRgb(made.data, made.shape), shape: [height, width, 3] as const },
  ];
}

export const DEEP_DREAM = pictureTechnique({
  ...COMMON,
  name: "deep-dream",
  title: "DeepDream",
  summary: "A picture in which a layer sees more of what it sees already",
  asks: ["picture", "layers"],
  run: dreamt,
});

export const GUIDED_DREAM = pictureTechnique({
  ...COMMON,
  name: "guided-dream",
  command: "dream --guide",
  title: "Guided dream",
  summary: "A picture in which a layer sees more of what it sees in a second one",
  asks: ["picture", "layers", "secondPicture"],
  run: (networks, request, options) => dreamt(networks, request, options, request.secondPicture),
});

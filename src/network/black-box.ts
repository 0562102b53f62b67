import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import type { Graph, HeadKind } from "../graph/graph.ts";
import {
  forChannels,
  namedPreprocessing,
  type Preprocessing,
  type PreprocessingName,
} from "../graph/preprocessing.ts";
import { putOnDevice } from "./create-network.ts";
import type { Network } from "./network.ts";
import { planNetwork } from "./network-plan.ts";
import type { OutsideScores } from "./outside.ts";

/** A function in place of a network. */
export interface BlackBoxOptions {
  /** The pictures that it takes: their size and channels, or [H, W, C]. */
  readonly input:
    | Shape
    | { readonly height: number; readonly width: number; readonly channels?: number | undefined };
  /**
   * Gives the scores of some images: their values [count, H, W, C], preprocessed, in; their scores, image after image, out. It
   * is called for one batch after another, never twice at once, and may keep neither array.
   */
  readonly scores: OutsideScores;
  /** Shape of one image's scores: their number, or [H, W, classes] of scores at every place. Default: as many as one call gives. */
  readonly outputs?: number | Shape | undefined;
  /** Names of the classes, in order. */
  readonly labels?: readonly string[] | undefined;
  /** What the numbers are. Default: of several numbers, the logits of a softmax, which is said to be assumed; of one, a value. */
  readonly head?: HeadKind | undefined;
  /** True where the function gives probabilities, after a softmax or sigmoid: their logits are then taken. Default false. */
  readonly probabilities?: boolean | undefined;
  /** How values of 0…255 become what the function takes. Default "unit", 0…1, which is said to be a guess. */
  readonly preprocessing?: Preprocessing | PreprocessingName | undefined;
  /** The most images of one call. Default 16. */
  readonly batch?: number | undefined;
  /** For messages and titles. Default "black box". */
  readonly name?: string | undefined;
}

const FIELDS: Fields<BlackBoxOptions> = {
  ...{ input: "must", scores: "must", outputs: "may", labels: "may", head: "may" },
  ...{ probabilities: [true, false], preprocessing: "may", batch: "may", name: "may" },
};

const SCORES = "scores";

/**
 * Takes a function in place of a network: a session of another runtime, a server, a network with an op that Vitrine does
 * not have. Whatever needs scores only can be asked of it: `predict`, `occlusion`, `rise`, `lime`, `numericalSaliency`, and the measures of `trust`
 * that change the image. Changed images are made on the GPU as for a network, so that the same seed gives the same map, and
 * a device is needed; a software adapter will do. What needs a gradient or a layer is refused.
 * @throws InputError for options that cannot be right, or a function that gives other than scores.
 * @example
 * ```ts
 * import { blackBox, occlusion } from "vitrine";
 *
 * const box = await blackBox(device, {
 *   input: { height: 96, width: 96 },
 *   scores: async (batch, count) => Float32Array.from({ length: 2 * count }, (_, i) => batch[i] ?? 0),
 *   labels: ["cat", "dog"],
 * });
 * const { shape } = await occlusion(box, image, { target: "dog", patch: 32, stride: 32 });
 * console.log(shape.join("×")); // 96×96
 * box.destroy();
 * ```
 */
export async function blackBox(device: GPUDevice, options: BlackBoxOptions): Promise<Network> {
  assertDevice("blackBox", device);
  assertFields("blackBox", options, FIELDS);
  const { scores, labels, head, probabilities = false, batch = 16, name = "black box" } = options;
  if (typeof scores !== "function") {
    throw new InputError(`blackBox: expected scores to be a function, got ${describe(scores)}`);
  }
  const input = pictureShape(options.input);
  const shape = await outputShape(options, input);
  const kind = head ?? (probabilities ? (shape.at(-1) === 1 ? "sigmoid" : "softmax") : undefined);
  const graph: Graph = {
    name,
    layers: [
      { op: "input", name: "image", inputs: [], shape: input },
      { op: "input", name: SCORES, inputs: [], shape, outside: true },
    ],
    output: SCORES,
    ...(kind === undefined ? {} : { heads: { [SCORES]: kind } }),
    ...(labels ? { labels } : {}),
    preprocessing: forChannels(preprocessingOf(options.preprocessing), input[2]),
  };
  const outside = probabilities ? logitsOf(scores, kind === "sigmoid") : scores;
  const plan = planNetwork(graph, { batch, keep: "all", gradients: false, reuseBuffers: false });
  return putOnDevice(device, plan, { outside });
}

function pictureShape(input: BlackBoxOptions["input"]): readonly [number, number, number] {
  const [height, width, channels] =
    "height" in input ? [input.height, input.width, input.channels ?? 3] : input;
  const sizes = [height, width, channels] as const;
  const [h, w, c] = sizes;
  if (
    h !== undefined &&
    w !== undefined &&
    c !== undefined &&
    sizes.every((size) => Number.isInteger(size) && Number(size) >= 1)
  ) {
    return [h, w, c];
  }
  throw new InputError(
    `blackBox: expected input as { height, width, channels } or [height, width, channels], whole numbers of 1 or more, got ${JSON.stringify(input)}`,
  );
}

async function outputShape({ outputs, scores }: BlackBoxOptions, input: Shape): Promise<Shape> {
  if (outputs !== undefined) return typeof outputs === "number" ? [outputs] : outputs;
  const found: unknown = await scores(new Float32Array(sizeOf(input)), 1);
  if (found instanceof Float32Array && found.length > 0) return [found.length];
  throw new InputError(
    `blackBox: expected scores to give a Float32Array of one image's scores, got ${found instanceof Float32Array ? "an empty one" : describe(found)}`,
  );
}

function preprocessingOf(given: BlackBoxOptions["preprocessing"]): Preprocessing {
  if (given === undefined)
    return { ...namedPreprocessing("unit", "guessed: 0…1"), guessed: ["values", "fit"] };
  return typeof given === "string" ? namedPreprocessing(given) : given;
}

/** The least probability that a logit is taken of. */
const LEAST = 1e-30;

/** The logits of a function's probabilities. */
function logitsOf(scores: OutsideScores, binary: boolean): OutsideScores {
  return async (batch, count) =>
    (await scores(batch, count)).map((p) => {
      const logit = Math.log(Math.max(p, LEAST));
      return binary ? logit - Math.log(Math.max(1 - p, LEAST)) : logit;
    });
}

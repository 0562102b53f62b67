import { whileAlive } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { type Command, record } from "../gpu/kernel.ts";
import { createTensor, readTensor, type Tensor } from "../gpu/tensor.ts";
import { inputFrom } from "../images/preprocess.ts";
import { classOf, inputOf, logitsOf } from "../network/graph.ts";
import type { Network, Target } from "../network/network.ts";
import type { Own } from "../network/stages.ts";
import { planWindows } from "../network/windows/plan.ts";
import { createWindows } from "../network/windows/windows.ts";
import {
  createOcclude,
  createOcclusionMap,
  createOcclusionScore,
  type Sweep,
  sweepOver,
} from "../ops/occlusion.ts";
import { ask, classesOf, type ExplainOptions, type Explanation, type Picture, submit } from "./explain.ts";

export interface OcclusionOptions extends ExplainOptions {
  /** Side of the square patch, in pixels. Default: a seventh of the image's shorter side. */
  readonly patch?: number;
  /** Pixels from one patch to the next. Default: half the patch. */
  readonly stride?: number;
  /**
   * What covers the patch, in the units of the network's input: one value, or one a channel. "mean" (the default) is
   * the data set's mean pixel, which is what the preprocessing subtracts; where it subtracts nothing, the image's own.
   */
  readonly fill?: "mean" | number | readonly number[];
  /** What the covered image is judged by. Default "logit". */
  readonly on?: "logit" | "probability";
  /**
   * Whether to compute, for each patch, only what it changes, which gives the same map faster. Default true; false runs
   * whole covered images, a batch of the network's at a time.
   */
  readonly incremental?: boolean;
  /** Called with the fraction done, 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/** The share of the full sweep's work below which an incremental one is worth its buffers. */
const WORTHWHILE = 0.9;

/** How long the GPU works before it is waited for. */
const BREATH_MS = 100;

/** An occlusion sweep as a command. */
export interface Occlusion {
  readonly sweep: Sweep;
  /** [H, W, C]: the image, as the network takes it. */
  readonly image: Tensor;
  /** [C]: what covers it. */
  readonly fill: Tensor;
  /** [sweep.images]: the objective of the clean image, then of each covered one, row after row of patches. */
  readonly scores: Tensor;
  /** [H, W]: the heat map. */
  readonly map: Tensor;
  /** How often `recordStep` must be recorded before `recordMap`. */
  readonly steps: number;
  /** How many times fewer multiply-adds than whole covered images take: what is exact to leave out. 1: nothing is. */
  readonly saving: number;
  /** Records the sweep's beginning, after `image` and `fill` were written. */
  recordStart(encoder: GPUCommandEncoder): void;
  /** Records the next batch of patches. */
  recordStep(encoder: GPUCommandEncoder): void;
  /** Records the heat map, after all steps. */
  recordMap(encoder: GPUCommandEncoder): void;
  destroy(): void;
}

/**
 * Prepares a sweep of patches over an image (Zeiler & Fergus 2013, section 4.2). The clean image is computed once, and for
 * every patch what it changes: rectangles that grow from layer to layer, exact to rounding. Where that saves little, or
 * `incremental` is false, whole covered images run through the network instead, a batch at a time.
 * @throws InputError when the patch is larger than the image or the stride is 0.
 */
export async function createOcclusion(
  network: Network,
  target: Target,
  options: Pick<OcclusionOptions, "patch" | "stride" | "on" | "incremental"> = {},
): Promise<Occlusion> {
  const { patch, stride, on = "logit", incremental = true } = options;
  const { device, graph, batch } = network;
  const [height, width, channels] = inputOf(graph).shape;
  const side = patch ?? Math.max(1, Math.round(Math.min(height, width) / 7));
  const step = stride ?? Math.max(1, Math.floor(side / 2));
  const sweep = sweepOver([height, width, channels], [side, side], [step, step]);
  const a = network.activation(target.layer);
  if (on === "probability" && (target.channel === undefined || target.layer !== logitsOf(graph))) {
    throw new InputError(
      `occlusion: expected a class as the target of a probability, got layer "${target.layer}"`,
    );
  }

  const owned: { destroy(): void }[] = [];
  const own: Own = (made) => {
    owned.push(made);
    return made;
  };
  const tensor = (shape: readonly number[], label: string, dtype: "f32" | "u32" = "f32"): Tensor => {
    const made = createTensor(device, shape, { label: `occlusion ${label}`, dtype });
    own(made.buffer);
    return made;
  };
  const command = (made: Promise<Command>): Promise<Command> => made.then(own);
  const destroy = (): void => {
    for (const made of owned) made.destroy();
  };
  try {
    const fill = tensor([channels], "fill");
    const position = tensor([1], "position", "u32");
    const scores = tensor([sweep.images], "scores");
    const map = tensor([height, width], "map");
    const { layer: _, image: __, ...elements } = target;
    const score = { ...elements, probability: on === "probability" };
    const judge = (of: Tensor, order: { readonly step?: number; readonly advance?: number } = {}) =>
      command(createOcclusionScore(device, sweep, score, { a: of, position, scores, ...order }));
    const draw = await command(createOcclusionMap(device, sweep, { scores, y: map }));
    const common = {
      sweep,
      fill,
      scores,
      map,
      destroy,
      recordMap: (encoder: GPUCommandEncoder) => record(encoder, [draw]),
    };

    const bufferBytes = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    const plan = incremental ? planWindows(graph, sweep, target.layer, { bufferBytes }) : undefined;
    if (plan && plan.cost.planned < WORTHWHILE * plan.cost.full) {
      const windows = await createWindows(
        device,
        plan,
        { fill, position, constants: network.constants },
        own,
      );
      const judgeClean = await judge(windows.clean);
      const judgeChunk = await judge(windows.changed, { step: plan.chunks, advance: 1 });
      return {
        ...common,
        image: { ...windows.image, shape: [height, width, channels] },
        steps: plan.chunks,
        saving: plan.cost.full / plan.cost.exact,
        recordStart(encoder) {
          encoder.clearBuffer(position.buffer);
          record(encoder, [windows.start, judgeClean], { label: "vitrine occlusion clean" });
        },
        recordStep: (encoder) =>
          record(encoder, [windows.step, judgeChunk], { label: "vitrine occlusion step" }),
      };
    }

    const image = tensor([height, width, channels], "image");
    const occlude = await command(
      createOcclude(device, sweep, { x: image, fill, position, y: network.input }),
    );
    const judgeBatch = await judge(a);
    return {
      ...common,
      image,
      steps: Math.ceil(sweep.images / batch),
      saving: 1,
      recordStart: (encoder) => encoder.clearBuffer(position.buffer),
      recordStep(encoder) {
        record(encoder, [occlude]);
        network.forward(encoder, { to: target.layer });
        record(encoder, [judgeBatch]);
      },
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

/**
 * Occlusion: how much a class's score, or any neurons' activation, falls when a patch of the image is covered; at each
 * pixel the mean over the patches that cover it, [H, W] (Zeiler & Fergus 2013). Positive where covering hurts.
 * Any network will do, of any batch, with gradients or without; one created with `keep: []` sweeps fastest.
 */
export async function occlusion(
  network: Network,
  image: Picture,
  options: OcclusionOptions = {},
): Promise<Explanation> {
  const { device, graph } = network;
  const { target: question, signal, onProgress, fill = "mean" } = options;
  signal?.throwIfAborted();
  const input = inputFrom(graph, image);
  const colour = fillColour(network, input, fill);
  const target =
    question === undefined
      ? await ask(network, input, options)
      : typeof question === "object"
        ? question
        : { layer: logitsOf(graph), channel: classOf(graph, classesOf(network), question) };
  const sweep = await createOcclusion(network, target, options);
  try {
    device.queue.writeBuffer(sweep.image.buffer, 0, input.buffer, input.byteOffset, input.byteLength);
    device.queue.writeBuffer(sweep.fill.buffer, 0, colour);
    submit(network, sweep.recordStart);
    // The GPU catches up about every BREATH_MS, so that progress is true and a stop is prompt on any adapter.
    let rested = performance.now();
    let pending = 0;
    let enough = 1;
    for (let step = 0; step < sweep.steps; step++) {
      submit(network, sweep.recordStep);
      if (++pending < enough && step < sweep.steps - 1) continue;
      await whileAlive(device, "occlusion", device.queue.onSubmittedWorkDone());
      signal?.throwIfAborted();
      onProgress?.((step + 1) / sweep.steps);
      const now = performance.now();
      enough = Math.min(64, Math.max(1, Math.floor((pending * BREATH_MS) / (now - rested))));
      [rested, pending] = [now, 0];
    }
    submit(network, sweep.recordMap);
    const data = await readTensor(device, sweep.map);
    signal?.throwIfAborted();
    onProgress?.(1);
    return { data, shape: sweep.map.shape, target };
  } finally {
    sweep.destroy();
  }
}

function fillColour(
  network: Network,
  input: Float32Array,
  fill: NonNullable<OcclusionOptions["fill"]>,
): Float32Array<ArrayBuffer> {
  const { graph } = network;
  const [height, width, channels] = inputOf(graph).shape;
  if (fill === "mean") {
    const colour = new Float32Array(channels);
    if (graph.preprocessing.mean.some((mean) => mean !== 0)) return colour;
    for (const [index, value] of input.entries()) {
      colour[index % channels] = (colour[index % channels] ?? 0) + value / (height * width);
    }
    return colour;
  }
  const values = typeof fill === "number" ? Array<number>(channels).fill(fill) : fill;
  if (values.length !== channels || !values.every(Number.isFinite)) {
    throw new InputError(
      `occlusion: expected a fill of "mean", a number, or ${channels} numbers, got ${String(fill)}`,
    );
  }
  return Float32Array.from(values);
}

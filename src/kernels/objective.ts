import gradientShader from "../../shaders/objective_gradient.wgsl";
import scoreShader from "../../shaders/objective_score.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Every index, in a term or a score. */
export const EVERY_INDEX = 0xffffffff;

/** Codes of the kinds of term in WGSL. */
const KINDS = {
  ...{ sum: 0, probability: 1, norm: 2, region: 3, yes: 4, no: 5 },
  ...{ logProbability: 6, logYes: 7, logNo: 8, channelOfEach: 9 },
} as const;

/** A term of an objective at one layer; indices may be {@link EVERY_INDEX}. */
export interface ObjectiveTerm {
  /**
   * Σ a, softmax over the channels at `channel`, ½·Σ a², Σ mask·a, sigmoid of a or of −a, over the elements that match; and the
   * logarithms of these probabilities; Σ a of a channel for each image, whose number the masks hold.
   */
  readonly kind: keyof typeof KINDS;
  readonly image: number;
  readonly y: number;
  readonly x: number;
  readonly channel: number;
  /** Offset of a region's mask, or of a list of channels, among the masks. */
  readonly mask: number;
  readonly weight: number;
}

/** Terms as the kernels read them: kind, image, y, x, channel, mask and the weight's bits. */
export function packTerms(terms: readonly ObjectiveTerm[]): Uint32Array {
  const bits = new Uint32Array(new Float32Array(terms.map(({ weight }) => weight)).buffer);
  return Uint32Array.from(
    terms.flatMap(({ kind, image, y, x, channel, mask }, i) => [
      ...[KINDS[kind], image, y, x, channel, mask],
      bits[i] ?? 0,
    ]),
  );
}

/** Inputs of both kernels of an objective. */
interface ObjectiveSite {
  /** Activations of the layer, [N, …]. */
  readonly a: Tensor;
  /** `[7·count]` u32; see {@link packTerms}. */
  readonly terms: Tensor;
  /** The regions' masks, one after another. */
  readonly masks: Tensor;
  /** `[N]`: log-sum-exp of the first pixel's channels, where a term is a probability. */
  readonly lse: Tensor;
  readonly count: number;
  /** Entries of the batch that belong to one image of a term; 1 where every entry is an image. */
  readonly views?: number | undefined;
  readonly accumulate: boolean;
  readonly label?: string | undefined;
}

/** Writes into (or adds to) `values` [N] what the terms say of each image, and `lse`; see objective_score.wgsl. */
export function createObjectiveScore(
  device: GPUDevice,
  { values, count, views = 1, accumulate, label, ...bindings }: ObjectiveSite & { readonly values: Tensor },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(bindings.a.shape);
  return createDispatch(device, scoreShader, {
    label,
    params: { images, height, width, channels, count, views, accumulate: Number(accumulate) },
    bindings: { ...bindings, values },
    workgroups: gridOf(images),
  });
}

/** Writes into (or adds to) `dy` the gradient of the terms to every element of `a`; see objective_gradient.wgsl. */
export function createObjectiveGradient(
  device: GPUDevice,
  { dy, count, views = 1, accumulate, label, ...bindings }: ObjectiveSite & { readonly dy: Tensor },
): Promise<Command> {
  const [, height, width, channels] = asNhwc(dy.shape);
  const size = sizeOf(dy.shape);
  return createDispatch(device, gradientShader, {
    label,
    params: { size, height, width, channels, count, views, accumulate: Number(accumulate) },
    bindings: { ...bindings, dy },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

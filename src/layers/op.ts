import { InputError } from "../gpu/errors.ts";
import type { Command } from "../gpu/kernel.ts";
import { type DType, formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";

/** What every layer of a graph says, whatever its op. */
export interface LayerBase {
  readonly name: string;
  /** Names of the layers whose outputs it reads. */
  readonly inputs: readonly string[];
  /** Its class in the file that it came from ("Rescaling"), where there is one. */
  readonly className?: string;
}

/** A constant array of a model: weights, biases. */
export interface Constant {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Tensors by name. Asking for one that an op did not declare is a mistake in that op. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Where a layer runs forward. */
export interface ForwardSite<L> {
  readonly layer: L;
  /** At least one input, by the op's own shape rule. */
  readonly x: readonly [Tensor, ...Tensor[]];
  readonly y: Tensor;
  /** The op's `constants`, uploaded. */
  readonly constants: Tensors;
  /** The op's `saved`, allocated; empty in a network without gradients. */
  readonly saved: Tensors;
}

/**
 * The way back through the activation of the layer that a gradient belongs to, for a kernel that writes that gradient to
 * take at once: dx is then the gradient to the pre-activation, and no pass of its own follows.
 */
export interface Gate {
  /** Which activation it is, and the slope of a leaky ReLU: what `activationCode` gives. */
  readonly code: number;
  readonly alpha: number;
  /** The activation's output, of dx's shape. */
  readonly a: Tensor;
  /** Storage buffer of rule codes, u32 each. "Redirected" leaves the signal as it is, like the code "pass". */
  readonly rules: GPUBuffer;
  /** Which of the codes counts. */
  readonly slot: number;
}

/** Where a layer runs backward, to one of its inputs. */
export interface BackwardSite<L> extends ForwardSite<L> {
  /** Gradient of the objective to this layer's output; before its fused activation, if it has one. */
  readonly dy: Tensor;
  /** Which input `dx` belongs to. */
  readonly input: number;
  /** Where the gradient to that input goes. */
  readonly dx: Tensor;
  /** Whether it is added to what `dx` holds, or written over it. */
  readonly accumulate: boolean;
  /** Codes of backward rules, u32 each (see activation.ts); a storage buffer. */
  readonly rule: GPUBuffer;
  /** Which of the codes is this layer's. Default 0. */
  readonly slot?: number;
  /** `[batch]`: what `createBlocked` finds, if it is recorded before; see activation.ts. */
  readonly blocked?: Tensor<"u32">;
  /** Only for ops that say `gates`, and not with `accumulate`. */
  readonly gate?: Gate | undefined;
}

/**
 * One op: its shape rule, forward and gradient to the input, side by side in one file.
 * Shapes carry the batch: [N, H, W, C] or [N, F].
 */
export interface Op<L extends LayerBase> {
  /** Output shape. @throws InputError naming the layer, what was expected and what came. */
  shape(layer: L, x: readonly Shape[]): Shape;
  /** The output is the first input's buffer under another shape, so nothing runs. */
  readonly view?: boolean;
  /** Backward takes the gradient through its site's `gate`. */
  readonly gates?: boolean;
  /** Names of the constants that may come in parts along their first axis, where a device binds no more at once. */
  readonly parts?: readonly string[];
  /** Arrays to upload once, prepacked as the kernels read them. */
  constants?(layer: L, x: readonly Shape[], gradients: boolean): Record<string, Constant>;
  /** Tensors that forward writes for backward to read. */
  saved?(layer: L, x: readonly Shape[]): Record<string, { readonly shape: Shape; readonly dtype: DType }>;
  /** What a command forward, and one backward, may allocate for itself on some devices; [0] for nothing. */
  scratch?(layer: L, x: readonly Shape[]): { readonly forward: Shape; readonly backward: Shape };
  forward(device: GPUDevice, site: ForwardSite<L>): Promise<Command>;
  backward(device: GPUDevice, site: BackwardSite<L>): Promise<Command>;
}

/** The shape of a layer's only input. @throws InputError when it has none or several. */
export function onlyInput(layer: LayerBase & { readonly op: string }, x: readonly Shape[]): Shape {
  const [shape] = x;
  if (!shape || x.length !== 1) {
    throw new InputError(`${layer.op} "${layer.name}": expected 1 input, got ${x.length}`);
  }
  return shape;
}

/** The [N, H, W, C] shape of a layer's only input. @throws InputError when it has another rank. */
export function onlyImage(
  layer: LayerBase & { readonly op: string },
  x: readonly Shape[],
): readonly [n: number, h: number, w: number, c: number] {
  const shape = onlyInput(layer, x);
  const [n, h, w, c] = shape;
  if (shape.length !== 4 || n === undefined || h === undefined || w === undefined || c === undefined) {
    throw new InputError(
      `${layer.op} "${layer.name}": expected x of shape N×H×W×C, got ${formatShape(shape)}`,
    );
  }
  return [n, h, w, c];
}

import type { Command } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import { type DType, formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";
import type { DirtyRectangles, PartialLayer } from "./incremental.ts";
import type { Border } from "./padding.ts";

/** The fields of every layer of a graph, whatever its op. */
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

/** The fields of {@link LayerBase}, for an op's `fields`. */
export const LAYER_FIELDS = { op: "must", name: "must", inputs: "must", className: "may" } as const;

/** Tensors by name. Asking for one that an op did not declare is a mistake in that op. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Inputs and outputs of a layer that runs forward. */
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
 * An activation whose gradient is fused into the kernel that computes the gradient of its output: dx is then the gradient
 * of the pre-activation, and no pass of its own follows.
 */
export interface FusedGradient {
  /** Code and parameters of the activation, as `gradientCode` gives them. */
  readonly code: number;
  readonly alpha: number;
  readonly beta: number;
  /** The activation's output, of dx's shape. */
  readonly a: Tensor;
  /** Storage buffer of rule codes, u32 each. "Redirected" leaves the signal as it is, like the code "pass". */
  readonly rules: GPUBuffer;
  /** The place of the code that counts. */
  readonly slot: number;
}

/** Inputs and output of a layer that runs backward, to one of its inputs. */
export interface BackwardSite<L> extends ForwardSite<L> {
  /** Gradient of the objective to this layer's output; before its fused activation, if it has one. */
  readonly dy: Tensor;
  /** The input that `dx` belongs to. */
  readonly input: number;
  /** The gradient to that input, to be written. */
  readonly dx: Tensor;
  /** True if the gradient is added to what `dx` holds, and not written over it. */
  readonly accumulate: boolean;
  /** Codes of backward rules, u32 each (see activation-gradient.ts); a storage buffer. */
  readonly rule: GPUBuffer;
  /** The place of this layer's code. Default 0. */
  readonly slot?: number | undefined;
  /** `[batch]`: what `createZeroGradientMask` finds, if it is recorded before; see activation-gradient.ts. */
  readonly zeroGradient?: Tensor<"u32"> | undefined;
  /** Only for ops whose `fusion` says `gradient`, and not with `accumulate`. */
  readonly fused?: FusedGradient | undefined;
}

/** Inputs and output of a layer that runs incrementally: in the rectangles that patches changed, for a chunk of patches at once. */
export interface IncrementalSite<L> {
  readonly layer: L;
  readonly x: readonly [PartialLayer, ...PartialLayer[]];
  readonly y: PartialLayer;
  /** The op's `constants`, uploaded. */
  readonly constants: Tensors;
  readonly dirty: DirtyRectangles;
}

/** Inputs and output of a layer that makes a whole output for each patch of the rectangles that changed in its input. */
export interface GatherSite<L> {
  readonly layer: L;
  readonly x: PartialLayer;
  /** The output for the clean image, [1, …]. */
  readonly clean: Tensor;
  /** [patches, …] */
  readonly y: Tensor;
  readonly dirty: DirtyRectangles;
}

/**
 * Form in which a layer runs where patches changed rectangles of its inputs:
 * - "rectangles": the changes keep to a rectangle of the output, where `fits` says so; the others run in full;
 * - "gather": the whole output changes, and follows from the clean one and the rectangles;
 * - "full": the whole output is computed anew.
 */
export type Incremental<L> =
  | {
      readonly kind: "rectangles";
      /** True if its layers may have several axes of channels, [N, H, W, …]; the others are [N, H, W, C]. */
      readonly severalChannelAxes?: true;
      fits(layer: L, x: readonly Shape[], y: Shape): boolean;
      create(device: GPUDevice, site: IncrementalSite<L>): Promise<Command>;
    }
  | { readonly kind: "gather"; create(device: GPUDevice, site: GatherSite<L>): Promise<Command> }
  | { readonly kind: "full" };

/** A layer as a function of its inputs, its bias and its own activation apart. */
export interface Mathematics {
  /** f(x + y) = f(x) + f(y) and f(a·x) = a·f(x), of all inputs together. */
  readonly linear: boolean;
  /** f(a·x) = a·f(x) for every a > 0, and so f(x) = ∇f(x)·x. */
  readonly homogeneous: boolean;
  /** Each output depends on the elements at its own place in the inputs alone, counted from the first of an image. */
  readonly pointwise: boolean;
  /** The condition under which its outputs are known not to be negative. */
  readonly nonNegative: NonNegative;
  /** No output is above the largest input of its image, or below the smallest. */
  readonly withinInputs: boolean;
  /** Plain sums, as logits are: the layer makes them, keeps them as such, averages them, or gives something else. */
  readonly sums: "made" | "kept" | "averaged" | "lost";
}

/** "inputs": where its inputs are not negative; "unknown": nowhere for certain. */
export type NonNegative = "always" | "inputs" | "unknown";

/** The numbers that were learned in a layer. */
export interface Weights {
  readonly w: Constant;
  readonly b: Float32Array | undefined;
  /** Multiply-adds of one output, as far as a count of a network's work goes: those of convolutions and dense layers. */
  readonly products: number;
}

/** One axis of one input of a layer, for what its places see; shapes with the batch in front. */
export interface SightSite {
  /** Rows or columns. */
  readonly axis: 0 | 1;
  readonly input: number;
  readonly x: readonly Shape[];
  readonly y: Shape;
}

/** y = scale·x + offset, by channel. */
export interface Scale {
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}

/** The neighbours that a layer takes in, so that the two become one, and what it is to them. */
export interface Fusion<L> {
  /** True if it applies an activation (its field `activation`) to what it computes. */
  readonly activation: boolean;
  /** True if its backward takes the gradient through its site's `fused`. */
  readonly gradient: boolean;
  /** The same layer with a scale and an offset of its output's channels in its weights; null where it has none. */
  readonly scaled: ((layer: L, scale: Scale) => L) | null;
  /** The same layer with a border of zeros around its input; null where it has none, undefined where it cannot. */
  readonly bordered: ((layer: L, border: Border) => L | undefined) | null;
  /** All that it is beside its activation, where a neighbour may take it in; null or undefined where it is more. */
  readonly as:
    | ((
        layer: L,
      ) =>
        | { readonly kind: "activation" }
        | ({ readonly kind: "scale" } & Scale)
        | { readonly kind: "border"; readonly border: Border }
        | undefined)
    | null;
}

/** The fusion of a layer that stays by itself. */
export const ALONE = { activation: false, gradient: false, scaled: null, bordered: null, as: null } as const;

/**
 * Propagation of relevance through a layer by LRP:
 * - "rule": among the values of its only input, by a rule of LRP; `as`: the linear layer, without an activation, that it is;
 *   `group`: the layers that composites of rules count it among;
 * - "sum": among its inputs, by a rule of LRP, each according to what it adds;
 * - "gradient": to where each value came from, which is what the gradient does;
 * - "unchanged": value by value to its only input;
 * - "undefined": nowhere, unless the caller has it passed on: unchanged, or to that factor of a product which is the signal;
 *   "nowhere" where even that has no meaning;
 * - "end": nowhere; LRP starts before it.
 */
export type RelevancePropagation<Linear> =
  | { readonly by: "rule"; readonly as: Linear; readonly group: RuleGroup }
  | { readonly by: "sum" }
  | { readonly by: "gradient" }
  | { readonly by: "unchanged" }
  | { readonly by: "end" }
  | { readonly by: "undefined"; readonly pass: "unchanged" | "signal" | "nowhere" };

export type RuleGroup = "convolution" | "dense" | "other";

/** One place of a layer's output on a plane without an end, to be back-projected to one of its inputs. */
export interface BackProjection {
  readonly y: number;
  readonly x: number;
  /** Values by channel. */
  readonly values: Float64Array;
  /** Channels of the inputs before this one together. */
  readonly begin: number;
  /** The values of the input at a place, by channel, to add to. */
  back(y: number, x: number): Float64Array;
}

/**
 * Everything that Vitrine knows of an op, in one file. A fact that is missing does not compile, so that nobody guesses it.
 * Shapes carry the batch: [N, H, W, C] or [N, F]. `Linear`: the layers as which LRP's rules see it, where they do.
 */
export interface Op<L extends LayerBase, Linear extends LayerBase = never> {
  /** The fields of its layers. */
  readonly fields: Fields<L>;
  /** Says in a few words what a layer computes, its activation apart. */
  describe(layer: L): string;
  /** Output shape. @throws InputError naming the layer, what was expected and what came. */
  shape(layer: L, x: readonly Shape[]): Shape;

  /** True if the output is the first input's buffer under another shape, so that nothing runs. */
  readonly view: boolean;
  /** Names of the constants that may come in parts along their first axis, where a device binds no more at once. */
  readonly parts?: readonly string[] | undefined;
  /** Arrays to upload once, prepacked as the kernels read them. */
  constants?(layer: L, x: readonly Shape[], gradients: boolean): Record<string, Constant>;
  /** In which of several forms its constants come for inputs of such shapes, where there are several: one form is shared. */
  form?(layer: L, x: readonly Shape[]): string;
  /** Tensors that forward writes for backward to read. */
  saved?(layer: L, x: readonly Shape[]): Record<string, { readonly shape: Shape; readonly dtype: DType }>;
  /** Memory that a command forward, and one backward, may allocate for itself on some devices; [0] for none. */
  scratch?(layer: L, x: readonly Shape[]): { readonly forward: Shape; readonly backward: Shape };
  forward(device: GPUDevice, site: ForwardSite<L>): Promise<Command>;
  backward(device: GPUDevice, site: BackwardSite<L>): Promise<Command>;
  readonly incremental: Incremental<L>;

  /**
   * The same layer where the rows and columns of its inputs change; undefined where its lengths cannot follow. Absent where
   * it holds no lengths of theirs.
   */
  resized?(layer: L, before: readonly Shape[], after: readonly Shape[]): L | undefined;

  mathematics(layer: L): Mathematics;
  weights(layer: L): Weights | undefined;
  /** The rows or columns of one input that a row or column of the output may see; some may lie in the padding. */
  sees(layer: L, site: SightSite): (at: number) => Iterable<number>;
  readonly fusion: Fusion<L>;
  /** The kind of rectifier that it is, where backward rules other than the gradient might be asked of it and are not defined. */
  readonly rectifier?: string | undefined;
  readonly relevance: {
    propagation(layer: L): RelevancePropagation<Linear>;
    /** True if its output, as the factor of a product, gates the other rather than being the signal. */
    readonly gate: boolean;
  };
  /**
   * Adds to `back` what the transpose of the layer makes of values of its output, as if it were linear and its input had no
   * border; null where that says nothing of it.
   */
  readonly backProject: ((layer: L, site: BackProjection) => void) | null;
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

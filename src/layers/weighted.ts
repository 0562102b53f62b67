import type { FusedActivation } from "./activation-kinds.ts";
import type { BackProjection, Constant, LayerBase, Mathematics, Scale } from "./op.ts";
import type { Border, LayerWindow } from "./padding.ts";

/** The fields of convolutions and dense layers: weights whose last axes are the outputs, biases, an activation. */
interface WeightedLayer extends LayerBase {
  readonly w: Constant;
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

/** The same with filters that slide over an image. */
export interface ConvolutionLayer extends WeightedLayer, Omit<LayerWindow, "size"> {}

/** Sums of products with weights of any sign. */
export const WEIGHTED: Mathematics = {
  linear: true,
  homogeneous: true,
  pointwise: false,
  nonNegative: "unknown",
  withinInputs: false,
  sums: "made",
};

/** The layer as far as it is linear. */
export function withoutActivation<L extends WeightedLayer>({ activation: _, ...layer }: L): L {
  return layer as L;
}

/** The layer with a scale and an offset of its outputs in its weights and biases. */
export function scaled<L extends WeightedLayer>(layer: L, { scale, offset }: Scale): L {
  const channels = scale.length;
  const w = layer.w.data.map((weight, index) => weight * (scale[index % channels] ?? 0));
  const b = offset.map((shift, channel) => (layer.b?.data[channel] ?? 0) * (scale[channel] ?? 0) + shift);
  return { ...layer, w: { shape: layer.w.shape, data: w }, b: { shape: [channels], data: b } };
}

/** The layer with a border of zeros in its padding; undefined where its padding depends on the input's size. */
export function bordered<L extends ConvolutionLayer>(layer: L, border: Border): L | undefined {
  if (layer.padding === "same") return undefined;
  const inner = layer.padding === "valid" ? { top: 0, bottom: 0, left: 0, right: 0 } : layer.padding;
  const padding = {
    top: border.top + inner.top,
    bottom: border.bottom + inner.bottom,
    left: border.left + inner.left,
    right: border.right + inner.right,
  };
  return { ...layer, padding };
}

/** Groups of channels that have nothing to do with each other. */
export function groupsOf({ groups = 1 }: { readonly groups?: number }): number {
  return groups;
}

/** Height and width of filters [kh, kw, …]. */
export function sizeOfFilter({ shape: [height = 1, width = 1] }: Constant): readonly [number, number] {
  return [height, width];
}

/** Takes values back through the taps of filters [kh, kw, inputs of a group, outputs]. */
export function backProjectTaps(
  { w, strides, dilations }: ConvolutionLayer,
  { y, x, values, back }: BackProjection,
  groups: number,
): void {
  const [kh = 1, kw = 1] = w.shape;
  const outputs = values.length;
  const inputs = w.data.length / (kh * kw * outputs);
  const reached = outputs / groups;
  for (let tap = 0; tap < kh * kw; tap++) {
    const to = back(
      y * strides[0] + Math.floor(tap / kw) * dilations[0],
      x * strides[1] + (tap % kw) * dilations[1],
    );
    for (let i = 0; i < inputs * groups; i++) {
      const first = Math.floor(i / inputs) * reached;
      const from = (tap * inputs + (i % inputs)) * outputs;
      let sum = to[i] ?? 0;
      for (let o = first; o < first + reached; o++) sum += (values[o] ?? 0) * (w.data[from + o] ?? 0);
      to[i] = sum;
    }
  }
}

import shader from "../../shaders/zero_pad.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { backProjectItself } from "./back-projection.ts";
import { createIncrementalMove } from "./incremental-move.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyImage } from "./op.ts";
import type { Border } from "./padding.ts";

/** Zeros around an image. */
export interface ZeroPadLayer extends LayerBase {
  readonly op: "zeroPad";
  readonly border: Border;
}

export const zeroPad: Op<ZeroPadLayer> = {
  fields: { ...LAYER_FIELDS, border: "must" },
  describe: () => "border of zeros",
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { top, bottom, left, right } = layer.border;
    if (![top, bottom, left, right].every((v) => Number.isInteger(v) && v >= 0)) {
      throw new InputError(
        `zeroPad "${layer.name}": expected a border of whole numbers, got [${[top, bottom, left, right]}]`,
      );
    }
    return [n, h + top + bottom, w + left + right, c];
  },
  view: false,

  forward: (device, { layer, x: [x], y }) =>
    createFrame(device, layer.name, x, y, [layer.border.top, layer.border.left], false),

  backward: (device, { layer, dy, dx, accumulate }) =>
    createFrame(device, layer.name, dy, dx, [-layer.border.top, -layer.border.left], accumulate),

  incremental: {
    kind: "rectangles",
    fits: () => true,
    // The zeros never change.
    create: (device, { layer: { name, border }, x: [x], y, dirty }) =>
      createIncrementalMove(device, { label: name, x, y, dirty }, { offset: [-border.top, -border.left] }),
  },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: false,
    nonNegative: "inputs",
    withinInputs: false,
    sums: "kept",
  }),
  weights: () => undefined,
  sees({ border }, { axis }) {
    const before = axis === 0 ? border.top : border.left;
    return (at) => [at - before];
  },
  fusion: { ...ALONE, as: ({ border }) => ({ kind: "border", border }) },
  relevance: { propagation: () => ({ by: "gradient" }), gate: false },
  backProject: (_, site) => backProjectItself(site),
};

/** Lays x into y, `before` rows down and columns right; negative ones crop. */
function createFrame(
  device: GPUDevice,
  label: string,
  x: Tensor,
  y: Tensor,
  before: readonly [number, number],
  accumulate: boolean,
): Promise<Command> {
  const [, height, width, channels] = asNhwc(x.shape);
  const [, outHeight, outWidth] = asNhwc(y.shape);
  const size = sizeOf(y.shape);
  return createDispatch(device, shader, {
    label,
    params: {
      image: [height, width],
      output: [outHeight, outWidth],
      before,
      channels,
      size,
      accumulate: Number(accumulate),
    },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

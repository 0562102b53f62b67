import { NOTHING } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { createWholeCopy } from "./concat.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesAll, seesItself } from "./sight.ts";

/** The same values under another shape, the batch apart: flatten, reshape; or unchanged (dropout at inference). */
export interface ReshapeLayer extends LayerBase {
  readonly op: "reshape";
  /** The new shape without the batch; absent means the input's own. */
  readonly shape?: readonly number[];
}

export const reshape: Op<ReshapeLayer> = {
  fields: { ...LAYER_FIELDS, shape: "may" },
  describe: () => "reshape",
  shape(layer, x) {
    const input = onlyInput(layer, x);
    if (!layer.shape) return input;
    const [n = 1, ...rest] = input;
    if (sizeOf(layer.shape) !== sizeOf(rest)) {
      throw new InputError(
        `reshape "${layer.name}": expected ${sizeOf(rest)} values for x of shape ${formatShape(input)}, got ${formatShape(layer.shape)}`,
      );
    }
    return [n, ...layer.shape];
  },
  view: true,
  forward: async () => NOTHING,
  // Only where other layers read the input too has the gradient a buffer of its own.
  backward: async (device, { layer, dy, dx, accumulate }) => {
    if (dx.buffer === dy.buffer) return NOTHING;
    return createWholeCopy(device, { label: layer.name, dy, dx, accumulate });
  },

  // A view of the rectangles, too, where the pixels stay where they are.
  incremental: {
    kind: "rectangles",
    severalChannelAxes: true,
    fits: (_, [x = []], y) => x.length >= 4 && pixelsStay(x, y),
    create: async () => NOTHING,
  },
  resized: (layer, [before = []], [after = []]) =>
    !layer.shape || sizeOf(before) === sizeOf(after) ? layer : undefined,
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: true,
    nonNegative: "inputs",
    withinInputs: true,
    sums: "kept",
  }),
  weights: () => undefined,
  sees: (_, site) => (pixelsStay(site.x[0] ?? [], site.y) ? seesItself(site) : seesAll(site)),
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "unchanged" }), gate: false },
  backProject: null,
};

/** Tells whether rows and columns are the same before and after, whatever becomes of the channels. */
function pixelsStay(x: Shape, y: Shape): boolean {
  if (x.length < 4 || y.length < 4) return formatShape(x) === formatShape(y);
  return x[1] === y[1] && x[2] === y[2];
}

import shader from "../../shaders/reduce.wgsl";
import gradientShader from "../../shaders/reduce_gradient.wgsl";
import incrementalShader from "../../shaders/reduce_incremental.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { createSteps, type Scratch, type Step } from "../gpu/steps.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { axesParams, MOST_AXES } from "./axes.ts";
import { itemGrid } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Mathematics, type Op, onlyInput } from "./op.ts";
import { outputsAlong, reductionOf } from "./reduction.ts";
import { extentOf, seesAll, seesItself } from "./sight.ts";

export type ReduceMode = keyof typeof MODES;

/**
 * One value of all along some axes: their mean, sum, largest, smallest, product, Σ|x| ("l1"), √Σx² ("l2"), Σx² ("sumSquare"),
 * log Σx ("logSum") or log Σ exp(x) ("logSumExp"). Elements that are equally large, or small, share the gradient alike.
 */
export interface ReduceLayer extends LayerBase {
  readonly op: "reduce";
  readonly mode: ReduceMode;
  /** Axes of the input, the batch being axis 0, which is never reduced. */
  readonly axes: readonly number[];
  /** True if the reduced axes stay, with one element each. */
  readonly keepDims: boolean;
}

/** Codes of blocks/reduction.wgsl and of reduce_gradient.wgsl (`SLOPE`), and what people call it. */
interface ModeFacts extends Pick<Mathematics, "homogeneous" | "nonNegative" | "sums"> {
  readonly title: string;
  readonly combine: 0 | 1 | 2 | 3;
  readonly element?: number;
  readonly result?: number;
  readonly slope: number;
}

const LOST = { homogeneous: false, nonNegative: "unknown", sums: "lost" } as const;
const NORM = { ...LOST, combine: 0, homogeneous: true, nonNegative: "always" } as const;
const LINEAR = { combine: 0, slope: 0, homogeneous: true, nonNegative: "inputs", sums: "averaged" } as const;

const MODES = {
  mean: { ...LINEAR, title: "mean", result: 1 },
  sum: { ...LINEAR, title: "sum" },
  max: { ...LINEAR, title: "largest", combine: 1, slope: 1 },
  min: { ...LINEAR, title: "smallest", combine: 2, slope: 1 },
  product: { ...LOST, title: "product", combine: 3, slope: 2, nonNegative: "inputs" },
  l1: { ...NORM, title: "sum of absolute values", element: 1, slope: 3 },
  l2: { ...NORM, title: "Euclidean norm", element: 2, result: 2, slope: 4 },
  sumSquare: { ...NORM, title: "sum of squares", homogeneous: false, element: 2, slope: 5 },
  logSum: { ...LOST, title: "log of the sum", combine: 0, result: 3, slope: 6 },
  logSumExp: {
    ...LOST,
    title: "log of the sum of exponentials",
    combine: 0,
    element: 3,
    result: 4,
    slope: 7,
  },
} as const satisfies Record<string, ModeFacts>;

const factsOf = ({ mode }: Pick<ReduceLayer, "mode">): ModeFacts => MODES[mode];

const isLinear = ({ mode }: ReduceLayer): boolean => mode === "mean" || mode === "sum";

export const reduce: Op<ReduceLayer, ReduceLayer> = {
  fields: {
    ...LAYER_FIELDS,
    mode: { must: Object.keys(MODES) as ReduceMode[] },
    axes: "must",
    keepDims: { must: [true, false] },
  },
  describe: ({ mode, axes }) =>
    `${factsOf({ mode }).title} over ${axes.length > 1 ? "axes" : "axis"} ${axes.join(", ")}`,
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const { name, axes, keepDims } = layer;
    const fits = (axis: number): boolean => Number.isInteger(axis) && axis >= 1 && axis < shape.length;
    if (
      axes.length === 0 ||
      !axes.every(fits) ||
      new Set(axes).size < axes.length ||
      shape.length > MOST_AXES
    ) {
      throw new InputError(
        `reduce "${name}": expected different axes of 1 to ${Math.min(shape.length, MOST_AXES) - 1} for x of shape ${formatShape(shape)}, got [${axes}]`,
      );
    }
    return keepDims
      ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : shape.filter((_, axis) => !axes.includes(axis));
  },
  view: false,

  scratch(layer, x) {
    const [shape = []] = x;
    const sliced = partialsOf(shape, layer.axes);
    const outputs = sizeOf(reduce.shape(layer, x));
    const { slope } = factsOf(layer);
    const found = slope === 1 ? 1 : slope === 2 ? 2 : 0;
    return {
      forward: [layer.mode === "logSumExp" ? 2 * sliced + outputs : sliced],
      backward: [found * (sliced + outputs)],
    };
  },

  forward(device, { layer, x: [x], y }) {
    const { combine, element, result } = factsOf(layer);
    const site = { label: layer.name, axes: layer.axes, x };
    return createSteps(device, layer.name, (scratch) => {
      if (layer.mode !== "logSumExp")
        return reductionSteps(scratch, { ...site, y, combine, element, result });
      const known = scratch([sizeOf(y.shape)], `${layer.name} largest`);
      return [
        ...reductionSteps(scratch, { ...site, y: known, combine: MODES.max.combine }),
        ...reductionSteps(scratch, { ...site, known, y, combine, element, result }),
      ];
    });
  },

  backward(device, { layer, x: [x], y, dy, dx, accumulate }) {
    const { slope } = factsOf(layer);
    const { name: label, axes } = layer;
    const outputs = sizeOf(y.shape);
    return createSteps(device, label, (scratch) => {
      const steps: Step[] = [];
      const found = (what: string, wanted: Pick<Reduction, "combine" | "element" | "known">): Tensor => {
        const to = scratch([outputs], `${label} ${what}`);
        steps.push(...reductionSteps(scratch, { label, axes, x, y: to, ...wanted }));
        return to;
      };
      const isProduct = layer.mode === "product";
      const count =
        slope === 1
          ? found("winners", { combine: 0, element: 4, known: y })
          : isProduct
            ? found("zeros", { combine: 0, element: 6 })
            : y;
      const rest = isProduct ? found("product of the others", { combine: 3, element: 5 }) : y;
      const size = sizeOf(x.shape);
      const along = outputsAlong(x.shape, axes);
      return [
        ...steps,
        {
          shader: gradientShader,
          label,
          constants: { RANK: along.sizes.length, SLOPE: slope },
          params: {
            size,
            accumulate: Number(accumulate),
            scale: scaleOf(layer, x.shape),
            ...axesParams(along),
          },
          bindings: { x, y, dy, count, rest, dx },
          workgroups: gridOf(Math.ceil(size / 256)),
        },
      ];
    });
  },

  incremental: {
    kind: "rectangles",
    // Over the channels of every pixel by itself.
    fits: ({ axes, keepDims }, [x = []]) => keepDims && x.length === 4 && axes.length === 1 && axes[0] === 3,
    create(device, { layer, x: [x], y, dirty }) {
      const [, height, width, channels] = x.shape;
      const { combine, element = 0, result = 0 } = factsOf(layer);
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: {
          ...{ COMBINE: combine, ELEMENT: element, RESULT: result },
          OVER_LARGEST: Number(layer.mode === "logSumExp"),
        },
        params: {
          start: height * width,
          count: y.layout.count,
          channels,
          scale: scaleOf(layer, x.shape),
        },
        bindings: { x: x.buffer, rects: dirty.rects, y: y.buffer },
        workgroups: itemGrid(y, 1),
      });
    },
  },
  mathematics(layer) {
    const { homogeneous, nonNegative, sums } = factsOf(layer);
    const withinInputs = layer.mode === "mean" || layer.mode === "max" || layer.mode === "min";
    return { linear: isLinear(layer), homogeneous, pointwise: false, nonNegative, withinInputs, sums };
  },
  weights: () => undefined,
  sees({ axes }, site) {
    const place = site.axis + 1;
    const stays = !axes.some((axis) => axis <= place) && extentOf(site.y, site.axis) === site.x[0]?.[place];
    return stays ? seesItself(site) : seesAll(site);
  },
  fusion: ALONE,
  relevance: {
    propagation(layer) {
      if (isLinear(layer)) return { by: "rule", as: layer, group: "other" };
      return layer.mode === "max" || layer.mode === "min"
        ? { by: "gradient" }
        : { by: "undefined", pass: "nowhere" };
    },
    gate: true,
  },
  backProject: null,
};

/** Elements of the scratch of a reduction. */
function partialsOf(shape: Shape, axes: readonly number[]): number {
  const { outputs, slices } = reductionOf(shape, axes);
  return slices > 1 ? outputs * slices : 0;
}

/** What a mean multiplies its sum by; else 1. */
function scaleOf({ mode, axes }: ReduceLayer, x: Shape): number {
  return mode === "mean" ? 1 / sizeOf(axes.map((axis) => x[axis] ?? 1)) : 1;
}

interface Reduction extends Pick<ModeFacts, "combine"> {
  readonly label: string;
  readonly axes: readonly number[];
  readonly x: Tensor;
  /** What is known of each output, for the elements that ask for it. */
  readonly known?: Tensor;
  readonly y: Tensor;
  readonly element?: number | undefined;
  readonly result?: number | undefined;
}

/** The dispatches of a reduction: one, or where few outputs have many elements, one by slices and one of these. */
function reductionSteps(scratch: Scratch, reduction: Reduction): Step[] {
  const { label, axes, x, known = x, y, combine, element = 0, result = 0 } = reduction;
  const { outputs, length, slices, options } = reductionOf(x.shape, axes);
  const partials = slices > 1 ? scratch([outputs, slices], `${label} slices`) : y;
  const step: Step = {
    shader,
    label,
    ...options,
    constants: {
      ...options.constants,
      ...{ COMBINE: combine, ELEMENT: element, RESULT: slices > 1 ? 0 : result },
    },
    params: { ...options.params, scale: 1 / length },
    bindings: { x, known, y: partials },
  };
  if (slices === 1) return [step];
  const rest = reductionSteps(scratch, { label, axes: [1], x: partials, known, y, combine, result });
  return [step, ...rest.map((last) => ({ ...last, params: { ...last.params, scale: 1 / length } }))];
}

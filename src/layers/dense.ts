import forwardShader from "../../shaders/dense.wgsl";
import backwardShader from "../../shaders/dense_gradient.wgsl";
import { createSequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation, fusedGradientCode } from "./activation-kinds.ts";
import { partsOf } from "./constants.ts";
import { createConvolution, scratchInFours, tapsForward } from "./convolution.ts";
import { type Constant, LAYER_FIELDS, type LayerBase, type Op, onlyInput, type Tensors } from "./op.ts";
import { backwardRun, forwardRun, pack } from "./packed-layer.ts";
import { seesItself } from "./sight.ts";
import { scaled, WEIGHTED, withoutActivation } from "./weighted.ts";

/** y = x·w + b over the last axis, then activation; w is [features in, features out]. */
export interface DenseLayer extends LayerBase {
  readonly op: "dense";
  readonly w: Constant;
  /** [features out] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

/** Chunks of units that one workgroup computes forward (LANES), and features backward (4 · QUADS). */
const CHUNKS = 16;
const FEATURES = 32;

/** Rows that one thread keeps, as the kernels are written for: two kernels at most, whose sums have the same bits. */
function rowsOfThread(rows: number): number {
  return rows === 1 ? 1 : 8;
}

/**
 * Both kernels see the layer as [rows, features] · [features, units], the units in chunks of four where that divides them.
 * They take some of the features at a time where the weights come in parts.
 */
function geometry({ w }: DenseLayer, x: Shape) {
  const [stride = 1, units = 1] = w.shape;
  const rows = sizeOf(x) / stride;
  const chunk = units % 4 === 0 ? 4 : 1;
  const tile = rowsOfThread(rows);
  const rowTiles = Math.ceil(rows / tile);
  return {
    params: { rows, stride, chunks: units / chunk, rowTiles },
    redeclare: { Chunk: chunk === 4 ? "vec4<f32>" : "f32", ROWS: `${tile}u` },
    chunk,
    workgroups: (tiles: number) => gridOf(rowTiles * tiles),
  };
}

/** Rows of each image from which on they go through the matrix product of convolutions, as pixels of one line. */
const MANY_ROWS = 32;

/** Elements that every device binds at once. */
const ALWAYS_BOUND = 2 ** 25;

/** One tap over each pixel. */
const ONE_TAP = tapsForward({ size: [1, 1], strides: [1, 1], dilations: [1, 1] }, [0, 0]);

/**
 * Tells whether a layer runs as a convolution of one tap: where every image has many rows (the tokens of a transformer), whose
 * product is limited by arithmetic. The kernels of this file are made for few rows, where reading w is what takes time.
 */
function asConvolution({ w: { shape } }: DenseLayer, [x = []]: readonly Shape[]): boolean {
  const [features = 1, units = 1] = shape;
  const most = (features + 16) * (units + 16); // padded to blocks, whichever way they are packed
  return sizeOf(x.slice(1, -1)) >= MANY_ROWS && most <= ALWAYS_BOUND;
}

/** Rows of any number of axes as pixels of one line. */
function asLine(shape: Shape): Shape {
  const last = shape.at(-1) ?? 1;
  return [1, 1, sizeOf(shape) / last, last];
}

function tensorAsLine<T extends Tensor>(tensor: T): T {
  return { ...tensor, shape: asLine(tensor.shape) };
}

/** Weights of some neighbouring features. */
interface Part {
  readonly w: Tensor;
  readonly first: number;
  readonly features: number;
}

function weights(constants: Tensors, layer: string): Part[] {
  let next = 0;
  const parts = partsOf(constants, "w").map((w): Part => {
    const [features = 1] = w.shape;
    const first = next;
    next += features;
    return { w, first, features };
  });
  if (parts.length > 0) return parts;
  throw new InputError(
    `dense "${layer}": expected the constant "w", got none; upload what constants() returns`,
  );
}

export const dense: Op<DenseLayer, DenseLayer> = {
  fields: { ...LAYER_FIELDS, w: "must", b: "may", activation: "may" },
  describe: () => "fully connected",
  view: false,
  parts: ["w"],

  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const [features, units = 0] = layer.w.shape;
    if (layer.w.shape.length !== 2 || features !== shape.at(-1)) {
      throw new InputError(
        `dense "${layer.name}": expected w.shape[0] = ${shape.at(-1)} (features of x), got w of shape [${layer.w.shape}]`,
      );
    }
    if (layer.b && layer.b.data.length !== units) {
      throw new InputError(`dense "${layer.name}": expected ${units} biases, got ${layer.b.data.length}`);
    }
    return [...shape.slice(0, -1), units];
  },

  form: (layer, x) => (asConvolution(layer, x) ? "packed" : "plain"),

  constants(layer, x, gradients) {
    const b = layer.b ? { b: layer.b } : {};
    if (!asConvolution(layer, x)) return { w: layer.w, ...b };
    const filters = { ...layer.w, shape: [1, 1, ...layer.w.shape] };
    const back = gradients ? { wBackward: pack(filters, 1, true) } : {};
    return { w: pack(filters, 1, false), ...b, ...back };
  },

  scratch(layer, x) {
    if (!asConvolution(layer, x)) return { forward: [0], backward: [0] };
    return {
      forward: layer.b || layer.activation ? [0] : scratchInFours(asLine(dense.shape(layer, x))),
      backward: scratchInFours(asLine(onlyInput(layer, x))),
    };
  },

  async forward(device, site) {
    const {
      layer,
      x: [x],
      y,
      constants,
    } = site;
    if (asConvolution(layer, [x.shape])) {
      const run = { ...site, x: [tensorAsLine(x)] as const, y: tensorAsLine(y) };
      return createConvolution(device, forwardRun(run, ONE_TAP));
    }
    const { params, redeclare, workgroups } = geometry(layer, x.shape);
    const parts = weights(constants, layer.name);
    const sums = parts.map(({ w, first, features }, part) => {
      const last = part === parts.length - 1;
      const { constants: applied, alpha } = activationCode(last ? layer.activation : undefined);
      return createDispatch(device, forwardShader, {
        label: layer.name,
        constants: {
          BIAS: Number(last && layer.b !== undefined),
          ACCUMULATE: Number(part > 0),
          ...applied,
        },
        redeclare,
        params: { ...params, first, features, alpha },
        bindings: { x, w, b: constants.b ?? w, y },
        workgroups: workgroups(Math.ceil(params.chunks / CHUNKS)),
      });
    });
    return createSequence(sums);
  },

  async backward(device, site) {
    const {
      layer,
      x: [x],
      constants,
      dy,
      dx,
      accumulate,
      fused,
    } = site;
    if (asConvolution(layer, [x.shape])) {
      const run = { ...site, dy: tensorAsLine(dy), dx: tensorAsLine(dx) };
      return createConvolution(device, backwardRun(run, ONE_TAP));
    }
    const { params, redeclare, chunk, workgroups } = geometry(layer, x.shape);
    const { constants: gradient, ...fusedParams } = fusedGradientCode(fused);
    const parts = weights(constants, layer.name).map(({ w, first, features }) =>
      createDispatch(device, backwardShader, {
        label: layer.name,
        constants: { ...gradient },
        redeclare: { ...redeclare, CHUNK: `${chunk}u` },
        params: { ...params, first, features, accumulate: Number(accumulate), ...fusedParams },
        bindings: { w, dy, a: fused?.a ?? w, rules: fused?.rules ?? w, dx },
        workgroups: workgroups(Math.ceil(features / FEATURES)),
      }),
    );
    return createSequence(parts);
  },

  incremental: { kind: "full" },
  mathematics: () => WEIGHTED,
  weights: ({ w, b }) => ({ w, b: b?.data, products: w.shape[0] ?? 1 }),
  // Over the channels of every pixel by itself, where there are pixels.
  sees: (_, site) => seesItself(site),
  fusion: { activation: true, gradient: true, scaled, bordered: null, as: null },
  relevance: {
    propagation: (layer) => ({ by: "rule", as: withoutActivation(layer), group: "dense" }),
    gate: false,
  },
  backProject: null,
};

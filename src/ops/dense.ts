import forwardShader from "../../shaders/dense.wgsl";
import backwardShader from "../../shaders/dense_gradient.wgsl";
import { InputError } from "../gpu/errors.ts";
import { createDispatch, gridOf } from "../gpu/kernel.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation, gateCode } from "./activation.ts";
import { type Constant, type LayerBase, type Op, onlyInput, type Tensors } from "./op.ts";

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

/** Rows that one thread keeps, as the kernels are written for: two kernels at most, whatever the batch. */
function rowsOfThread(rows: number): number {
  return rows === 1 ? 1 : 8;
}

/** Both kernels see the layer as [rows, features] · [features, units], the units in chunks of four where that divides them. */
function geometry(layer: DenseLayer, x: Tensor) {
  const [features = 1, units = 1] = layer.w.shape;
  const rows = sizeOf(x.shape) / features;
  const chunk = units % 4 === 0 ? 4 : 1;
  const tile = rowsOfThread(rows);
  const rowTiles = Math.ceil(rows / tile);
  return {
    params: { rows, features, chunks: units / chunk, rowTiles },
    redeclare: { Chunk: chunk === 4 ? "vec4<f32>" : "f32", ROWS: `${tile}u` },
    chunk,
    workgroups: (tiles: number) => gridOf(rowTiles * tiles),
  };
}

function weights({ w }: Tensors, layer: string): Tensor {
  if (!w)
    throw new InputError(
      `dense "${layer}": expected the constant "w", got none; upload what constants() returns`,
    );
  return w;
}

export const dense: Op<DenseLayer> = {
  gates: true,

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

  constants: (layer) => ({ w: layer.w, ...(layer.b ? { b: layer.b } : {}) }),

  async forward(device, { layer, x: [x], y, constants }) {
    const { params, redeclare, workgroups } = geometry(layer, x);
    const { code, alpha } = activationCode(layer.activation);
    const w = weights(constants, layer.name);
    return createDispatch(device, forwardShader, {
      label: layer.name,
      constants: { BIAS: Number(layer.b !== undefined), ACTIVATION: code },
      redeclare: { ...redeclare, SPLITS: params.rows === 1 ? "16u" : "8u" },
      params: { ...params, alpha },
      bindings: { x, w, b: constants.b ?? w, y },
      workgroups: workgroups(Math.ceil(params.chunks / CHUNKS)),
    });
  },

  async backward(device, { layer, x: [x], constants, dy, dx, accumulate, gate }) {
    const { params, redeclare, chunk, workgroups } = geometry(layer, x);
    const w = weights(constants, layer.name);
    const { GATE, ...gateParams } = gateCode(gate);
    return createDispatch(device, backwardShader, {
      label: layer.name,
      constants: { GATE },
      redeclare: { ...redeclare, CHUNK: `${chunk}u` },
      params: { ...params, accumulate: Number(accumulate), ...gateParams },
      bindings: { w, dy, a: gate?.a ?? w, rules: gate?.rules ?? w, dx },
      workgroups: workgroups(Math.ceil(params.features / FEATURES)),
    });
  },
};

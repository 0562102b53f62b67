import { UnsupportedError } from "../gpu/errors.ts";
import { type ActivationLayer, activation } from "./activation.ts";
import { type AddLayer, add } from "./add.ts";
import { type BatchNormLayer, batchNorm } from "./batch-norm.ts";
import { type BinaryLayer, binary } from "./binary.ts";
import { type ConcatLayer, concat } from "./concat.ts";
import { type Conv2dLayer, conv2d } from "./conv2d.ts";
import { type Conv2dTransposeLayer, conv2dTranspose } from "./conv2d-transpose.ts";
import { type DenseLayer, dense } from "./dense.ts";
import {
  type DepthToSpaceLayer,
  depthToSpace,
  type SpaceToDepthLayer,
  spaceToDepth,
} from "./depth-to-space.ts";
import { type DepthwiseConv2dLayer, depthwiseConv2d } from "./depthwise-conv2d.ts";
import { type GlobalPoolLayer, globalPool } from "./global-pool.ts";
import { type LrnLayer, lrn } from "./lrn.ts";
import { type MatmulLayer, matmul } from "./matmul.ts";
import { type MultiplyLayer, multiply } from "./multiply.ts";
import { type NormalizationLayer, normalization } from "./normalization.ts";
import type { Op } from "./op.ts";
import { type PadLayer, pad } from "./pad.ts";
import { type PermuteLayer, permute } from "./permute.ts";
import { type PoolLayer, pool } from "./pool.ts";
import { type PreluLayer, prelu } from "./prelu.ts";
import { type ReduceLayer, reduce } from "./reduce.ts";
import { type ReshapeLayer, reshape } from "./reshape.ts";
import { type ResizeLayer, resize } from "./resize.ts";
import { type SliceLayer, slice } from "./slice.ts";
import { type SoftmaxLayer, softmax } from "./softmax.ts";

/** Every layer that an op computes. */
export type OpLayer =
  | ActivationLayer
  | AddLayer
  | BatchNormLayer
  | BinaryLayer
  | ConcatLayer
  | Conv2dLayer
  | Conv2dTransposeLayer
  | DenseLayer
  | DepthToSpaceLayer
  | DepthwiseConv2dLayer
  | GlobalPoolLayer
  | LrnLayer
  | MatmulLayer
  | MultiplyLayer
  | NormalizationLayer
  | PadLayer
  | PermuteLayer
  | PoolLayer
  | PreluLayer
  | ReduceLayer
  | ReshapeLayer
  | ResizeLayer
  | SliceLayer
  | SoftmaxLayer
  | SpaceToDepthLayer;

const OPS: { readonly [K in OpLayer["op"]]: Op<Extract<OpLayer, { op: K }>, OpLayer> } = {
  activation,
  add,
  batchNorm,
  binary,
  concat,
  conv2d,
  conv2dTranspose,
  dense,
  depthToSpace,
  depthwiseConv2d,
  globalPool,
  lrn,
  matmul,
  multiply,
  normalization,
  pad,
  permute,
  pool,
  prelu,
  reduce,
  reshape,
  resize,
  slice,
  softmax,
  spaceToDepth,
};

/** The op that computes a layer. @throws UnsupportedError naming the layer and its op. */
export function opOf(layer: OpLayer): Op<OpLayer, OpLayer> {
  const op: unknown = Object.hasOwn(OPS, layer.op) ? OPS[layer.op] : undefined;
  if (!op) {
    throw new UnsupportedError(
      `layer "${layer.name}": op "${layer.op}" is not supported; supported are ${Object.keys(OPS).join(", ")}`,
    );
  }
  return op as Op<OpLayer, OpLayer>;
}

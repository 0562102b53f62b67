/**
 * The kinds of layers, and one layer alone between buffers of yours.
 * @module vitrine/layers
 */
import "./gpu/platform.ts";

export type { StatisticsOf } from "./kernels/conv2d-statistics.ts";
export type { ActivationLayer } from "./layers/activation.ts";
export { type ActivationGradientSite, createActivationGradient } from "./layers/activation-gradient.ts";
export type { Activation, ActivationKind, FusedActivation } from "./layers/activation-kinds.ts";
export type { AddLayer } from "./layers/add.ts";
export type { BatchNormLayer } from "./layers/batch-norm.ts";
export type { BinaryLayer, BinaryOperator } from "./layers/binary.ts";
export type { ConcatLayer } from "./layers/concat.ts";
export type { Conv2dLayer } from "./layers/conv2d.ts";
export type { Conv2dTransposeLayer } from "./layers/conv2d-transpose.ts";
export type { DenseLayer } from "./layers/dense.ts";
export type { DepthToSpaceLayer, PixelBlocks, SpaceToDepthLayer } from "./layers/depth-to-space.ts";
export type { DepthwiseConv2dLayer } from "./layers/depthwise-conv2d.ts";
export type { GlobalPoolLayer } from "./layers/global-pool.ts";
export type { InputLayer } from "./layers/input.ts";
export type { LrnLayer } from "./layers/lrn.ts";
export type { MatmulLayer } from "./layers/matmul.ts";
export type { MultiplyLayer } from "./layers/multiply.ts";
export type { NormalizationLayer } from "./layers/normalization.ts";
export type { Constant, LayerBase, Scale } from "./layers/op.ts";
export type { OpLayer } from "./layers/ops.ts";
export type { PadLayer } from "./layers/pad.ts";
export type { Border, LayerWindow, Padding } from "./layers/padding.ts";
export type { PermuteLayer } from "./layers/permute.ts";
export type { PoolLayer } from "./layers/pool.ts";
export type { PreluLayer } from "./layers/prelu.ts";
export type { ReduceLayer, ReduceMode } from "./layers/reduce.ts";
export type { Coordinates, Resampling, Rounding } from "./layers/resampling-taps.ts";
export type { ReshapeLayer } from "./layers/reshape.ts";
export type { ResizeLayer } from "./layers/resize.ts";
export type { SliceLayer } from "./layers/slice.ts";
export type { SoftmaxLayer } from "./layers/softmax.ts";
export type { ConvolutionTile, ConvolutionTiles } from "./layers/tiling.ts";
export { createLayer, type LayerCommand, type LayerSite } from "./network/layer.ts";

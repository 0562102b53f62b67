import forwardShader from "../../shaders/activation.wgsl";
import incrementalShader from "../../shaders/scale_incremental.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import type { Step } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { createActivationGradient, elementwise } from "./activation-gradient.ts";
import { type Activation, activationCode, activationFacts, isFusable } from "./activation-kinds.ts";
import { backProjectItself } from "./back-projection.ts";
import { chunkOf, itemGrid } from "./incremental.ts";
import { ALONE, type IncrementalSite, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesItself } from "./sight.ts";

export interface ActivationLayer extends LayerBase {
  readonly op: "activation";
  readonly activation: Activation;
}

/** The dispatch of y = activation(x). */
export function activationStep(
  activation: Activation,
  { x, y, label }: { readonly x: Tensor; readonly y: Tensor; readonly label?: string | undefined },
): Step {
  const { constants: applied, alpha } = activationCode(activation);
  const { width, value } = elementwise(sizeOf(y.shape));
  const size = sizeOf(y.shape) / width;
  return {
    shader: forwardShader,
    label,
    constants: { ...applied },
    redeclare: { Value: value },
    params: { size, alpha },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}

/** Runs an elementwise layer incrementally: batch norm (with the constants `scale` and `offset`) or an activation. */
export function createIncrementalScale(
  device: GPUDevice,
  {
    layer,
    x: [x],
    y,
    constants: { scale, offset },
    dirty,
  }: IncrementalSite<LayerBase & { readonly activation?: Activation | undefined }>,
): Promise<Command> {
  const [, height, width, channels] = y.shape;
  const chunk = chunkOf(channels);
  const { constants: applied, alpha } = activationCode(layer.activation);
  return createDispatch(device, incrementalShader, {
    label: layer.name,
    constants: { SCALE: Number(scale !== undefined), ...applied },
    redeclare: { Chunk: chunk.type },
    params: {
      start: (height * width * channels) / chunk.size,
      count: y.layout.count,
      channels: channels / chunk.size,
      alpha,
    },
    bindings: {
      x: x.buffer,
      scale: scale ?? x.buffer,
      offset: offset ?? x.buffer,
      rects: dirty.rects,
      y: y.buffer,
    },
    workgroups: itemGrid(y, channels / chunk.size),
  });
}

export const activation: Op<ActivationLayer> = {
  fields: { ...LAYER_FIELDS, activation: "must" },
  describe: ({ activation }) => activationFacts(activation).title || "activation",
  shape(layer, x) {
    // Its parameters are checked.
    activationCode(layer.activation);
    return onlyInput(layer, x);
  },
  view: false,

  forward(device, { layer, x: [x], y }) {
    const { shader, ...options } = activationStep(layer.activation, { x, y, label: layer.name });
    return createDispatch(device, shader, options);
  },

  backward(device, { layer, x: [x], y, dy, dx, rule, slot = 0, zeroGradient, accumulate }) {
    const a = isFusable(layer.activation) ? y : x;
    return createActivationGradient(device, {
      activation: layer.activation,
      a,
      dy,
      dx,
      rule,
      slot,
      zeroGradient,
      accumulate,
      label: layer.name,
    });
  },

  incremental: {
    kind: "rectangles",
    severalChannelAxes: true,
    fits: () => true,
    create: createIncrementalScale,
  },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: true,
    nonNegative: "inputs",
    withinInputs: true,
    sums: "kept",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: { ...ALONE, as: () => ({ kind: "activation" }) },
  relevance: { propagation: () => ({ by: "unchanged" }), gate: false },
  backProject: (_, site) => backProjectItself(site),
};

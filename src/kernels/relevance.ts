import accountShader from "../../shaders/relevance_account.wgsl";
import productShader from "../../shaders/relevance_product.wgsl";
import ratioShader from "../../shaders/relevance_ratio.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps } from "../gpu/steps.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { packAxes, repeatedAxes } from "../layers/broadcast.ts";

/** Codes of the parts of a value in WGSL (`override PART`). */
const PARTS = { all: 0, positive: 1, negative: 2 } as const;

/** A value, or only where it is positive or negative. */
export type Part = keyof typeof PARTS;

/** Codes of the units that take part in WGSL (`override SIGN`). */
const SIGNS = { any: 0, positive: 1, negative: 2 } as const;

/** Units that take part, by the sign of their pre-activation; zero counts as positive. */
export type Sign = keyof typeof SIGNS;

/** Elements of a block in relevance_ratio.wgsl. */
const BLOCK = 1024;

export interface RelevanceProductSite {
  readonly part?: Part | undefined;
  readonly scale?: number | undefined;
  /** Tensor of y's shape, or one that is repeated to it (`broadcastShape`). */
  readonly x: Tensor;
  /** Left out: 1. */
  readonly c?: Tensor | undefined;
  readonly y: Tensor;
  readonly accumulate: boolean;
  readonly label: string;
}

/** y = scale·part(x)·c, or added to y; see relevance_product.wgsl. */
export function createRelevanceProduct(device: GPUDevice, site: RelevanceProductSite): Promise<Command> {
  const { part = "all", scale = 1, x, c, y, accumulate, label } = site;
  const size = sizeOf(y.shape);
  const repeated = sizeOf(x.shape) < size;
  const axes = repeated ? repeatedAxes(y.shape, x.shape, x.shape) : [];
  return createDispatch(device, productShader, {
    label,
    constants: {
      PART: PARTS[part],
      FACTOR: Number(c !== undefined),
      ...(repeated ? { REPEATED: 1, AXES: axes.length } : {}),
    },
    params: { axes: packAxes(axes), size, accumulate: Number(accumulate), scale },
    bindings: { x, c: c ?? x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

export interface RelevanceRatioSite {
  readonly sign: Sign;
  /** The output of a unit whose pre-activation is 0, which divides the signs: ½ for a sigmoid. */
  readonly middle: number;
  readonly epsilon: number;
  /** Relevance, pre-activation and output of the layer's units, [N, …]. */
  readonly r: Tensor;
  readonly z: Tensor;
  readonly y: Tensor;
  /** [channels] */
  readonly b?: Tensor | undefined;
  readonly s: Tensor;
  /** `[entries, N, 2]`: what the biases took and what the stabiliser took. */
  readonly account: Tensor;
  readonly slot: number;
  readonly label: string;
}

/** s = r / (z ± epsilon), and the account of what goes to no input; see relevance_ratio.wgsl. */
export function createRelevanceRatio(device: GPUDevice, site: RelevanceRatioSite): Promise<Command> {
  const { sign, middle, epsilon, r, z, y, b, s, account, slot, label } = site;
  const [images, , , channels] = asNhwc(r.shape);
  const size = sizeOf(r.shape) / images;
  const blocks = Math.ceil(size / BLOCK);
  return createSteps(device, label, (scratch) => {
    const partials = scratch([images, blocks, 2], `${label} partials`);
    return [
      {
        shader: ratioShader,
        label,
        constants: { SIGN: SIGNS[sign], BIAS: Number(b !== undefined) },
        params: { images, size, blocks, channels, epsilon, middle },
        bindings: { r, z, y, b: b ?? r, s, partials },
        workgroups: gridOf(images * blocks),
      },
      {
        shader: accountShader,
        label,
        params: { images, blocks, slot },
        bindings: { partials, account },
        workgroups: gridOf(images),
      },
    ];
  });
}

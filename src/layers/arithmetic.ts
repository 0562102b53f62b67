import forwardShader from "../../shaders/arithmetic.wgsl";
import gradientShader from "../../shaders/arithmetic_gradient.wgsl";
import incrementalShader from "../../shaders/arithmetic_incremental.wgsl";
import repeatedShader from "../../shaders/arithmetic_incremental_repeated.wgsl";
import { type Command, createSequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { formatShape, formatShapes, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type Activation, activationCode } from "./activation-kinds.ts";
import {
  broadcastShape,
  createPixelSum,
  isRepeatedOverPixels,
  packAxes,
  repeatedAxes,
  stridesIn,
} from "./broadcast.ts";
import { chunkOf, itemGrid, sizeOfImage } from "./incremental.ts";
import type { Constant, IncrementalSite, LayerBase, Tensors } from "./op.ts";

/** Codes of the operators in WGSL (`override OPERATOR`). */
const OPERATORS = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  power: 4,
  minimum: 5,
  maximum: 6,
  prelu: 7,
} as const;

/** An operation of two numbers. */
export type Operator = keyof typeof OPERATORS;

/** The fields of layers that take their inputs together element by element. */
export interface ArithmeticLayer extends LayerBase {
  readonly op: string;
  /** One more operand, known in advance: behind the inputs. Its shape is without the batch. */
  readonly constant?: Constant;
  /** True if the constant stands before the inputs. */
  readonly constantFirst?: boolean;
}

/** The shape of all operands. @throws InputError when they are fewer or more than that, or do not fit. */
export function shapeOfOperands(
  layer: ArithmeticLayer,
  x: readonly Shape[],
  { least = 2, most = Number.POSITIVE_INFINITY } = {},
): Shape {
  const { constant } = layer;
  const who = `${layer.op} "${layer.name}"`;
  if (constant && constant.data.length !== sizeOf(constant.shape)) {
    throw new InputError(
      `${who}: expected ${sizeOf(constant.shape)} values in a constant of shape ${formatShape(constant.shape)}, got ${constant.data.length}`,
    );
  }
  const constants = constant ? [constant.shape] : [];
  const count = x.length + constants.length;
  const shape = x.length > 0 && count >= least && count <= most ? broadcastShape(x, constants) : undefined;
  if (shape) return shape;
  const number = least === most ? `${least}` : `${least} or more`;
  throw new InputError(
    `${who}: expected ${number} operands of one batch whose other axes, counted from the last, are of one length or of length 1, got ${formatShapes(x)}${constant ? ` and a constant of ${formatShape(constant.shape)}` : ""}`,
  );
}

/** Tells whether inputs of other sizes have the shape that all operands have, so that a constant is not in their way. */
export function keepsSize({ constant }: ArithmeticLayer, x: readonly Shape[]): boolean {
  if (!constant) return true;
  const inputs = broadcastShape(x);
  const whole = broadcastShape(x, [constant.shape]);
  return inputs !== undefined && whole !== undefined && formatShape(whole) === formatShape(inputs);
}

/** The constant to upload. */
export function constantOf({ constant }: ArithmeticLayer): Record<string, Constant> {
  return constant ? { constant } : {};
}

/** The operands in order, with the batch in front; a constant's batch is 1. */
export function operandsOf(layer: ArithmeticLayer, x: readonly Tensor[], constants: Tensors): Tensor[] {
  const { constant } = constants;
  if (!constant) return [...x];
  const known = { ...constant, shape: [1, ...constant.shape] };
  return layer.constantFirst ? [known, ...x] : [...x, known];
}

/** The place of an input among the operands. */
export function placeOfInput({ constant, constantFirst }: ArithmeticLayer, input: number): number {
  return constant && constantFirst ? input + 1 : input;
}

interface ArithmeticSite {
  readonly operator: Operator;
  readonly operands: readonly Tensor[];
  readonly y: Tensor;
  readonly label: string;
  readonly activation?: Activation | undefined;
}

/** The dispatches of y = activation(a ∘ b ∘ c …), each operand repeated to y's shape. */
function arithmeticSteps({ operator, operands, y, label, activation }: ArithmeticSite): Step[] {
  const size = sizeOf(y.shape);
  const [first = y, ...others] = operands;
  return others.map((b, index): Step => {
    const accumulates = index > 0;
    const a = accumulates ? y : first;
    const axes = repeatedAxes(y.shape, a.shape, b.shape);
    const { constants: applied, alpha } = activationCode(
      index === others.length - 1 ? activation : undefined,
    );
    return {
      shader: forwardShader,
      label,
      constants: {
        OPERATOR: OPERATORS[operator],
        AXES: axes.length,
        ACCUMULATE: Number(accumulates),
        ...applied,
      },
      params: { axes: packAxes(axes), size, alpha },
      bindings: { a: accumulates ? b : a, b, y },
      workgroups: gridOf(Math.ceil(size / 256)),
    };
  });
}

/** y = activation(a ∘ b ∘ c …), each operand repeated to y's shape. */
export function createArithmetic(device: GPUDevice, site: ArithmeticSite): Promise<Command> {
  return createSequence(
    arithmeticSteps(site).map(({ shader, ...options }) => createDispatch(device, shader, options)),
  );
}

interface ArithmeticGradientSite extends Omit<ArithmeticSite, "activation" | "y"> {
  readonly dy: Tensor;
  /** The place of the operand that `dx` belongs to. */
  readonly to: number;
  readonly dx: Tensor;
  readonly accumulate: boolean;
}

/** Threads that share an element of a sum; each takes four of its terms or more. */
function lanesOf(repeats: number): number {
  return Math.min(256, 2 ** Math.ceil(Math.log2(Math.max(1, repeats / 4))));
}

/** Gradient to one operand, summed over the axes along which it is repeated. */
export function createArithmeticGradient(device: GPUDevice, site: ArithmeticGradientSite): Promise<Command> {
  const { operator, operands, dy, to, dx, accumulate, label } = site;
  return createSteps(device, label, (scratch) => {
    const others = operands.filter((_, place) => place !== to);
    const [other = dy, ...more] = others;
    // A product's other factors are one.
    const joined = operator === "multiply" && more.length > 0;
    const product = joined ? scratch(dy.shape, `${label} product`) : other;
    const before = joined ? arithmeticSteps({ operator, operands: others, y: product, label }) : [];
    const own = operands[to] ?? dy;
    const toB = to > 0 && !joined;
    const [a, b] = toB ? [product, own] : [own, product];
    const all = repeatedAxes(dy.shape, a.shape, b.shape);
    const isKept = ([, , ofA, ofB]: readonly number[]): boolean => (toB ? ofB : ofA) !== 0;
    const axes = [...all.filter(isKept), ...all.filter((axis) => !isKept(axis))];
    const size = sizeOf(dx.shape);
    const repeats = sizeOf(dy.shape) / size;
    const lanes = lanesOf(repeats);
    const innermost = all.at(-1);
    return [
      ...before,
      {
        shader: gradientShader,
        label,
        constants: {
          OPERATOR: OPERATORS[operator],
          AXES: axes.length,
          KEPT: all.filter(isKept).length,
          TO_B: Number(toB),
          LANES: lanes,
          INNERMOST: Number(innermost !== undefined && !isKept(innermost)),
        },
        params: { axes: packAxes(axes), size, repeats, accumulate: Number(accumulate) },
        bindings: { a, b, dy, dx },
        workgroups: gridOf(Math.ceil((size * lanes) / 256)),
      },
    ];
  });
}

/** dx = Σ dy over the axes along which dx is repeated. */
export function createSumOfRepeats(
  device: GPUDevice,
  site: {
    readonly dy: Tensor;
    readonly dx: Tensor;
    readonly accumulate: boolean;
    readonly label: string;
  },
): Promise<Command> {
  const { dy, dx } = site;
  if (isRepeatedOverPixels(dx.shape, dy.shape)) return createPixelSum(device, site);
  // The slopes of a sum are 1, whatever the terms.
  const operands = [{ ...dy, shape: dx.shape }, dy];
  return createArithmeticGradient(device, { ...site, operator: "add", operands, to: 0 });
}

/** Tells whether no value of a constant is negative. */
export function isNonNegative({ data }: Constant): boolean {
  return data.every((value) => value >= 0);
}

/** Tells whether what patches change keeps to its place: all inputs have y's pixels, if not all of its channels. */
export function keepsToPixels(x: readonly Shape[], y: Shape): boolean {
  return y.length === 4 && x.every((one) => one.length === 4 && one[1] === y[1] && one[2] === y[2]);
}

type IncrementalArithmeticSite = IncrementalSite<ArithmeticLayer & { readonly activation?: Activation }>;

/** Takes layers together incrementally. */
export function createIncrementalArithmetic(
  device: GPUDevice,
  site: IncrementalArithmeticSite,
  operator: Operator,
): Promise<Command> {
  const { layer, x, y } = site;
  const alike = !layer.constant && x.every(({ shape }) => shape[3] === y.shape[3]);
  return alike && (operator === "add" || operator === "multiply")
    ? createIncrementalSums(device, site, operator)
    : createIncrementalRepeated(device, site, operator);
}

/** Sums or multiplies layers of one shape incrementally. */
async function createIncrementalSums(
  device: GPUDevice,
  { layer, x: [first, ...others], y, dirty }: IncrementalArithmeticSite,
  operator: "add" | "multiply",
): Promise<Command> {
  const channels = y.shape[3];
  const chunk = chunkOf(channels);
  const steps = others.map((b, index) => {
    const last = index === others.length - 1;
    const { constants: applied, alpha } = activationCode(last ? layer.activation : undefined);
    return createDispatch(device, incrementalShader, {
      label: layer.name,
      constants: {
        PRODUCT: Number(operator === "multiply"),
        ACCUMULATE: Number(index > 0),
        ...applied,
      },
      redeclare: { Chunk: chunk.type },
      params: {
        inSize: sizeOfImage(y),
        rectsOfA: first.layout.rects,
        rectsOfB: b.layout.rects,
        count: y.layout.count,
        work: y.layout.work,
        channels: channels / chunk.size,
        alpha,
      },
      bindings: { a: first.buffer, b: b.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
      workgroups: itemGrid(y, channels / chunk.size),
    });
  });
  return createSequence(steps);
}

/** The same for every operator, with constants and operands of one channel. */
async function createIncrementalRepeated(
  device: GPUDevice,
  { layer, x, y, dirty, constants }: IncrementalArithmeticSite,
  operator: Operator,
): Promise<Command> {
  const channels = y.shape[3];
  const layers = x.map(({ buffer, shape: [, , , own], layout }) => {
    return { buffer, strides: [own, 0, Number(own > 1)], rects: layout.rects, known: false };
  });
  const { constant } = constants;
  const known = constant && {
    buffer: constant.buffer,
    strides: stridesIn(y.shape, [1, ...constant.shape]).slice(1),
    rects: y.layout.rects,
    known: true,
  };
  const operands = known ? (layer.constantFirst ? [known, ...layers] : [...layers, known]) : layers;
  const [first, ...others] = operands;
  if (!first) throw new InputError(`${layer.op} "${layer.name}": expected operands, got none`);
  const steps = others.map((b, index) => {
    const a = index > 0 ? b : first;
    const { constants: applied, alpha } = activationCode(
      index === others.length - 1 ? layer.activation : undefined,
    );
    return createDispatch(device, repeatedShader, {
      label: layer.name,
      constants: {
        OPERATOR: OPERATORS[operator],
        ACCUMULATE: Number(index > 0),
        CONSTANTS: Number(a.known) + 2 * Number(b.known),
        ...applied,
      },
      params: {
        stridesOfA: a.strides,
        rectsOfA: a.rects,
        stridesOfB: b.strides,
        rectsOfB: b.rects,
        inSize: sizeOfImage(y),
        count: y.layout.count,
        work: y.layout.work,
        channels,
        alpha,
      },
      bindings: { a: a.buffer, b: b.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
      workgroups: itemGrid(y, channels),
    });
  });
  return createSequence(steps);
}

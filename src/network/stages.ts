import { InputError } from "../gpu/errors.ts";
import type { Command } from "../gpu/kernel.ts";
import { NOTHING } from "../gpu/kernel.ts";
import { createTensor, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type Activation, createActivationGradient } from "../ops/activation.ts";
import type { Tensors } from "../ops/op.ts";
import { createSeed } from "../ops/seed.ts";
import { Control } from "./control.ts";
import type { Graph, Layer, Shapes } from "./graph.ts";
import { opOf } from "./ops.ts";

/** A layer on the device. */
export interface Stage {
  readonly layer: Layer;
  readonly y: Tensor;
  readonly forward: Command;
  /** What only a network with gradients has. */
  readonly backward?: {
    /** Gradient of the objective to `y`. */
    readonly dy: Tensor;
    /** Writes the seed of a target in this layer into `dy`. */
    readonly seed: Command;
    /** Takes `dy` back through the layer's fused activation. */
    readonly gate?: Command;
    /** One for each input. */
    readonly steps: readonly BackwardStep[];
  };
}

/** The gradient to one input: written over what is there, or added to it. */
export interface BackwardStep {
  readonly input: string;
  readonly write: Command;
  /** Only where several layers read the input. */
  readonly add?: Command;
}

/** Remembers what was made, to destroy it. */
export type Own = <T extends { destroy(): void }>(made: T) => T;

/** Every buffer of a network. */
export interface Buffers {
  readonly activations: ReadonlyMap<string, Tensor>;
  /** Empty in a network without gradients. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly constants: ReadonlyMap<string, Tensors>;
  readonly saved: ReadonlyMap<string, Tensors>;
  /** How many layers read each layer. */
  readonly readers: ReadonlyMap<string, number>;
  /** Where a gradient waits between a layer's gate and its backward kernel. */
  readonly scratch: Tensor | undefined;
  readonly control: Control | undefined;
}

/** The activation that a layer applies, if any. */
export function activationOf(layer: Layer): Activation | undefined {
  return "activation" in layer ? layer.activation : undefined;
}

function isGated(layer: Layer): boolean {
  const activation = activationOf(layer);
  return layer.op !== "activation" && activation !== undefined && activation.kind !== "linear";
}

/** Allocates every buffer of a network. */
export function allocate(
  device: GPUDevice,
  graph: Graph,
  shapes: Shapes,
  withGradients: boolean,
  own: Own,
): Buffers {
  const tensor = (shape: Shape, label: string, options: Parameters<typeof createTensor>[2] = {}): Tensor => {
    const made = createTensor(device, shape, { ...options, label });
    own(made.buffer);
    return made;
  };
  const tensors = <T extends { readonly shape: Shape }>(layer: string, wanted: Record<string, T>): Tensors =>
    Object.fromEntries(
      Object.entries(wanted).map(([key, { shape, ...options }]) => [
        key,
        tensor(shape, `${layer} ${key}`, options),
      ]),
    );
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const readers = new Map<string, number>();
  for (const input of graph.layers.flatMap((layer) => layer.inputs))
    readers.set(input, (readers.get(input) ?? 0) + 1);

  const activations = new Map<string, Tensor>();
  const gradients = new Map<string, Tensor>();
  const constants = new Map<string, Tensors>();
  const saved = new Map<string, Tensors>();
  for (const layer of graph.layers) {
    const { name } = layer;
    const shape = shapeOf(name);
    const [source = ""] = layer.inputs;
    const op = layer.op === "input" ? undefined : opOf(layer);
    const viewed = op?.view ? activations.get(source) : undefined;
    activations.set(name, viewed ? { ...viewed, shape } : tensor(shape, name));
    if (withGradients) {
      // A view shares its gradient too, unless other layers add theirs to the viewed one.
      const shared = op?.view && readers.get(source) === 1 ? gradients.get(source) : undefined;
      gradients.set(name, shared ? { ...shared, shape } : tensor(shape, `gradient of ${name}`));
    }
    if (layer.op === "input") continue;
    const inputs = layer.inputs.map(shapeOf);
    constants.set(name, tensors(name, op?.constants?.(layer, inputs, withGradients) ?? {}));
    saved.set(name, tensors(name, withGradients ? (op?.saved?.(layer, inputs) ?? {}) : {}));
  }
  if (!withGradients)
    return { activations, gradients, constants, saved, readers, scratch: undefined, control: undefined };

  const gated = graph.layers.filter(isGated).map(({ name }) => sizeOf(shapeOf(name)));
  const scratch = gated.length > 0 ? tensor([Math.max(...gated)], "vitrine scratch") : undefined;
  const largest = Math.max(...graph.layers.flatMap(({ name }) => [...shapeOf(name)]));
  return {
    activations,
    gradients,
    constants,
    saved,
    readers,
    scratch,
    control: own(new Control(device, largest)),
  };
}

/** Compiles and binds what a layer runs, forward and backward. */
export async function createStage(
  device: GPUDevice,
  layer: Layer,
  buffers: Buffers,
  own: Own,
): Promise<Stage> {
  const { activations, gradients, constants, saved, readers, scratch, control } = buffers;
  const owned = (command: Promise<Command>): Promise<Command> => command.then(own);
  const { name } = layer;
  const y = tensorOf(activations, name);
  const dy = control ? tensorOf(gradients, name) : undefined;
  const [first, ...others] = layer.inputs.map((input) => tensorOf(activations, input));
  const seed =
    dy && control ? owned(createSeed(device, { dy, target: control.target, label: name })) : undefined;
  if (layer.op === "input" || !first) {
    return {
      layer,
      y,
      forward: NOTHING,
      ...(dy && seed ? { backward: { dy, seed: await seed, steps: [] } } : {}),
    };
  }

  const op = opOf(layer);
  const site = {
    layer,
    x: [first, ...others] as const,
    y,
    constants: constants.get(name) ?? {},
    saved: saved.get(name) ?? {},
  };
  const forward = owned(op.forward(device, site));
  if (!control || !dy || !seed) return { layer, y, forward: await forward };

  const { rule } = control;
  const activation = activationOf(layer);
  const ungated = scratch && activation && isGated(layer) ? { ...scratch, shape: y.shape } : undefined;
  const gate =
    ungated && activation
      ? owned(createActivationGradient(device, { activation, a: y, dy, dx: ungated, rule, label: name }))
      : undefined;
  const steps = layer.inputs.map(async (input, index): Promise<BackwardStep> => {
    const dx = tensorOf(gradients, input);
    const step = (accumulate: boolean): Promise<Command> =>
      owned(op.backward(device, { ...site, dy: ungated ?? dy, input: index, dx, accumulate, rule }));
    const [write, add] = await all([step(false), ...((readers.get(input) ?? 0) > 1 ? [step(true)] : [])]);
    return { input, write: write ?? NOTHING, ...(add ? { add } : {}) };
  });
  const [[forwardCommand = NOTHING, seedCommand = NOTHING, gateCommand], backward] = await all([
    all([forward, seed, ...(gate ? [gate] : [])]),
    all(steps),
  ] as const);
  return {
    layer,
    y,
    forward: forwardCommand,
    backward: { dy, seed: seedCommand, ...(gateCommand ? { gate: gateCommand } : {}), steps: backward },
  };
}

/**
 * Promise.all that waits for every promise before it fails, so that nothing is still being made when the caller cleans
 * up.
 */
export async function all<const T extends readonly Promise<unknown>[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new InputError(`layer "${name}": expected it to be allocated`);
  return tensor;
}

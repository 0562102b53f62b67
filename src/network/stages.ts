import { InputError } from "../gpu/errors.ts";
import type { Command } from "../gpu/kernel.ts";
import { NOTHING } from "../gpu/kernel.ts";
import { all, type Own } from "../gpu/scope.ts";
import {
  createTensor,
  type DType,
  type Shape,
  sizeOf,
  type Tensor,
  type TensorOptions,
} from "../gpu/tensor.ts";
import type { Graph, Layer, Shapes } from "../graph/graph.ts";
import { createSeed } from "../kernels/seed.ts";
import {
  type Activation,
  activationCode,
  createActivationGradient,
  createBlocked,
  type FusedActivation,
} from "../layers/activation.ts";
import { constantsFor } from "../layers/constants.ts";
import type { Gate, Tensors } from "../layers/op.ts";
import { opOf } from "../layers/ops.ts";
import { Control } from "./control.ts";
import { planActivations } from "./memory-plan.ts";

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
    /** Where in the control's rules the one of the layer's activation stands. */
    readonly slot?: number;
    /** Finds what the rule "redirected" asks at the layer's activation, before `gate` or `steps`. */
    readonly blocked?: Command;
    /** Takes `dy` back through the layer's fused activation, for `steps`. */
    readonly gate?: Command;
    /** One for each input. */
    readonly steps: readonly BackwardStep[];
    /** Only where a reader takes `dy` back through the activation as it writes it. */
    readonly early?: EarlyGate;
  };
}

/** The way through a layer's activation as the layer above takes it. */
export interface EarlyGate {
  /** Where in the control's rules the one that the reader follows stands. */
  readonly slot: number;
  /** The steps that read what the reader wrote. */
  readonly steps: readonly BackwardStep[];
}

/** The gradient to one input: written over what is there, or added to it. */
export interface BackwardStep {
  readonly input: string;
  readonly write: Command;
  /** Only where several layers read the input. */
  readonly add?: Command;
}

/** Every buffer of a network. */
export interface Buffers {
  readonly activations: ReadonlyMap<string, Tensor>;
  /** Empty in a network without gradients. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly constants: ReadonlyMap<string, Tensors>;
  readonly saved: ReadonlyMap<string, Tensors>;
  /** How many layers read each layer. */
  readonly readers: ReadonlyMap<string, number>;
  /** What only a network with gradients has. */
  readonly backward: BackwardBuffers | undefined;
}

interface BackwardBuffers {
  readonly control: Control;
  /** Where a gradient waits between a layer's gate and its backward kernel. */
  readonly scratch: Tensor | undefined;
  /** `[batch]`: what the rule "redirected" asks, at the layer where it is asked. */
  readonly blocked: Tensor<"u32">;
  /** Where in the control's rules each activation's stands, by layer. */
  readonly slots: ReadonlyMap<string, number>;
  /** Activations that the only reader of a layer takes the gradient through, by that layer. */
  readonly early: ReadonlyMap<string, Gate>;
}

/** The activation that a layer applies, if any. */
export function activationOf(layer: Layer): Activation | undefined {
  return "activation" in layer ? layer.activation : undefined;
}

/** The activation that is fused to another op, if there is one. */
function fusedOf(layer: Layer): FusedActivation | undefined {
  if (layer.op === "activation" || !("activation" in layer)) return undefined;
  return layer.activation?.kind === "linear" ? undefined : layer.activation;
}

/**
 * Layers whose gradient their only reader takes through their activation as it writes it: those that nobody asked to see,
 * where the reader's kernel can.
 */
function earlyOf(graph: Graph, readers: ReadonlyMap<string, number>, kept: ReadonlySet<string>): Layer[] {
  const readBy = new Map(
    graph.layers.flatMap((layer) => layer.inputs.map((input) => [input, layer] as const)),
  );
  return graph.layers.filter((layer) => {
    const reader = readBy.get(layer.name);
    return (
      fusedOf(layer) &&
      reader &&
      reader.op !== "input" &&
      opOf(reader).gates &&
      readers.get(layer.name) === 1 &&
      !kept.has(layer.name)
    );
  });
}

/**
 * Allocates every buffer of a network.
 * @param kept layers whose gradients somebody may look at; undefined for a network without gradients.
 * @param alone layers that have buffers of their own, where the others share theirs.
 */
export function allocate(
  device: GPUDevice,
  graph: Graph,
  shapes: Shapes,
  kept: ReadonlySet<string> | undefined,
  own: Own,
  alone?: readonly string[],
): Buffers {
  const withGradients = kept !== undefined;
  const tensor = <D extends DType = "f32">(
    shape: Shape,
    label: string,
    options: TensorOptions<D> = {},
  ): Tensor<D> => {
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

  const shared = alone && planActivations(graph, shapes, alone);
  const pool = shared?.sizes.map((size, slot) => tensor([size], `activations ${slot}`)) ?? [];
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
    const place = viewed ?? pool[shared?.slotOf.get(name) ?? -1];
    activations.set(name, place ? { ...place, shape } : tensor(shape, name));
    if (withGradients) {
      // A view shares its gradient too, unless other layers add theirs to the viewed one.
      const same = op?.view && readers.get(source) === 1 ? gradients.get(source) : undefined;
      gradients.set(name, same ? { ...same, shape } : tensor(shape, `gradient of ${name}`));
    }
    if (layer.op === "input") continue;
    const inputs = layer.inputs.map(shapeOf);
    constants.set(name, tensors(name, op ? constantsFor(device, op, layer, inputs, withGradients) : {}));
    saved.set(name, tensors(name, withGradients ? (op?.saved?.(layer, inputs) ?? {}) : {}));
  }
  if (!kept) return { activations, gradients, constants, saved, readers, backward: undefined };

  const gated = graph.layers.filter(fusedOf).map(({ name }) => sizeOf(shapeOf(name)));
  const scratch = gated.length > 0 ? tensor([Math.max(...gated)], "vitrine scratch") : undefined;
  const [batch = 1] = shapeOf(graph.output);
  const blocked = tensor([batch], "vitrine blocked", { dtype: "u32" });
  const largest = Math.max(...graph.layers.flatMap(({ name }) => [...shapeOf(name)]));
  const activated = graph.layers.filter(activationOf);
  const slots = new Map(activated.map(({ name }, slot) => [name, slot]));
  const gates = earlyOf(graph, readers, kept);
  const control = own(new Control(device, largest, activated.length + gates.length));
  const early = new Map(
    gates.flatMap((layer, index): [string, Gate][] => {
      const [activation, a] = [fusedOf(layer), activations.get(layer.name)];
      const slot = activated.length + index;
      return activation && a
        ? [[layer.name, { ...activationCode(activation), a, rules: control.rules, slot }]]
        : [];
    }),
  );
  const backward = { control, scratch, blocked, slots, early };
  return { activations, gradients, constants, saved, readers, backward };
}

/** Compiles and binds what a layer runs, forward and backward. */
export async function createStage(
  device: GPUDevice,
  layer: Layer,
  buffers: Buffers,
  own: Own,
): Promise<Stage> {
  const { activations, gradients, constants, saved, readers, backward } = buffers;
  const owned = (command: Promise<Command>): Promise<Command> => command.then(own);
  const { name } = layer;
  const y = tensorOf(activations, name);
  const dy = backward ? tensorOf(gradients, name) : undefined;
  const [first, ...others] = layer.inputs.map((input) => tensorOf(activations, input));
  const seed =
    dy && backward
      ? owned(createSeed(device, { dy, target: backward.control.target, label: name }))
      : undefined;
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
  if (!backward || !dy || !seed) return { layer, y, forward: await forward };

  const {
    scratch,
    blocked,
    slots,
    early,
    control: { rules: rule },
  } = backward;
  const slot = slots.get(name) ?? 0;
  const activation = activationOf(layer);
  const asked =
    activation?.kind === "relu" || activation?.kind === "relu6"
      ? { activation, a: y, dy, rule, slot, blocked, label: name }
      : undefined;
  const fused = fusedOf(layer);
  const ungated = scratch && fused ? { ...scratch, shape: y.shape } : undefined;
  const gate =
    ungated && fused
      ? { activation: fused, a: y, dy, dx: ungated, rule, slot, blocked, label: name }
      : undefined;
  const stepsFrom = (from: Tensor): Promise<BackwardStep[]> =>
    all(
      layer.inputs.map(async (input, index): Promise<BackwardStep> => {
        const dx = tensorOf(gradients, input);
        const to = { ...site, dy: from, input: index, dx, rule, slot, blocked };
        const [write, add] = await all([
          owned(op.backward(device, { ...to, accumulate: false, gate: early.get(input) })),
          ...((readers.get(input) ?? 0) > 1 ? [owned(op.backward(device, { ...to, accumulate: true }))] : []),
        ]);
        return { input, write: write ?? NOTHING, ...(add ? { add } : {}) };
      }),
    );
  const gatedBefore = early.get(name);
  const made = await all([
    forward,
    seed,
    stepsFrom(ungated ?? dy),
    gatedBefore ? stepsFrom(dy) : undefined,
    gate ? owned(createActivationGradient(device, gate)) : undefined,
    asked ? owned(createBlocked(device, asked)) : undefined,
  ] as const);
  const [forwardCommand, seedCommand, steps, earlySteps, gateCommand, blockedCommand] = made;
  return {
    layer,
    y,
    forward: forwardCommand,
    backward: {
      dy,
      seed: seedCommand,
      ...(activation ? { slot } : {}),
      ...(blockedCommand ? { blocked: blockedCommand } : {}),
      ...(gateCommand ? { gate: gateCommand } : {}),
      steps,
      ...(gatedBefore && earlySteps ? { early: { slot: gatedBefore.slot, steps: earlySteps } } : {}),
    },
  };
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new InputError(`layer "${name}": expected it to be allocated`);
  return tensor;
}

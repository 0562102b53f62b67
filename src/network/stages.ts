import { type Command, NOTHING } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { all, type Scope } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Layer } from "../graph/graph.ts";
import { activationOf, fusedActivationOf } from "../graph/layer-facts.ts";
import { createObjectiveGradient } from "../kernels/objective.ts";
import { createActivationGradient, createZeroGradientMask } from "../layers/activation-gradient.ts";
import { activationFacts } from "../layers/activation-kinds.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";
import { type BackwardPlan, SCRATCH } from "./backward-plan.ts";
import { type BackwardBuffers, type Buffers, type ForwardBuffers, tensorOf } from "./buffers.ts";
import { isCommands, type OutputGradients } from "./output-gradient.ts";

/** A layer on the device. */
export interface Stage {
  readonly layer: Layer;
  readonly y: Tensor;
  readonly forward: Command;
  /** Undefined in a network without gradients. */
  readonly backward: BackwardStage | undefined;
}

/** The commands of a layer's steps in a backward plan. */
export interface BackwardStage {
  /** Gradient of the objective to the layer's output. */
  readonly dy: Tensor;
  /** Writes the gradient of a target in this layer into `dy`. */
  readonly target: Command;
  /** Only at a ReLU. */
  readonly mask: Command | undefined;
  /** Takes `dy` through the layer's fused activation into the scratch, if it has one. */
  readonly activation: Command | undefined;
  /** The gradient to each input, from the scratch where the layer has a fused activation, else from `dy`. */
  readonly inputs: readonly InputGradient[];
  /** The same from `dy`, where the layer's reader can take it through the activation. */
  readonly fused: readonly InputGradient[] | undefined;
}

/** The gradient to one input: written over what is there, or added to it. */
export interface InputGradient {
  readonly write: Command;
  /** Only where the input has several readers. */
  readonly add: Command | undefined;
}

/** Compiles and binds what a layer runs, forward and backward. */
export async function createStage(
  device: GPUDevice,
  layer: Layer,
  buffers: Buffers,
  readers: ReadonlyMap<string, readonly Layer[]>,
  scope: Pick<Scope, "command">,
): Promise<Stage> {
  const { backward } = buffers;
  const [forward, back] = await all([
    scope.command(createForward(device, layer, buffers)),
    backward && createBackward(device, layer, { ...buffers, backward }, readers, scope),
  ] as const);
  return { layer, y: tensorOf(buffers.activations, layer.name), forward, backward: back };
}

/** Compiles and binds what a layer runs forward. */
export async function createForward(
  device: GPUDevice,
  layer: Layer,
  buffers: ForwardBuffers,
): Promise<Command> {
  const site = layer.op === "input" ? undefined : siteOf(layer, buffers);
  return site ? opOf(site.layer).forward(device, site) : NOTHING;
}

/** Inputs and outputs of a layer's op in the forward pass; undefined for a layer without inputs. */
function siteOf(layer: OpLayer, { activations, constants, saved }: ForwardBuffers) {
  const { name } = layer;
  const [first, ...others] = layer.inputs.map((input) => tensorOf(activations, input));
  if (!first) return undefined;
  return {
    layer,
    x: [first, ...others] as const,
    y: tensorOf(activations, name),
    constants: constants.get(name) ?? {},
    saved: saved.get(name) ?? {},
  };
}

async function createBackward(
  device: GPUDevice,
  layer: Layer,
  buffers: ForwardBuffers & { readonly backward: BackwardBuffers },
  readers: ReadonlyMap<string, readonly Layer[]>,
  { command }: Pick<Scope, "command">,
): Promise<BackwardStage> {
  const { layout, gradients, control, scratch, mask: zeroGradient, fused } = buffers.backward;
  const { name } = layer;
  const dy = tensorOf(gradients, name);
  const target = command(
    createObjectiveGradient(device, {
      ...{ a: tensorOf(buffers.activations, name), dy, label: name },
      ...{ terms: control.target, count: 1, accumulate: false, masks: control.unread, lse: control.unread },
    }),
  );
  const site = layer.op === "input" ? undefined : siteOf(layer, buffers);
  if (!site) {
    return { dy, target: await target, mask: undefined, activation: undefined, inputs: [], fused: undefined };
  }

  const op = opOf(site.layer);
  const { y: a } = site;
  const rules = { rule: control.rules, slot: layout.ruleSlots.get(name) ?? 0, zeroGradient };
  const activation = activationOf(layer);
  const apart = fusedActivationOf(layer);
  const through = scratch && apart ? { ...scratch, shape: a.shape } : undefined;
  const inputsFrom = (from: Tensor): Promise<InputGradient[]> =>
    all(
      layer.inputs.map(async (input, index): Promise<InputGradient> => {
        const to = { ...site, dy: from, input: index, dx: tensorOf(gradients, input), ...rules };
        const several = (readers.get(input)?.length ?? 0) > 1;
        const [write, add] = await all([
          command(op.backward(device, { ...to, accumulate: false, fused: fused.get(input) })),
          several ? command(op.backward(device, { ...to, accumulate: true })) : undefined,
        ] as const);
        return { write, add };
      }),
    );
  const made = await all([
    target,
    activation && activationFacts(activation).stops
      ? command(createZeroGradientMask(device, { activation, a, dy, ...rules, label: name }))
      : undefined,
    through && apart
      ? command(
          createActivationGradient(device, { activation: apart, a, dy, dx: through, ...rules, label: name }),
        )
      : undefined,
    inputsFrom(through ?? dy),
    layout.fusedSlots.has(name) ? inputsFrom(dy) : undefined,
  ] as const);
  const [ofTarget, mask, ofActivation, inputs, ofFused] = made;
  return { dy, target: ofTarget, mask, activation: ofActivation, inputs, fused: ofFused };
}

/**
 * The commands of a backward plan, in order.
 * @param from what the pass starts from: a caller's own gradient is copied before the pass, and has no command.
 */
export function commandsOf(
  { steps }: BackwardPlan,
  stages: ReadonlyMap<string, Stage>,
  from: OutputGradients,
): Command[] {
  const commands: (Command | undefined)[] = [];
  for (const step of steps) {
    const stage = stages.get(step.layer)?.backward;
    if (!stage) throw new InputError(`layer "${step.layer}": expected a backward stage`);
    switch (step.kind) {
      case "output gradient":
        if (!isCommands(from)) commands.push("gradient" in from ? NOTHING : stage.target);
        else commands.push(from[step.index]?.[step.add ? "add" : "write"]);
        break;
      case "zero-gradient mask":
        commands.push(stage.mask);
        break;
      case "activation gradient":
        commands.push(stage.activation);
        break;
      case "layer gradient": {
        const inputs = step.reads === SCRATCH ? stage.inputs : (stage.fused ?? stage.inputs);
        commands.push(inputs[step.index]?.[step.add ? "add" : "write"]);
      }
    }
  }
  return commands.map((command, index) => {
    if (command) return command;
    throw new InputError(
      `backward: expected a command for "${steps[index]?.kind}" of "${steps[index]?.layer}"`,
    );
  });
}

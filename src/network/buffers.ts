import { InputError } from "../gpu/errors.ts";
import type { Own } from "../gpu/scope.ts";
import {
  createTensor,
  type DType,
  type Shape,
  sizeOf,
  type Tensor,
  type TensorOptions,
} from "../gpu/tensor.ts";
import { fusedActivationOf } from "../graph/layer-facts.ts";
import { gradientCode } from "../layers/activation-kinds.ts";
import type { FusedGradient, Tensors } from "../layers/op.ts";
import { opOf } from "../layers/ops.ts";
import { Control } from "./control.ts";
import type { GradientLayout } from "./gradient-layout.ts";
import { isView, planActivations } from "./memory-plan.ts";
import type { NetworkPlan } from "./network-plan.ts";

/** Every buffer that a network's forward pass uses. */
export interface ForwardBuffers {
  readonly activations: ReadonlyMap<string, Tensor>;
  readonly constants: ReadonlyMap<string, Tensors>;
  /** Tensors that forward writes for backward to read; empty in a network without gradients. */
  readonly saved: ReadonlyMap<string, Tensors>;
}

/** Every buffer that only its backward passes use. */
export interface BackwardBuffers {
  readonly layout: GradientLayout;
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly control: Control;
  /** The gradient between a layer's activation gradient and its layer gradient. */
  readonly scratch: Tensor | undefined;
  /** `[batch]`: the zero-gradient mask of the layer whose gradient is taken. */
  readonly mask: Tensor<"u32">;
  /** Activations that the only reader of a layer takes the gradient through, by that layer. */
  readonly fused: ReadonlyMap<string, FusedGradient>;
}

export interface Buffers extends ForwardBuffers {
  /** Undefined in a network without gradients. */
  readonly backward: BackwardBuffers | undefined;
}

/** Allocates every buffer of a network, but for its weights. */
export function allocate(
  device: GPUDevice,
  { graph, shapes, layout, alone }: NetworkPlan,
  own: Own,
): Omit<Buffers, "constants"> {
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

  const reused = alone && planActivations(graph, shapes, alone);
  const pool = reused?.sizes.map((size, slot) => tensor([size], `activations ${slot}`)) ?? [];
  const activations = new Map<string, Tensor>();
  const gradients = new Map<string, Tensor>();
  const saved = new Map<string, Tensors>();
  for (const layer of graph.layers) {
    const { name } = layer;
    const shape = shapeOf(name);
    const [source = ""] = layer.inputs;
    const viewed = isView(layer) ? activations.get(source) : undefined;
    const place = viewed ?? pool[reused?.bufferOf.get(name) ?? -1];
    activations.set(name, place ? { ...place, shape } : tensor(shape, name));
    if (layout) {
      const same = gradients.get(layout.buffers.get(name) ?? name);
      gradients.set(name, same ? { ...same, shape } : tensor(shape, `gradient of ${name}`));
    }
    if (layer.op === "input") continue;
    const op = opOf(layer);
    const inputs = layer.inputs.map(shapeOf);
    saved.set(name, tensors(name, layout ? (op.saved?.(layer, inputs) ?? {}) : {}));
  }
  const forward = { activations, saved };
  if (!layout) return { ...forward, backward: undefined };

  const separate = graph.layers.filter(fusedActivationOf).map(({ name }) => sizeOf(shapeOf(name)));
  const scratch = separate.length > 0 ? tensor([Math.max(...separate)], "vitrine scratch") : undefined;
  const [batch = 1] = shapeOf(graph.output);
  const mask = tensor([batch], "vitrine zero-gradient mask", { dtype: "u32" });
  const largest = Math.max(...graph.layers.flatMap(({ name }) => [...shapeOf(name)]));
  const slots = layout.ruleSlots.size + layout.fusedSlots.size;
  const control = new Control(device, largest, slots, own);
  const fused = new Map<string, FusedGradient>();
  for (const layer of graph.layers) {
    const slot = layout.fusedSlots.get(layer.name);
    const activation = fusedActivationOf(layer);
    if (slot === undefined || !activation) continue;
    const a = tensorOf(activations, layer.name);
    fused.set(layer.name, { ...gradientCode(activation), a, rules: control.rules, slot });
  }
  return { ...forward, backward: { layout, gradients, control, scratch, mask, fused } };
}

/** @throws InputError when a layer has no tensor: a mistake of ours. */
export function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new InputError(`layer "${name}": expected it to be allocated`);
  return tensor;
}

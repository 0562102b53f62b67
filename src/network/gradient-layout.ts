import type { Graph } from "../graph/graph.ts";
import { activationOf, fusedActivationOf } from "../graph/layer-facts.ts";
import { readersOf } from "../graph/traverse.ts";
import { opOf } from "../layers/ops.ts";
import { isView } from "./memory-plan.ts";

/** Layout of a network's gradients and of the codes of its backward rules; plain data, without a device. */
export interface GradientLayout {
  /** The buffer of each layer's gradient, named after the first layer that uses it: a view shares that of its input. */
  readonly buffers: ReadonlyMap<string, string>;
  /** Place of the rule code that each activation's own kernel reads, by layer. */
  readonly ruleSlots: ReadonlyMap<string, number>;
  /**
   * Place of the rule code that a layer's reader reads, by layer: only for layers whose reader can write the gradient to
   * the pre-activation at once (the fused activation gradient).
   */
  readonly fusedSlots: ReadonlyMap<string, number>;
}

/**
 * Lays out a network's gradients.
 * @param kept layers whose gradients somebody may look at: none of these is replaced by a fused activation gradient.
 */
export function gradientLayout({ layers }: Graph, kept: ReadonlySet<string>): GradientLayout {
  const readers = readersOf(layers);
  const buffers = new Map<string, string>();
  for (const layer of layers) {
    const [input = ""] = layer.inputs;
    // Where other layers read the input too, they add to a gradient that is not the view's.
    const shared = isView(layer) && readers.get(input)?.length === 1 ? buffers.get(input) : undefined;
    buffers.set(layer.name, shared ?? layer.name);
  }
  const activated = layers.filter(activationOf);
  const fused = layers.filter((layer) => {
    const [reader, ...others] = readers.get(layer.name) ?? [];
    const canFuse = reader && others.length === 0 && reader.op !== "input" && opOf(reader).fusion.gradient;
    return canFuse && fusedActivationOf(layer) && !kept.has(layer.name);
  });
  return {
    buffers,
    ruleSlots: new Map(activated.map(({ name }, slot) => [name, slot])),
    fusedSlots: new Map(fused.map(({ name }, index) => [name, activated.length + index])),
  };
}

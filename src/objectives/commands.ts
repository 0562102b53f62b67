import { type Command, sequence } from "../gpu/command.ts";
import { all, build } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { createObjectiveGradient, createObjectiveScore, packTerms } from "../kernels/objective.ts";
import type { Network, OutputGradientCommand } from "../network/network.ts";
import type { Objective } from "./objective.ts";
import { termsByLayer } from "./terms-by-layer.ts";

/** An objective on the GPU. */
export interface ObjectiveCommand {
  /** `[batch]`: the objective of each image, once `score` ran after a forward pass. */
  readonly values: Tensor;
  readonly score: Command;
  /** The gradients from which `network.backward` starts; empty in a network without gradients. */
  readonly outputGradients: readonly OutputGradientCommand[];
  /** Layers of the objective's terms. */
  readonly layers: readonly string[];
  destroy(): void;
}

/**
 * Puts an objective to a network: its value for each image of the batch, and the output gradients of its backward pass, both
 * computed on the GPU from the activations of the last forward pass.
 * @throws InputError for a class, layer, index or mask that the network does not have.
 */
export async function createObjective(network: Network, objective: Objective): Promise<ObjectiveCommand> {
  const { device, batch } = network;
  const groups = termsByLayer(network, objective);
  return build(device, "objective", async ({ tensor, command }) => {
    const values = tensor([batch], { label: "objective values" });
    const scores: Command[] = [];
    const outputGradients: OutputGradientCommand[] = [];
    for (const [place, { layer, terms, masks }] of groups.entries()) {
      const packed = packTerms(terms);
      const common = {
        a: network.activation(layer),
        terms: tensor([packed.length], { dtype: "u32", label: "objective terms", data: packed }),
        masks: tensor([Math.max(1, masks.length)], {
          label: "objective masks",
          data: masks.length > 0 ? masks : undefined,
        }),
        lse: tensor([batch], { label: "objective lse" }),
        count: terms.length,
        label: layer,
      };
      const scoreInto = (into: Tensor, accumulate: boolean): Promise<Command> =>
        command(createObjectiveScore(device, { ...common, values: into, accumulate }));
      scores.push(await scoreInto(values, place > 0));
      if (!network.hasGradients) continue;
      const dy = network.gradient(layer);
      const [write, add] = await all([
        command(createObjectiveGradient(device, { ...common, dy, accumulate: false })),
        command(createObjectiveGradient(device, { ...common, dy, accumulate: true })),
      ]);
      // A probability's gradient reads what its score left: the logits' log-sum-exp.
      const before = terms.some(({ kind }) => kind === "probability")
        ? [await scoreInto(tensor([batch], { label: "unused" }), false)]
        : [];
      outputGradients.push({ layer, write: sequence([...before, write]), add: sequence([...before, add]) });
    }
    const layers = groups.map(({ layer }) => layer);
    return { values, score: sequence(scores), outputGradients, layers };
  });
}

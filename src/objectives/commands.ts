import { type Command, sequence } from "../gpu/kernel.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { createObjectiveScore, createObjectiveSeed, packTerms } from "../kernels/objective.ts";
import type { Network, OutputGradientCommand } from "../network/network.ts";
import { type Objective, termsByLayer } from "./objective.ts";

/** An objective on the GPU. */
export interface ObjectiveCommand {
  /** `[batch]`: the objective of each image, once `score` ran after a forward pass. */
  readonly values: Tensor;
  readonly score: Command;
  /** The gradients from which `network.backward` starts; empty in a network without gradients. */
  readonly outputGradients: readonly OutputGradientCommand[];
  /** Where the objective's terms sit. */
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
  const owned: { destroy(): void }[] = [];
  const own = <T extends { destroy(): void }>(made: T): T => {
    owned.push(made);
    return made;
  };
  const tensor = (shape: readonly number[], label: string, data?: Float32Array | Uint32Array): Tensor => {
    const dtype = data instanceof Uint32Array ? "u32" : "f32";
    const made = createTensor(device, shape, { dtype, label, ...(data ? { data } : {}) });
    own(made.buffer);
    return made;
  };
  const destroy = (): void => {
    for (const made of owned) made.destroy();
  };
  try {
    const values = tensor([batch], "objective values");
    const scores: Command[] = [];
    const outputGradients: OutputGradientCommand[] = [];
    for (const [place, { layer, terms, masks }] of groups.entries()) {
      const packed = packTerms(terms);
      const common = {
        a: network.activation(layer),
        terms: tensor([packed.length], "objective terms", packed),
        masks: tensor([Math.max(1, masks.length)], "objective masks", masks.length > 0 ? masks : undefined),
        lse: tensor([batch], "objective lse"),
        count: terms.length,
        label: layer,
      };
      const score = own(await createObjectiveScore(device, { ...common, values, accumulate: place > 0 }));
      scores.push(score);
      if (!network.hasGradients) continue;
      const dy = network.gradient(layer);
      const gradients = [false, true].map(async (accumulate) =>
        own(await createObjectiveSeed(device, { ...common, dy, accumulate })),
      );
      const [write, add] = await Promise.all(gradients);
      // A probability's gradient reads what its score left: the logits' log-sum-exp.
      const ready = terms.some(({ kind }) => kind === "probability")
        ? own(
            await createObjectiveScore(device, {
              ...common,
              values: tensor([batch], "unused"),
              accumulate: false,
            }),
          )
        : undefined;
      const after = (seed: Command | undefined): Command =>
        sequence([...(ready ? [ready] : []), ...(seed ? [seed] : [])]);
      outputGradients.push({ layer, write: after(write), add: after(add) });
    }
    const layers = groups.map(({ layer }) => layer);
    return { values, score: sequence(scores), outputGradients, layers, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

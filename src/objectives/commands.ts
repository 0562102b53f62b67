import { type Command, sequence } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { all, build, type Scope } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { inputOf } from "../graph/graph.ts";
import { createObjectiveGradient, createObjectiveScore, packTerms } from "../kernels/objective.ts";
import type { Network, OutputGradientCommand } from "../network/network.ts";
import { Objective } from "./objective.ts";
import type { OwnTermCommands, OwnTermKind } from "./term.ts";
import { kindOfTerm, type Term } from "./terms.ts";
import { hasOwnKernels, type LayerTerms, termsByLayer } from "./terms-by-layer.ts";

/** An objective on the GPU. */
export interface ObjectiveCommand {
  /** `[batch]`: the objective of each image, once `score` ran after a forward pass; of views, each view's share of it. */
  readonly values: Tensor;
  readonly score: Command;
  /** The gradients from which `network.backward` starts; empty in a network without gradients. */
  readonly outputGradients: readonly OutputGradientCommand[];
  /** Layers of the objective's terms. */
  readonly layers: readonly string[];
  /** `[images]`: what the terms at the image come to, once `imageScore` ran. Zero where there are none. */
  readonly imageValues: Tensor;
  /** Computes the terms at the image. Without images of their own they sit at the network's input, and this does nothing. */
  readonly imageScore: Command;
  /** Adds the gradient of the terms at the image to that of the images. Runs after `imageScore`. */
  readonly imageGradient: Command;
  destroy(): void;
}

export interface ObjectiveSite {
  /**
   * Entries of the network's batch that are views of one image, side by side: the objective is their mean, and a target's `image`
   * counts images. Default 1.
   */
  readonly views?: number | undefined;
  /** The images before they became the network's input, [images, H, W, C], and their gradient. Default: the input itself. */
  readonly image?: { readonly x: Tensor; readonly dx: Tensor } | undefined;
}

/**
 * Puts an objective to a network: its value for each image of the batch, and the output gradients of its backward pass, both
 * computed on the GPU from the activations of the last forward pass.
 * @throws InputError for a class, layer, index, mask or reference that the network does not have.
 */
export async function createObjective(
  network: Network,
  { terms }: Objective,
  { views = 1, image }: ObjectiveSite = {},
): Promise<ObjectiveCommand> {
  const { device, batch, graph } = network;
  if (terms.length === 0) throw new InputError("objective: expected at least one term, got none");
  if (!(Number.isInteger(views) && views >= 1 && batch % views === 0)) {
    throw new InputError(`objective: expected views that divide the batch of ${batch}, got ${views}`);
  }
  const shares = terms.map((term) => ({ ...term, weight: term.weight / views }));
  const packed = shares.filter((term) => !hasOwnKernels(term));
  const groups = packed.length > 0 ? termsByLayer(network, new Objective(packed), views) : [];
  const input = inputOf(graph).name;
  const own = shares.filter(hasOwnKernels).map((term) => {
    const kind = kindOfTerm(term) as OwnTermKind<Term>;
    const layer = kind.layerOf(term, graph) ?? (image ? undefined : input);
    return { term: layer === undefined ? { ...term, weight: term.weight * views } : term, kind, layer };
  });
  return build(device, "objective", async (scope) => {
    const { tensor } = scope;
    const values = tensor([batch], { label: "objective values" });
    const scores: Command[] = [];
    const sites = new Map<string, Site[]>();
    const add = (layer: string, site: Site): void => {
      sites.set(layer, [...(sites.get(layer) ?? []), site]);
    };
    for (const [place, group] of groups.entries()) {
      const { layer } = group;
      const made = await packedTerms(network, group, { values, views, accumulate: place > 0 }, scope);
      scores.push(made.score);
      add(layer, made);
    }
    const imageValues = tensor([batch / views], { label: "objective values at the images" });
    const atImage: OwnTermCommands[] = [];
    for (const { term, kind, layer } of own) {
      const a = layer === undefined ? image?.x : network.activation(layer);
      if (!a) continue;
      const [into, before] = layer === undefined ? [imageValues, atImage] : [values, scores];
      const site = { values: into, weight: term.weight, accumulate: before.length > 0 };
      const at = { graph, a, views: layer === undefined ? 1 : views };
      const made = await kind.create(term, { device, scope, ...at, ...site });
      if (layer === undefined) atImage.push(made);
      else {
        scores.push(made.score);
        add(layer, { gradient: (accumulate) => made.gradient(network.gradient(layer), accumulate) });
      }
    }
    const outputGradients: OutputGradientCommand[] = [];
    for (const [layer, [first, ...more]] of network.hasGradients ? sites : []) {
      if (!first) continue;
      const [write, added] = await all([first.gradient(false), first.gradient(true)]);
      const others: Command[] = [];
      for (const site of more) others.push(await site.gradient(true));
      outputGradients.push({
        layer,
        write: sequence([write, ...others]),
        add: sequence([added, ...others]),
      });
    }
    const dx = image?.dx;
    const imageGradients = dx ? await all(atImage.map((made) => made.gradient(dx, true))) : [];
    return {
      ...{ values, score: sequence(scores), outputGradients, layers: [...sites.keys()], imageValues },
      imageScore: sequence(atImage.map(({ score }) => score)),
      imageGradient: sequence(imageGradients),
    };
  });
}

/** Terms at a layer, whose gradient is written there or added. */
interface Site {
  gradient(accumulate: boolean): Promise<Command>;
}

/** The terms at a layer that one pair of kernels computes. */
async function packedTerms(
  network: Network,
  { layer, terms, masks }: LayerTerms,
  {
    values,
    views,
    accumulate,
  }: { readonly values: Tensor; readonly views: number; readonly accumulate: boolean },
  { tensor, command }: Scope,
): Promise<Site & { readonly score: Command }> {
  const { device, batch } = network;
  const packed = packTerms(terms);
  const common = {
    a: network.activation(layer),
    terms: tensor([packed.length], { dtype: "u32", label: "objective terms", data: packed }),
    masks: tensor([Math.max(1, masks.length)], {
      label: "objective masks",
      data: masks.length > 0 ? masks : undefined,
    }),
    lse: tensor([batch], { label: "objective lse" }),
    ...{ count: terms.length, label: layer, views },
  };
  const scoreInto = (into: Tensor, accumulate: boolean): Promise<Command> =>
    command(createObjectiveScore(device, { ...common, values: into, accumulate }));
  // A probability's gradient reads what its score left: the logits' log-sum-exp.
  const before = terms.some(({ kind }) => kind === "probability" || kind === "logProbability")
    ? [await scoreInto(tensor([batch], { label: "unused" }), false)]
    : [];
  return {
    score: await scoreInto(values, accumulate),
    async gradient(accumulate) {
      const dy = network.gradient(layer);
      return sequence([
        ...before,
        await command(createObjectiveGradient(device, { ...common, dy, accumulate })),
      ]);
    },
  };
}

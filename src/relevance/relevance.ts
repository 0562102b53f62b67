import { recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { all, build } from "../gpu/scope.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { inputOf, type Layer, otherInputsOf, pictureOf } from "../graph/graph.ts";
import { logitsOf } from "../graph/heads.ts";
import { createRelevanceProduct } from "../kernels/relevance.ts";
import type { Constant, Tensors } from "../layers/op.ts";
import { aliasBuffers } from "../network/memory-plan.ts";
import type { Network, OutputGradientCommand } from "../network/network.ts";
import { notOfBlackBox } from "../network/outside.ts";
import { createPassThrough } from "./pass-through.ts";
import { isRedistribution, planRelevance, type RelevanceStep } from "./plan.ts";
import { createRedistribution, type Destination, entriesOf, type Workspace } from "./redistribution.ts";
import { COMPOSITES, type Composite, type RelevanceRule } from "./rules.ts";

export interface RelevanceOptions {
  /** Default: `COMPOSITES.composite`. */
  readonly rules?: Composite | undefined;
  /** The layers at which the pass starts. Default: the logits. */
  readonly from?: readonly string[] | undefined;
  /**
   * Layers for which LRP is not defined and that shall pass relevance on unchanged: activations other than ReLUs, local
   * response normalisation; a product, which then passes all of it to the factor that is no gate. "all": all such layers.
   */
  readonly pass?: readonly string[] | "all" | undefined;
  /** Layers whose relevance is kept, to be read or followed by other commands. Default: none. */
  readonly keep?: readonly string[] | undefined;
}

const RELEVANCE: Fields<RelevanceOptions> = { rules: "may", from: "may", pass: "may", keep: "may" };

/** A backward pass of relevance through a network, ready to record. */
export interface Relevance {
  /** `[batch, H, W, C]`: the relevance of the image's values, once a pass ran. */
  readonly input: Tensor;
  /** The relevance of the values of the network's inputs beside the image, of those that lead to the start of the pass, by name. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** `[batch, …]`: the relevance of the outputs of each layer of `keep`, by name. */
  readonly layers: ReadonlyMap<string, Tensor>;
  /** `[entries, batch, 2]`: what biases and what stabilisers took of each image's relevance, entry by entry. */
  readonly account: Tensor;
  /** The rule of every layer that redistributes relevance, from the last to the first. */
  readonly rules: readonly { readonly layer: string; readonly rule: RelevanceRule }[];
  /**
   * Records a pass after a forward pass of the network. It starts with activation × output gradient at the layers of `from`:
   * an objective's `outputGradients` (see `createObjective`).
   * @throws InputError when they are not at the layers that it was created for.
   */
  record(encoder: GPUCommandEncoder, from: readonly OutputGradientCommand[]): void;
  destroy(): void;
}

/**
 * Layer-wise relevance propagation (Bach et al. 2015, doi:10.1371/journal.pone.0130140): takes what a score is made of back
 * to the image, layer by layer, so that Σ relevance of the inputs + what biases and stabilisers took = the score. Batch
 * norm is folded into the weights before it, where there are such, and else redistributes relevance as the linear layer that it is. Max
 * pooling passes relevance to the winner; sums and averages in proportion to what they add up; activations unchanged.
 * It uses the network's activations, and its gradients at the layers of `from` only.
 * @throws InputError for a network without gradients, a layer that there is not, or rules that do not fit.
 * @throws UnsupportedError naming a layer for which LRP is not defined, with what to choose.
 */
export async function createRelevance(network: Network, options: RelevanceOptions = {}): Promise<Relevance> {
  assertFields("LRP", options, RELEVANCE);
  const { device, graph, batch } = network;
  const { rules = COMPOSITES.composite, from = [logitsOf(graph)], pass = [], keep = [] } = options;
  if (network.outside) throw notOfBlackBox(graph, "LRP");
  if (!network.hasGradients) {
    throw new InputError(
      `network "${graph.name}": created without gradients; create it with { gradients: true }`,
    );
  }
  const steps = planRelevance(graph, { composite: rules, from, pass, keep });
  const who = `LRP of "${graph.name}"`;
  return build(device, who, async (scope) => {
    const { own } = scope;
    const tensor = (shape: Shape, label: string, data?: Float32Array): Tensor =>
      scope.tensor(shape, { label, data });
    const redistributed = steps.filter(isRedistribution);
    const entries = Math.max(
      1,
      redistributed.reduce((sum, step) => sum + entriesOf(step), 0),
    );
    const account = tensor([entries, batch, 2], "relevance account");
    const relevances = allocate(network, steps, keep, tensor);
    const workspace = workspaceOf(network, steps, tensor);
    const common = {
      device,
      workspace,
      account,
      own,
      upload: (wanted: Readonly<Record<string, Constant>>): Tensors =>
        Object.fromEntries(
          Object.entries(wanted).map(([key, { shape, data }]) => [
            key,
            tensor(shape, `relevance ${key}`, data),
          ]),
        ),
      bounds: boundsOf(network, tensor),
    };
    const written = new Set<string>();
    let entry = 0;
    const made = await all(
      steps.flatMap((step) => {
        const { layer } = step;
        const { name, inputs } = layer;
        const r = tensorOf(relevances, name);
        const [x, y] = [inputs.map((input) => network.activation(input)), network.activation(name)];
        const started = from.includes(name)
          ? createRelevanceProduct(device, {
              x: y,
              c: network.gradient(name),
              y: r,
              accumulate: written.has(name),
              label: name,
            }).then(own)
          : undefined;
        if (started) written.add(name);
        // A branch that only gates gets none.
        if (!written.has(name)) return [];
        const reached = step.by === "unchanged" ? inputs.filter((_, index) => index === step.input) : inputs;
        const to = reached.map((input): Destination => {
          const accumulate = written.has(input);
          written.add(input);
          return { r: tensorOf(relevances, input), accumulate };
        });
        const site = { ...common, x, y, r, to, entry };
        if (isRedistribution(step)) entry += entriesOf(step);
        const commands = isRedistribution(step)
          ? createRedistribution({ ...site, step, constants: constantsOf(network, layer) })
          : createPassThrough(device, step, site);
        return [all([started, commands]).then(([start, command]) => ({ layer: name, start, command }))];
      }),
    );
    return {
      input: tensorOf(relevances, inputOf(graph).name),
      inputs: new Map(
        otherInputsOf(graph).flatMap(({ name }): [string, Tensor][] =>
          relevances.has(name) && written.has(name) ? [[name, tensorOf(relevances, name)]] : [],
        ),
      ),
      layers: new Map(
        keep.map((name) => {
          if (!written.has(name)) {
            throw new InputError(`LRP: expected layers to keep that relevance comes to, got "${name}"`);
          }
          return [name, tensorOf(relevances, name)];
        }),
      ),
      account,
      rules: redistributed.map(({ layer, rule }) => ({ layer: layer.name, rule })),
      record(encoder: GPUCommandEncoder, outputGradients: readonly OutputGradientCommand[]) {
        expectLayers(from, outputGradients);
        const commands = made.flatMap(({ layer, start, command }) => {
          const here = outputGradients.filter((one) => one.layer === layer);
          const gradients = here.map(({ write, add }, index) => (index === 0 ? write : add));
          return [...gradients, ...(start ? [start] : []), command];
        });
        recordCommands(encoder, commands, { label: `vitrine relevance ${graph.name}` });
      },
    };
  });
}

type Make = (shape: Shape, label: string, data?: Float32Array) => Tensor;

/** Relevance of every layer on the way, in buffers that layers share whose turns do not meet. */
function allocate(
  { shapes }: Network,
  steps: readonly RelevanceStep[],
  keep: readonly string[],
  tensor: Make,
): ReadonlyMap<string, Tensor> {
  const turn = new Map(steps.map(({ layer }, index) => [layer.name, index]));
  const first = new Map(turn);
  for (const [index, { layer }] of steps.entries()) {
    for (const input of layer.inputs) first.set(input, Math.min(first.get(input) ?? index, index));
  }
  // What came to an input, or is kept, is read after the pass.
  const read = new Set([...steps.filter(({ by }) => by === "image").map(({ layer }) => layer.name), ...keep]);
  const lifetimes = Array.from(turn, ([name, last]) => {
    const until = read.has(name) ? steps.length : last;
    return { name, size: sizeOf(shapes.get(name) ?? []), from: first.get(name) ?? last, until };
  });
  const { sizes, bufferOf } = aliasBuffers(lifetimes);
  const slots = sizes.map((size) => tensor([size], "relevance"));
  return new Map(
    lifetimes.flatMap(({ name }): [string, Tensor][] => {
      const slot = slots[bufferOf.get(name) ?? -1];
      return slot ? [[name, { ...slot, shape: shapes.get(name) ?? [] }]] : [];
    }),
  );
}

/** Each piece as large as any step that may use it needs it. */
function workspaceOf({ shapes }: Network, steps: readonly RelevanceStep[], tensor: Make): Workspace {
  const largest = (names: readonly string[]): number =>
    Math.max(1, ...names.map((name) => sizeOf(shapes.get(name) ?? [])));
  const outputs = largest(steps.map(({ layer }) => layer.name));
  const inputs = largest(steps.flatMap(({ layer }) => layer.inputs));
  const size = { z: outputs, s: outputs, term: outputs, c: inputs, part: inputs };
  const names = Object.keys(size) as (keyof typeof size)[];
  // One term of the whole input is all that ε has.
  const simple = steps.every((step) => !isRedistribution(step) || step.rule.kind === "epsilon");
  const wanted = names.filter((name) => !simple || (name !== "term" && name !== "part"));
  const made = new Map(wanted.map((name) => [name, tensor([size[name]], `relevance ${name}`)]));
  return (name, shape) => ({ ...tensorOf(made, name), shape });
}

/** Weights that the network has on the device just as the folded layer has them. */
function constantsOf({ graph, constants }: Network, layer: Layer): Tensors | undefined {
  if (!("w" in layer)) return undefined;
  const same = graph.layers.find((one) => "w" in one && one.w === layer.w && one.b === layer.b);
  return same ? constants.get(same.name) : undefined;
}

/** The bounds of the image for the z-box: black and white after the preprocessing, or what the rule says. */
function boundsOf({ graph, input }: Network, tensor: Make) {
  const { range, mean, std } = graph.preprocessing;
  const made = new Map<RelevanceRule, { readonly low: Tensor; readonly high: Tensor }>();
  const bound = (name: string, level: number, given: readonly number[] | undefined): Tensor => {
    const [, , channels] = pictureOf(graph, `LRP rule "zBox"`).shape;
    if (given && (given.length !== channels || !given.every(Number.isFinite))) {
      throw new InputError(
        `LRP rule "zBox": expected a ${name} bound for each of ${channels} channels, got [${given}]`,
      );
    }
    const values = Array.from(
      { length: channels },
      (_, c) => given?.[c] ?? (level / range - (mean[c] ?? 0)) / (std[c] ?? 1),
    );
    const data = Float32Array.from({ length: sizeOf(input.shape) }, (_, i) => values[i % channels] ?? 0);
    return tensor(input.shape, `relevance ${name}`, data);
  };
  return (rule: RelevanceRule) => {
    const { low, high } = rule.kind === "zBox" ? rule : {};
    const found = made.get(rule) ?? { low: bound("low", 0, low), high: bound("high", 255, high) };
    made.set(rule, found);
    return found;
  };
}

function expectLayers(from: readonly string[], outputGradients: readonly OutputGradientCommand[]): void {
  const got = new Set(outputGradients.map(({ layer }) => layer));
  const same = from.every((layer) => got.has(layer)) && [...got].every((layer) => from.includes(layer));
  if (same) return;
  throw new InputError(
    `LRP: expected to start at ${from.join(", ")}, got ${[...got].join(", ") || "nothing"}; create it with { from: [the layers] }`,
  );
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = tensors.get(name);
  if (!found) throw new InputError(`LRP: expected layer "${name}" to be on the way`);
  return found;
}

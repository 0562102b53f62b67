import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { assertGraph, type Graph, type Layer } from "../graph/graph.ts";
import { weightsOf } from "../graph/layer-facts.ts";
import { hash32 } from "../kernels/masking.ts";
import { createNetwork } from "../network/create-network.ts";
import type { Network } from "../network/network.ts";
import { optionsOf } from "../network/pool.ts";
import { seedOf } from "../sampling/seed.ts";

export interface RandomiseOptions {
  /** A whole number of 0 to 2³² − 1. Default 0. */
  readonly seed?: number | undefined;
  /** Names of the layers to randomise. Default: all that have parameters. */
  readonly layers?: readonly string[] | undefined;
}

const RANDOMISE: Fields<RandomiseOptions> = { seed: "may", layers: "may" };

/** A layer's arrays by the names that ops give them. */
type Parameters = { readonly [key: string]: unknown };

/** Kernels get random signs as well as a random order; what is added or multiplied a channel, a random order only. */
const KERNELS = ["w"];
const PER_CHANNEL = ["b", "scale", "offset"];

/** The layers with parameters, in the graph's order. */
export function parameterLayers({ layers }: Graph): string[] {
  return layers.filter(hasParameters).map(({ name }) => name);
}

/**
 * A graph whose parameters mean nothing any more: every array in a random order, kernels with random signs too. Sizes of the
 * values, and so of the activations, stay about what they were. Which weight goes where is a function of (seed, layer, array,
 * element).
 * @throws InputError for a layer that has no parameters, or a graph without any.
 */
export function randomiseGraph(graph: Graph, options: RandomiseOptions = {}): Graph {
  assertGraph("randomiseGraph", graph);
  assertFields("randomised parameters", options, RANDOMISE);
  const { seed, layers } = options;
  const key = seedOf(seed, "randomised parameters");
  const known = parameterLayers(graph);
  if (known.length === 0)
    throw new InputError(`graph "${graph.name}": expected layers with parameters, found none`);
  const stray = layers?.find((name) => !known.includes(name));
  if (stray !== undefined) {
    throw new InputError(
      `randomised parameters: expected layers with parameters (${known.join(", ")}), got "${stray}"`,
    );
  }
  const wanted = new Set(layers ?? known);
  return {
    ...graph,
    layers: graph.layers.map((layer) =>
      wanted.has(layer.name) ? shuffledLayer(layer, hash32(known.indexOf(layer.name) ^ hash32(key))) : layer,
    ),
  };
}

/**
 * The network with its parameters randomised, for sanity checks: the same layers, batch, buffers and device. The caller destroys it.
 * @throws as {@link randomiseGraph} and `createNetwork` do.
 */
export async function createRandomisedNetwork(
  network: Network,
  options: RandomiseOptions = {},
): Promise<Network> {
  const { device, graph } = network;
  return createNetwork(device, randomiseGraph(graph, options), optionsOf(network));
}

function hasParameters(layer: Layer): boolean {
  return weightsOf(layer) !== undefined;
}

function shuffledLayer(layer: Layer, seed: number): Layer {
  const parameters: Parameters = { ...layer };
  const found: Record<string, unknown> = {};
  const left = new Set([weightsOf(layer)?.w.data, weightsOf(layer)?.b]);
  for (const [place, name] of [...KERNELS, ...PER_CHANNEL].entries()) {
    const value = parameters[name];
    const data = dataOf(value);
    if (!data) continue;
    left.delete(data);
    const made = shuffled(data, hash32(place ^ hash32(seed)), KERNELS.includes(name));
    found[name] = value instanceof Float32Array ? made : { ...(value as object), data: made };
  }
  left.delete(undefined);
  if (left.size > 0) {
    throw new UnsupportedError(
      `randomised parameters: expected the weights of ${layer.op} "${layer.name}" as ${[...KERNELS, ...PER_CHANNEL].join(", ")}`,
    );
  }
  return { ...layer, ...found };
}

/** An array as a layer has it: bare, or with its shape. */
function dataOf(value: unknown): Float32Array | undefined {
  if (value instanceof Float32Array) return value;
  if (typeof value !== "object" || value === null || !("data" in value)) return undefined;
  return value.data instanceof Float32Array ? value.data : undefined;
}

/** Fisher and Yates' shuffle; the lowest bit of an element's draw is its sign. */
function shuffled(data: Float32Array, seed: number, signs: boolean): Float32Array {
  const key = hash32(seed);
  const out = data.slice();
  for (let i = out.length - 1; i >= 0; i--) {
    const draw = hash32(hash32(i) ^ key);
    const j = (draw >>> 1) % (i + 1);
    const taken = out[j] ?? 0;
    out[j] = out[i] ?? 0;
    out[i] = signs && (draw & 1) === 1 ? -taken : taken;
  }
  return out;
}

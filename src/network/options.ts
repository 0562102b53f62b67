import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import type { Graph } from "../graph/graph.ts";
import type { BackwardRule } from "../layers/activation-gradient.ts";
import type { LayerRules } from "./rules.ts";

export interface NetworkOptions {
  /** Images that one forward pass takes; fixed for the network's life. Default 1. */
  readonly batch?: number | undefined;
  /**
   * Layers whose activations and gradients can be read: "all" (the default), or names. The others may be fused into their
   * neighbours; the input, the outputs and their logits always stay.
   */
  readonly keep?: "all" | readonly string[] | undefined;
  /** Prepare for `backward`. Without it, half the memory and half the kernels. Default true. */
  readonly gradients?: boolean | undefined;
  /**
   * Let layers that `keep` does not name reuse one another's buffers as soon as these are free. This gives networks
   * that only run forward the least memory, and so the largest batch. Only the input, the outputs, their logits and
   * the layers of `keep` can then be read. Needs `gradients: false` and names in `keep`. Default false.
   */
  readonly reuseBuffers?: boolean | undefined;
}

/** A network's options, each with its value. */
export type NetworkSettings = { readonly [K in keyof NetworkOptions]-?: NonNullable<NetworkOptions[K]> };

export const NETWORK: Fields<NetworkOptions> = {
  ...{ batch: "may", keep: "may" },
  ...{ gradients: [true, false], reuseBuffers: [true, false] },
};

/**
 * A network's options with their defaults.
 * @throws InputError for an option that there is not, or options that exclude each other.
 */
export function networkSettings(who: string, options: NetworkOptions): NetworkSettings {
  // The same object tells `batchWithin` how large a batch may be.
  assertFields(who, options, { ...NETWORK, memory: "may", most: "may" });
  const { batch = 1, keep = "all", gradients = true, reuseBuffers = false } = options;
  if (keep !== "all" && !(Array.isArray(keep) && keep.every((name) => typeof name === "string"))) {
    throw new InputError(
      `${who}: expected keep to be "all" or a list of layers' names, got ${describe(keep)}`,
    );
  }
  if (reuseBuffers && (gradients || keep === "all")) {
    throw new InputError(
      `${who}: expected { gradients: false } and names in keep for { reuseBuffers: true }, got ${gradients ? "gradients" : 'keep "all"'}`,
    );
  }
  return { batch, keep, gradients, reuseBuffers };
}

export interface ForwardOptions {
  /** The last layers to compute, with all that they depend on. Default: every layer. */
  readonly to?: string | readonly string[] | undefined;
  /**
   * Computes only the layers that depend on this one. It and the layers that do not depend on it keep what their activations
   * hold, so that an activation may be changed by hand.
   */
  readonly after?: string | undefined;
}

export const FORWARD: Fields<ForwardOptions> = { to: "may", after: "may" };

export interface BackwardOptions {
  /** Rule by which a gradient passes a ReLU: one rule, or rules for layers by name. Default "gradient". */
  readonly rule?: BackwardRule | LayerRules | undefined;
  /** The layer whose gradient the pass ends with. Default: the input. */
  readonly to?: string | undefined;
  /**
   * Gradients that will be read: those of the pass's end and of layers that `keep` names ("kept"), or those of all
   * layers between ("all"), which takes more passes for some. Default "kept".
   */
  readonly gradients?: "kept" | "all" | undefined;
}

export const BACKWARD: Fields<BackwardOptions> = { rule: "may", to: "may", gradients: ["kept", "all"] };

/** The error for a layer whose buffer others reuse. */
export function reusedBuffer(graph: Graph, what: string, layer: string): InputError {
  return new InputError(
    `network "${graph.name}": ${what} shares its buffer with others; name "${layer}" in keep, or create the network without { reuseBuffers: true }`,
  );
}

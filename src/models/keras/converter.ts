import { UnsupportedError } from "../../gpu/errors.ts";
import type { Shape } from "../../gpu/tensor.ts";
import type { Constant, LayerBase } from "../../layers/op.ts";
import type { OpLayer } from "../../layers/ops.ts";
import type { Config, JsonObject } from "../json.ts";
import type { KerasActivation, Writer } from "./activations.ts";
import type { CallArguments } from "./topology.ts";
import type { LayerWeights } from "./weight-store.ts";

export type LayerBodyOf<L> = L extends LayerBase ? Omit<L, keyof LayerBase> : never;

/** A layer of a graph before it has its name and inputs. */
export type LayerBody = LayerBodyOf<OpLayer>;

/** One call of a Keras layer, as its converter sees it. */
export interface KerasCall {
  readonly config: Config;
  readonly weights: LayerWeights;
  /** Library that wrote the file: some layers of tfjs differ from Keras's of the same name. */
  readonly writer: Writer;
  /** Shapes of the inputs, with a batch of 1. */
  readonly shapes: readonly [Shape, ...Shape[]];
  /** What the call was given beside its inputs, where the file says it. */
  readonly given: CallArguments;
}

/**
 * Result of converting a call: one layer, or a chain of them, of which later layers read the last.
 */
export type Converted = LayerBody | readonly LinkOfChain[];

/** One layer of those that a call becomes. */
export interface LinkOfChain {
  /** What is added to the layer's own name. */
  readonly suffix: string;
  readonly body: LayerBody;
  /** Inputs of the call that it reads, by their index: the first of the chain reads them, others read them after the one before. */
  readonly reads?: readonly number[];
}

/**
 * Makes a layer of a class that Vitrine does not know, from its options, its weights (by the last part of their names)
 * and its inputs' shapes (with a batch of 1). Name and inputs are filled in afterwards.
 */
export type CustomLayer = (
  config: JsonObject,
  weights: Readonly<Record<string, Constant>>,
  inputs: readonly (readonly number[])[],
) => LayerBody;

export type Converter = (call: KerasCall) => Converted;

/** The body of an activation that is a layer of its own. */
export function activationBody(activation: KerasActivation): LayerBody {
  if (activation.kind === "softmax") return { op: "softmax", ...("log" in activation ? { log: true } : {}) };
  if (activation.kind === "linear") return { op: "reshape" };
  return { op: "activation", activation };
}

/** "same" or "valid". */
export function paddingOf(config: Config): "same" | "valid" {
  const padding = config.text("padding", "valid").toLowerCase();
  if (padding !== "same" && padding !== "valid") {
    throw new UnsupportedError(`${config.who}: expected padding same or valid, got ${padding}`);
  }
  return padding;
}

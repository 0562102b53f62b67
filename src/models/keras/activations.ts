import { UnsupportedError } from "../../gpu/errors.ts";
import type { Activation } from "../../layers/activation-kinds.ts";
import { Config, isObject, show } from "../json.ts";

/** Converted activation: an elementwise one, or a softmax over the channels. */
export type KerasActivation = Activation | { readonly kind: "softmax"; readonly log?: true };

/** The library that trained the model, or made it: some layers of these differ where their names do not. */
export type Writer = "keras" | "keras3" | "tfjs";

/** The Keras that a version names. */
export function kerasOf(version: unknown): Writer {
  return typeof version === "string" && /^([3-9]|\d\d)\./.test(version) ? "keras3" : "keras";
}

/** Slope of `leaky_relu` when it is given by name. */
const LEAKY = 0.2;

/** relu6(x + 3) / 6, which is hard sigmoid from Keras 3 on; before, and in tfjs, it is 0.2·x + ½, cut at 0 and 1. */
const HARD_SIGMOID_3 = { kind: "hardSigmoid", alpha: 1 / 6, beta: 0.5 } as const;
const HARD_SIGMOID = { kind: "hardSigmoid", alpha: 0.2, beta: 0.5 } as const;

const NAMED: ReadonlyMap<unknown, KerasActivation> = new Map<unknown, KerasActivation>([
  ["linear", { kind: "linear" }],
  ["relu", { kind: "relu" }],
  ["relu6", { kind: "relu6" }],
  ["leaky_relu", { kind: "leakyRelu", alpha: LEAKY }],
  ["sigmoid", { kind: "sigmoid" }],
  ["tanh", { kind: "tanh" }],
  ["swish", { kind: "swish" }],
  ["silu", { kind: "swish" }],
  ["softmax", { kind: "softmax" }],
  ["log_softmax", { kind: "softmax", log: true }],
  ["elu", { kind: "elu", alpha: 1 }],
  ["celu", { kind: "celu", alpha: 1 }],
  ["selu", { kind: "selu" }],
  ["gelu", { kind: "gelu" }],
  ["gelu_new", { kind: "geluTanh" }],
  ["exponential", { kind: "exp" }],
  ["softplus", { kind: "softplus" }],
  ["softsign", { kind: "softsign" }],
  ["log_sigmoid", { kind: "logSigmoid" }],
  ["mish", { kind: "mish" }],
  ["hard_tanh", { kind: "clip", alpha: -1, beta: 1 }],
  ["hard_sigmoid", HARD_SIGMOID],
  ["hard_silu", { kind: "hardSwish" }],
  ["hard_swish", { kind: "hardSwish" }],
]);

/** Names of activations, as Keras 3 writes them. */
export const ACTIVATION_NAMES: readonly string[] = Array.from(NAMED.keys(), String);

/** Names that tfjs writes in its own letters. */
const SAME: ReadonlyMap<unknown, string> = new Map([
  ["hardSigmoid", "hard_sigmoid"],
  ["logSoftmax", "log_softmax"],
]);

/**
 * The activation of a layer's `activation` option: a name, or an object that holds one.
 * @throws UnsupportedError naming the layer and the activation.
 */
export function activationOf(config: Config, writer: Writer, key = "activation"): KerasActivation {
  const value = config.raw[key] ?? "linear";
  if (isObject(value)) {
    if (typeof value.config === "string") return activationNamed(config.who, value.config, writer);
    const layer = typeof value.class_name === "string" ? ACTIVATION_LAYERS.get(value.class_name) : undefined;
    if (layer) return layer(new Config(config.who, isObject(value.config) ? value.config : {}));
  }
  return activationNamed(config.who, value, writer);
}

/** The activation of a name. @throws UnsupportedError for one that there is not. */
export function activationNamed(who: string, name: unknown, writer: Writer): KerasActivation {
  const plain = SAME.get(name) ?? name;
  if (plain === "hard_sigmoid" && writer === "keras3") return HARD_SIGMOID_3;
  const known = NAMED.get(plain);
  if (known) return known;
  throw new UnsupportedError(
    `${who}: expected an activation of ${[...NAMED.keys()].join(", ")}, got ${show(name)}`,
  );
}

function reluOf(config: Config): Activation {
  return reluWith({
    slope: config.number("negative_slope", 0),
    threshold: config.number("threshold", 0),
    ceiling: config.has("max_value") ? config.number("max_value", 0) : undefined,
  });
}

/** ReLU with a slope below its threshold and a ceiling. */
export function reluWith({
  slope,
  threshold,
  ceiling,
}: {
  readonly slope: number;
  readonly threshold: number;
  readonly ceiling: number | undefined;
}): Activation {
  if (threshold === 0 && ceiling === undefined) {
    return slope === 0 ? { kind: "relu" } : { kind: "leakyRelu", alpha: slope };
  }
  if (threshold === 0 && slope === 0) {
    return ceiling === 6 ? { kind: "relu6" } : { kind: "clip", alpha: 0, beta: ceiling ?? 0 };
  }
  const gamma = ceiling === undefined ? {} : { gamma: ceiling };
  return { kind: "generalRelu", alpha: slope, beta: threshold, ...gamma };
}

function leakyReluOf(config: Config): Activation {
  const key = config.has("negative_slope") ? "negative_slope" : "alpha";
  return { kind: "leakyRelu", alpha: config.number(key, 0.3) };
}

/** Layers that are activations, which may also stand as an option of another layer. */
export const ACTIVATION_LAYERS: ReadonlyMap<string, (config: Config) => Activation> = new Map<
  string,
  (config: Config) => Activation
>([
  ["ReLU", reluOf],
  ["LeakyReLU", leakyReluOf],
  ["ELU", (config) => ({ kind: "elu", alpha: config.number("alpha", 1) })],
  ["ThresholdedReLU", (config) => ({ kind: "thresholdedRelu", alpha: config.number("theta", 1) })],
]);

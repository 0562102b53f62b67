import { UnsupportedError } from "../../gpu/errors.ts";
import type { Activation } from "../../layers/activation-kinds.ts";
import { Config, isObject, show } from "../json.ts";

/** Converted activation: an elementwise one, or a softmax over the channels. */
export type KerasActivation = Activation | { readonly kind: "softmax" };

/** Slope of `leaky_relu` when it is given by name. */
const LEAKY = 0.2;

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
]);

/**
 * The activation of a layer's `activation` option: a name, or an object that holds one.
 * @throws UnsupportedError naming the layer and the activation.
 */
export function activationOf(config: Config, key = "activation"): KerasActivation {
  const value = config.raw[key] ?? "linear";
  if (isObject(value)) {
    if (typeof value.config === "string") return activationNamed(config.who, value.config);
    if (value.class_name === "ReLU" || value.class_name === "LeakyReLU") {
      const inner = new Config(config.who, isObject(value.config) ? value.config : {});
      return value.class_name === "ReLU" ? reluOf(inner) : leakyReluOf(inner);
    }
  }
  return activationNamed(config.who, value);
}

function activationNamed(who: string, name: unknown): KerasActivation {
  const known = NAMED.get(name);
  if (known) return known;
  throw new UnsupportedError(
    `${who}: expected an activation of ${[...NAMED.keys()].join(", ")}, got ${show(name)}`,
  );
}

/** The activation of a ReLU layer. @throws UnsupportedError for a ceiling other than 6 or a threshold. */
export function reluOf(config: Config): Activation {
  const ceiling = config.has("max_value") ? config.number("max_value", 0) : undefined;
  const alpha = config.number("negative_slope", 0);
  const threshold = config.number("threshold", 0);
  if (threshold !== 0) throw new UnsupportedError(`${config.who}: expected threshold 0, got ${threshold}`);
  if (ceiling === undefined) return alpha === 0 ? { kind: "relu" } : { kind: "leakyRelu", alpha };
  if (ceiling !== 6 || alpha !== 0) {
    throw new UnsupportedError(
      `${config.who}: expected max_value none, or 6 with negative_slope 0, got ${ceiling} with ${alpha}`,
    );
  }
  return { kind: "relu6" };
}

/** The activation of a LeakyReLU layer. */
export function leakyReluOf(config: Config): Activation {
  const key = config.has("negative_slope") ? "negative_slope" : "alpha";
  return { kind: "leakyRelu", alpha: config.number(key, 0.3) };
}

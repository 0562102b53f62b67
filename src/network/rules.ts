import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type Graph, layerOf } from "../graph/graph.ts";
import { activationOf } from "../graph/layer-facts.ts";
import { type BackwardRule, RULE_CODES } from "../layers/activation-gradient.ts";

/** Backward rules for layers by name, and one for all others. */
export interface LayerRules {
  /** Default "gradient". */
  readonly default?: BackwardRule | undefined;
  /** Layers with an activation, by their names in `network.graph`. */
  readonly layers: Readonly<Record<string, BackwardRule>>;
}

const RULES: Fields<LayerRules> = { default: "may", layers: "must" };

/**
 * The backward rule of each layer.
 * @throws InputError for a rule that there is not, a layer that there is not, or one without an activation.
 */
export function rulesOf(graph: Graph, rule: BackwardRule | LayerRules): (layer: string) => BackwardRule {
  if (typeof rule === "string") {
    expectRule(rule);
    return () => rule;
  }
  assertFields("backward rule", rule, RULES);
  const { default: other = "gradient", layers } = rule;
  expectRule(other);
  for (const [name, own] of Object.entries(layers)) {
    expectRule(own);
    if (!activationOf(layerOf(graph, name))) {
      const some = graph.layers.filter(activationOf).map((layer) => layer.name);
      throw new InputError(
        `backward rule "${own}": expected a layer with an activation (${some.slice(0, 12).join(", ") || "there is none"}), got "${name}"`,
      );
    }
  }
  const own = new Map(Object.entries(layers));
  return (layer) => own.get(layer) ?? other;
}

function expectRule(rule: string): void {
  if (!Object.hasOwn(RULE_CODES, rule)) {
    throw new InputError(
      `backward rule: expected one of ${Object.keys(RULE_CODES).join(", ")}, got "${rule}"`,
    );
  }
}

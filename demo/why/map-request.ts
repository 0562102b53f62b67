import { layerOf } from "../../src/graph.ts";
import type { AttributionOptions, AttributionTechnique, Graph } from "../../src/index.ts";
import { mapLayersOf, type Subject } from "../subjects.ts";

/** One technique asked about one subject; of a technique that weighs maps, the maps of one layer. */
export interface MapRequest {
  readonly technique: AttributionTechnique;
  readonly subject: Subject;
  /** The layer whose maps are weighed, for the techniques that weigh any. */
  readonly layer: string | undefined;
}

/** The same request has the same key. */
export function keyOf({ technique, subject, layer }: MapRequest): string {
  const about =
    typeof subject === "number"
      ? String(subject)
      : [subject.layer, subject.channel, subject.y ?? "", subject.x ?? ""].join(":");
  return `${technique.name}|${about}|${layer ?? ""}`;
}

/** The layer whose maps are weighed: the chosen one, or, for a unit, the one that leads to it; undefined: the default. */
export function weighedLayer(graph: Graph, chosen: string | undefined, subject: Subject): string | undefined {
  const known = mapLayersOf(graph);
  if (typeof subject === "number") return known.find((name) => name === chosen) ?? known.at(-1);
  const before = layerOf(graph, subject.layer).inputs[0];
  const until = known.slice(0, known.indexOf(subject.layer));
  return until.find((name) => name === chosen) ?? known.find((name) => name === before) ?? subject.layer;
}

/** Settings of a request's technique beside its target. */
export function settingsOf(
  { technique, layer }: MapRequest,
  software: boolean,
): Omit<AttributionOptions, "target" | "signal" | "onProgress"> {
  return {
    ...(software ? technique.quickest : undefined),
    layer: technique.weighsMaps ? layer : undefined,
  };
}

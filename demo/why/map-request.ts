import { headOf, layerOf } from "../../src/graph.ts";
import type { AttributionOptions, AttributionTechnique, Graph } from "../../src/index.ts";
import { type InputPixel, mapLayersOf, type Subject } from "../subjects.ts";

/** One technique asked about one subject; of a technique that weighs maps, the maps of one layer. */
export interface MapRequest {
  readonly technique: AttributionTechnique;
  readonly subject: Subject;
  /** The layer whose maps are weighed, for the techniques that weigh any. */
  readonly layer: string | undefined;
  /** The place where a class is asked; undefined: all that has it. */
  readonly at?: InputPixel | undefined;
}

/** The same request has the same key. */
export function keyOf({ technique, subject, layer, at }: MapRequest): string {
  const about =
    typeof subject === "number"
      ? `${subject}${at ? `@${at.y},${at.x}` : ""}`
      : [subject.layer, subject.channel, subject.y ?? "", subject.x ?? ""].join(":");
  return `${technique.name}|${about}|${layer ?? ""}`;
}

/** Layers whose maps can be weighed for a class of an output: those before its logits. */
export function weighableLayers(graph: Graph, output?: string): string[] {
  return mapLayersOf(graph, headOf(graph, output).logits);
}

/** The layer whose maps are weighed: the chosen one, or, for a unit, the one that leads to it; undefined: the default. */
export function weighedLayer(
  graph: Graph,
  chosen: string | undefined,
  subject: Subject,
  output?: string,
): string | undefined {
  if (typeof subject === "number") {
    const known = weighableLayers(graph, output);
    return known.find((name) => name === chosen) ?? known.at(-1);
  }
  const known = mapLayersOf(graph);
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

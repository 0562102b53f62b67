import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";
import { fuse } from "../../graph/fuse.ts";
import { type Graph, layerOf, shapesOf } from "../../graph/graph.ts";
import { headOf, withLogits } from "../../graph/heads.ts";
import { isIdentity } from "../../graph/layer-facts.ts";
import { penultimateOf } from "../../graph/penultimate.ts";
import type { SurveySettings } from "./report.ts";

/** The choices of a survey that change what it finds. */
export interface SurveyChoices {
  /** Layers that are surveyed. Default: every layer as it leaves its activation, without those that only show another. */
  readonly layers?: readonly string[] | undefined;
  /** Layers whose channel means are given for each picture. Default: the layer that the output's last weights read. */
  readonly features?: readonly string[] | undefined;
  /** Pictures with the largest values that each channel keeps, 1 to 64. Default 9. */
  readonly top?: number | undefined;
  /** Bins of each channel's histogram, 1 to 1022, or 0 for none. Default 64. */
  readonly bins?: number | undefined;
  /** Gather how channels vary together as well: C·C numbers a layer. Default false. */
  readonly correlation?: boolean | undefined;
  /** The output that answers, by name. Default: the one that the graph names first. */
  readonly output?: string | undefined;
}

/** @throws InputError for a layer that there is not, or a number out of range. */
export function settingsOf(graph: Graph, choices: SurveyChoices): SurveySettings {
  const { top = 9, bins = 64, correlation = false } = choices;
  const output = headOf(graph, choices.output).name;
  for (const [name, value, least, most] of [
    ["top", top, 1, 64],
    ["bins", bins, 0, 1022],
  ] as const) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InputError(`survey: expected ${name} of ${least} to ${most}, got ${describe(value)}`);
    }
  }
  const apart = withLogits(graph);
  const features = choices.features ?? [penultimateOf(graph, choices.output)];
  const asked = choices.layers ?? layersOfInterest(graph);
  for (const name of [...asked, ...features]) expectValues(apart, name);
  const wanted = new Set([...asked, ...features]);
  const layers = apart.layers.map(({ name }) => name).filter((name) => wanted.has(name));
  return { layers, features: [...features], top, bins, correlation, output };
}

/** Layers as they leave their activation, without the input and those that only show another's values. */
function layersOfInterest(graph: Graph): string[] {
  return fuse(withLogits(graph), [])
    .layers.filter((layer) => layer.op !== "input" && !isIdentity(layer))
    .map(({ name }) => name);
}

function expectValues(graph: Graph, name: string): void {
  const { op } = layerOf(graph, name);
  if (op === "input") {
    throw new InputError(`survey: expected a layer behind the input, got "${name}"`);
  }
  const shape = shapesOf(graph).get(name) ?? [];
  if (shape.length < 2)
    throw new InputError(`survey: expected a layer with channels, got "${name}", one number a picture`);
}

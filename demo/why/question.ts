import {
  type AttributionOptions,
  type AttributionTechnique,
  type Graph,
  type Head,
  labelOf,
  layerOf,
  type Prediction,
  shapesOf,
} from "../../src/index.ts";
import type { SelectionState } from "../state/selection.ts";
import type { SubjectState } from "../state/subject.ts";

/** What a technique is asked about: a class by number, or a unit of a layer. */
export type Subject =
  | number
  | { readonly layer: string; readonly channel: number; readonly y?: number; readonly x?: number };

/** One technique asked about one subject; of a technique that weighs maps, the maps of one layer. */
export interface Question {
  readonly technique: AttributionTechnique;
  readonly subject: Subject;
  /** Whose maps are weighed, for the techniques that weigh any. */
  readonly layer: string | undefined;
}

/** The same question has the same key. */
export function keyOf({ technique, subject, layer }: Question): string {
  const about =
    typeof subject === "number"
      ? String(subject)
      : [subject.layer, subject.channel, subject.y ?? "", subject.x ?? ""].join(":");
  return `${technique.name}|${about}|${layer ?? ""}`;
}

/** Layers whose maps a CAM can weigh, from the image to the answer: those with more than one pixel. */
export function mapLayers(graph: Graph): string[] {
  const shapes = shapesOf(graph);
  return graph.layers
    .filter(({ name, op }) => {
      const shape = shapes.get(name) ?? [];
      return op !== "input" && shape.length === 4 && (shape[1] ?? 1) * (shape[2] ?? 1) > 1;
    })
    .map(({ name }) => name);
}

/** The subjects that the state asks about: one, or two to compare. Empty until the network has answered. */
export function subjectsOf(state: SelectionState & SubjectState, answers: readonly Prediction[]): Subject[] {
  const [best] = answers;
  if (!best) return [];
  const { target, versus, layer, channel, y, x } = state;
  const first: Subject =
    target === "unit" && layer !== undefined && channel !== undefined
      ? { layer, channel, ...(y !== undefined && x !== undefined ? { y, x } : {}) }
      : typeof target === "number"
        ? target
        : best.index;
  const second = versus === "second" ? answers.find(({ index }) => index !== first)?.index : versus;
  return second === undefined || second === first ? [first] : [first, second];
}

/** What one of a head's numbers is called. */
const NOUNS: Readonly<Record<Head["scores"], string>> = {
  softmax: "class",
  sigmoid: "label",
  values: "value",
};

/** A class of a head in words: its label, or its number. */
export function classNameOf(head: Head, index: number): string {
  return labelOf(head, index) ?? `${NOUNS[head.scores]} ${index}`;
}

/** A subject in words. */
export function nameOf(head: Head, subject: Subject): string {
  if (typeof subject === "number") return classNameOf(head, subject);
  const { layer, channel, y, x } = subject;
  return `${layer} · map ${channel}${y === undefined ? "" : ` (${y}, ${x})`}`;
}

/** The layer whose maps are weighed: the chosen one, or, for a unit, the one that leads to it; undefined: the default. */
export function weighedLayer(graph: Graph, chosen: string | undefined, subject: Subject): string | undefined {
  const known = mapLayers(graph);
  if (typeof subject === "number") return known.find((name) => name === chosen) ?? known.at(-1);
  const before = layerOf(graph, subject.layer).inputs[0];
  const until = known.slice(0, known.indexOf(subject.layer));
  return until.find((name) => name === chosen) ?? known.find((name) => name === before) ?? subject.layer;
}

/** What a question's technique is told beside its target. */
export function settingsOf(
  { technique, layer }: Question,
  software: boolean,
): Omit<AttributionOptions, "target" | "signal" | "onProgress"> {
  return {
    ...(software ? technique.quickest : {}),
    ...(technique.weighsMaps && layer !== undefined ? { layer } : {}),
  };
}

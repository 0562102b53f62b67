import { type Head, labelOf, shapesOf } from "../src/graph.ts";
import type { Graph, Prediction } from "../src/index.ts";
import type { SelectionState } from "./state/selection.ts";
import type { SubjectState } from "./state/subject.ts";

/** A pixel of the network's input. */
export interface InputPixel {
  readonly y: number;
  readonly x: number;
}

/** The subject of a question: a class by number, or a unit of a layer. */
export type Subject =
  | number
  | { readonly layer: string; readonly channel: number; readonly y?: number; readonly x?: number };

/**
 * The subjects that the state asks about: one, or two to compare. Empty until the network has answered.
 * @param mapCounts false where a map of the selected layer is no subject, only its values are.
 */
export function subjectsOf(
  { target, versus, layer, channel, y, x }: SelectionState & SubjectState,
  predictions: readonly Prediction[],
  mapCounts = true,
): Subject[] {
  const [best] = predictions;
  if (!best) return [];
  const first: Subject =
    target === "unit" && layer !== undefined && channel !== undefined && (mapCounts || y !== undefined)
      ? { layer, channel, ...(y !== undefined && x !== undefined ? { y, x } : {}) }
      : typeof target === "number"
        ? target
        : best.index;
  const second = versus === "second" ? predictions.find(({ index }) => index !== first)?.index : versus;
  return second === undefined || second === first ? [first] : [first, second];
}

/** The noun for one of a head's numbers. */
const NOUNS: Readonly<Record<Head["scores"], string>> = {
  softmax: "class",
  sigmoid: "label",
  values: "value",
};

/** A class of a head in words: its label, or its number. */
export function classNameOf(head: Head, index: number): string {
  return labelOf(head, index) ?? `${NOUNS[head.scores]} ${index}`;
}

/** A subject in words; a class also where it is asked. */
export function nameOf(head: Head, subject: Subject, at?: InputPixel): string {
  if (typeof subject === "number") {
    return classNameOf(head, subject) + (at ? ` at (${at.y}, ${at.x})` : "");
  }
  const { layer, channel, y, x } = subject;
  return `${layer} · map ${channel}${y === undefined ? "" : ` (${y}, ${x})`}`;
}

/**
 * Layers whose maps a CAM can weigh, from the image to the answer: those with more than one pixel.
 * @param before of them, those that come before this layer.
 */
export function mapLayersOf(graph: Graph, before?: string): string[] {
  const shapes = shapesOf(graph);
  const end = graph.layers.findIndex(({ name }) => name === before);
  return graph.layers
    .slice(0, end < 0 ? undefined : end)
    .filter(({ name, op }) => {
      const shape = shapes.get(name) ?? [];
      return op !== "input" && shape.length === 4 && (shape[1] ?? 1) * (shape[2] ?? 1) > 1;
    })
    .map(({ name }) => name);
}

import type { Graph } from "../graph/graph.ts";
import { type Rectangle, receptiveField } from "../graph/receptive-field.ts";
import type { Pixels } from "../images/pixels.ts";
import { deprocess } from "../images/preprocess.ts";
import type { Objective } from "../objectives/objective.ts";
import type { ValuedPicture } from "../techniques/synthesis/natural-pictures.ts";
import { channelOf } from "./way.ts";

/** A natural picture that excites a target. */
export interface ExcitingPicture {
  readonly name: string;
  /** As the network saw it. */
  readonly picture: Pixels;
  readonly value: number;
  /** Of a channel: the row and column of the layer where it is strongest. */
  readonly place?: { readonly y: number; readonly x: number };
  /** What that place sees of the picture. */
  readonly sees?: Rectangle;
}

/** What is said of a natural picture that excites a target. */
export function exciting(
  { name, picture: input, value }: ValuedPicture,
  place: { readonly y: number; readonly x: number } | undefined,
  target: Objective,
  graph: Graph,
): ExcitingPicture {
  const picture = deprocess(input, graph);
  const channel = channelOf(target);
  if (!place || !channel) return { name, picture, value };
  const { inside } = receptiveField(graph, { layer: channel.layer, ...place });
  return { name, picture, value, place, sees: inside };
}

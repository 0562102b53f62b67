import type { Source } from "../dataset/source.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Graph } from "../graph/graph.ts";
import { readInput } from "../images/picture.ts";

/** A picture near another one by its pixels. */
export interface PixelNeighbour {
  readonly index: number;
  /** Root of the mean squared difference of the network's input. */
  readonly distance: number;
}

export interface PixelNeighbourOptions {
  readonly k: number;
  /** Number of a picture that does not count: the one that is asked for. */
  readonly without?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FIELDS: Fields<PixelNeighbourOptions> = { k: "must", without: "may", signal: "may" };

/**
 * The pictures of a source that are nearest to one by their pixels, as a network is shown them: a contrast to what the network takes for
 * alike. One pass; a picture is held at a time.
 * @param values of the network's input, [H, W, C].
 * @returns the k nearest, of equally near ones the first; fewer where there are fewer.
 */
export async function pixelNeighbours(
  graph: Graph,
  source: Source,
  values: Float32Array,
  options: PixelNeighbourOptions,
): Promise<PixelNeighbour[]> {
  assertFields("pixel neighbours", options, FIELDS);
  const { k, without, signal } = options;
  const nearest: PixelNeighbour[] = [];
  for await (const { index, pixels } of source.read({ signal, onBroken: () => {} })) {
    if (index === without) continue;
    const other = await readInput(graph, pixels);
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += ((values[i] ?? 0) - (other[i] ?? 0)) ** 2;
    const distance = Math.sqrt(sum / values.length);
    const at = nearest.findIndex((found) => distance < found.distance);
    nearest.splice(at < 0 ? nearest.length : at, 0, { index, distance });
    if (nearest.length > k) nearest.pop();
  }
  return nearest;
}

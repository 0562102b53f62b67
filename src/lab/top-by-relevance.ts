import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { TopEntry, TopK } from "../kernels/top-k.ts";
import type { Networks } from "../network/pool.ts";
import { readBatches } from "./layer-runs.ts";
import { classIndex, classNamed, type RelevanceRunOptions, RelevanceRuns } from "./relevance-runs.ts";

/** Whose relevance counts: that for the class which the network gives a picture, for its own label, or for one class. */
export type RelevanceTarget = "answer" | "label" | { readonly class: number | string };

export interface TopByRelevanceOptions extends RelevanceRunOptions {
  readonly layers: readonly string[];
  /** Default "answer". With "label", pictures whose label is no class of the network are passed over. */
  readonly target?: RelevanceTarget | undefined;
  /** Pictures that each channel keeps, 1 to 64. Default 9. */
  readonly top?: number | undefined;
  readonly onProgress?: ((done: number, count: number | undefined) => void) | undefined;
  /** Is told of pictures that cannot be read, which are passed over. Without it such a picture ends the run. */
  readonly onBroken?: ((broken: { readonly id: string; readonly error: Error }) => void) | undefined;
}

export const TOP_BY_RELEVANCE: Fields<TopByRelevanceOptions> = {
  ...{ layers: "must", target: "may", top: "may", rules: "may", pass: "may", batch: "may" },
  ...{ inputs: "may", signal: "may", onProgress: "may", onBroken: "may" },
};

/** The pictures that channels of a layer matter most for. */
export interface RelevantPictures {
  readonly layer: string;
  /** Pictures that were seen. */
  readonly pictures: number;
  /**
   * Of each channel the pictures with the greatest share: Σ over places of the channel's relevance, of Σ over channels of |that|; −1 to
   * 1. The place is that of the largest relevance. Pictures for which a channel's share is not positive are left out.
   */
  readonly top: TopK;
}

/**
 * Relevance maximisation (Achtibat et al. 2023, doi:10.1038/s42256-023-00711-8): finds the pictures that each channel is used for most,
 * and not those that excite it most. LRP passes a class's logit back to the layers; a channel's part of a layer's relevance says how much
 * of the answer went through it. One pass over the data set; memory does not grow with it.
 * @throws UnsupportedError naming a layer for which LRP is not defined.
 * @throws InputError for a layer or class that there is not, or a source without pictures that count; the signal's reason.
 */
export async function topByRelevance(
  networks: Networks,
  source: Source,
  options: TopByRelevanceOptions,
): Promise<RelevantPictures[]> {
  const who = "top by relevance";
  assertFields(who, options, TOP_BY_RELEVANCE);
  const { layers, target = "answer", top = 9, signal, onProgress, onBroken } = options;
  if (!Number.isInteger(top) || top < 1 || top > 64) {
    throw new InputError(`${who}: expected a top of 1 to 64, got ${top}`);
  }
  if (layers.length === 0) throw new InputError(`${who}: expected at least one layer, got none`);
  return RelevanceRuns.during(networks, layers, options, async (runs) => {
    const { head, graph } = runs;
    const one = typeof target === "object" ? classNamed(who, head, target.class) : undefined;
    const tallies = new Map<string, ChannelTops>();
    let pictures = 0;
    const read = source.read({ signal, ahead: 2 * runs.batch, ...(onBroken ? { onBroken } : {}) });
    for await (const batch of readBatches(runs, read)) {
      signal?.throwIfAborted();
      const answers = await runs.forward(batch.map(({ values }) => values));
      const asked = batch.map(({ label }, n) => {
        if (target === "label") return label === undefined ? undefined : classIndex(head, label);
        return one ?? answers[n];
      });
      const found = await runs.back(asked.map((index) => index ?? 0));
      for (const { layer, relevance } of found) {
        const each = relevance.length / batch.length;
        for (const [n, { index }] of batch.entries()) {
          if (asked[n] === undefined) continue;
          const shape = runs.shapeOf(layer);
          const tally = tallies.get(layer) ?? new ChannelTops(shape, top);
          tallies.set(layer, tally);
          tally.add(relevance.subarray(n * each, (n + 1) * each), index);
        }
      }
      pictures += asked.filter((index) => index !== undefined).length;
      onProgress?.(pictures, source.count);
    }
    if (pictures === 0) {
      const what = target === "label" ? `pictures whose label is a class of ${graph.name}` : "pictures";
      throw new InputError(`${who}: expected ${what} in ${source.name}, got none`);
    }
    return layers.map((layer) => ({
      ...{ layer, pictures },
      top: { k: top, perImage: true, channels: tallies.get(layer)?.channels ?? [] },
    }));
  });
}

/** The greatest shares of each channel. */
class ChannelTops {
  readonly channels: TopEntry[][];
  readonly #shape: readonly number[];
  readonly #top: number;

  constructor(shape: readonly number[], top: number) {
    this.#shape = shape;
    this.#top = top;
    this.channels = Array.from({ length: shape.at(-1) ?? 0 }, () => []);
  }

  add(relevance: Float32Array, image: number): void {
    const count = this.channels.length;
    const columns = this.#shape.length > 2 ? (this.#shape.at(-2) ?? 1) : 1;
    const sums = new Float64Array(count);
    const largest = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    const places = new Uint32Array(count);
    for (const [i, value] of relevance.entries()) {
      const c = i % count;
      sums[c] = (sums[c] ?? 0) + value;
      if (value > (largest[c] ?? 0)) {
        largest[c] = value;
        places[c] = Math.floor(i / count);
      }
    }
    const all = sums.reduce((total, sum) => total + Math.abs(sum), 0);
    if (!(all > 0)) return;
    for (const [c, own] of this.channels.entries()) {
      const value = (sums[c] ?? 0) / all;
      if (!(value > 0)) continue;
      const place = places[c] ?? 0;
      own.push({ value, image, y: Math.floor(place / columns), x: place % columns });
      own.sort((a, b) => b.value - a.value || a.image - b.image);
      if (own.length > this.#top) own.pop();
    }
  }
}

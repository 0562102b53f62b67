import type { Source } from "../dataset/source.ts";
import type { SurveyReport } from "../dataset/survey/report.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { graphDigest } from "../graph/digest.ts";
import type { Graph } from "../graph/graph.ts";
import { cutPatches, type Patch } from "./patches.ts";

export interface TopPatchesOptions {
  readonly layer: string;
  /** Channels of the layer, from 0. Default: all. */
  readonly channels?: readonly number[] | undefined;
  /** Patches of each channel, at most those that the survey kept. Default 9, or as many as there are. */
  readonly top?: number | undefined;
  /** The longest side of a patch in pixels; a larger one is made smaller. Default: none is. */
  readonly side?: number | undefined;
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TOP_PATCHES: Fields<TopPatchesOptions> = {
  ...{ layer: "must", channels: "may", top: "may", side: "may", onProgress: "may", signal: "may" },
};

/**
 * The patches of a data set's pictures that excite channels most (Zeiler & Fergus 2014; Girshick et al. 2014): of each channel the
 * strongest places that a survey found, one a picture, each cut at its receptive field from the picture as the network was shown it.
 * One pass over the pictures, up to the last that is needed.
 * @param survey what {@link survey} found in the same source.
 * @returns for each channel its patches, strongest first; fewer where fewer pictures excite it.
 * @throws InputError when the survey is of another network or data set, or has no such layer or channel; the signal's reason.
 * @example
 * ```ts
 * import { survey, syntheticSource } from "vitrine/dataset";
 * import { topPatches } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 4 });
 * const report = await survey(networks, source, { layers: ["conv2_2"] });
 * const [patches] = await topPatches(graph, source, report, { layer: "conv2_2", channels: [7] });
 * console.log(patches?.[0]?.pixels.width); // 25
 * networks.destroy();
 * ```
 */
export async function topPatches(
  graph: Graph,
  source: Source,
  survey: SurveyReport,
  options: TopPatchesOptions,
): Promise<Patch[][]> {
  assertFields("top patches", options, TOP_PATCHES);
  const { layer, side, signal, onProgress } = options;
  const found = survey.layers.find((report) => report.layer === layer);
  if (!found) {
    const known = survey.layers.map((report) => report.layer).join(", ");
    throw new InputError(`top patches: expected a layer of the survey (${known}), got "${layer}"`);
  }
  const { top = Math.min(9, found.top.k) } = options;
  await assertSurveyed(graph, source, survey);
  const count = found.top.channels.length;
  const channels = options.channels ?? [...found.top.channels.keys()];
  const stray = channels.find((channel) => !Number.isInteger(channel) || channel < 0 || channel >= count);
  if (stray !== undefined) {
    throw new InputError(`top patches: expected channels of 0 to ${count - 1} of "${layer}", got ${stray}`);
  }
  if (!Number.isInteger(top) || top < 1 || top > found.top.k) {
    throw new InputError(`top patches: expected 1 to ${found.top.k} patches, as the survey kept, got ${top}`);
  }
  const places = channels.map((channel) => (found.top.channels[channel] ?? []).slice(0, top));
  return cutPatches(graph, source, { layer, places, side, signal, onProgress });
}

/** @throws InputError when a survey is of another network or data set. */
async function assertSurveyed(graph: Graph, source: Source, survey: SurveyReport): Promise<void> {
  if ((await graphDigest(graph)) !== survey.modelDigest) {
    throw new InputError(
      `top patches: expected the network of the survey, ${survey.model}, got another: ${graph.name}`,
    );
  }
  if ((await source.digest()) !== survey.dataDigest) {
    throw new InputError(
      `top patches: expected the pictures of the survey, ${survey.data}, got others: ${source.name}`,
    );
  }
}

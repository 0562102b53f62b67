import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type Graph, shapesOf } from "../graph/graph.ts";
import { withLogits } from "../graph/heads.ts";
import { spearman } from "../metrics/correlation.ts";
import type { Networks } from "../network/pool.ts";
import { filtersOfLayer } from "./atlas/weights.ts";
import { accuracyOf, runTrials } from "./channel-trials.ts";
import { answeringHead, LABELLED, type LabelledOptions } from "./labelled-batches.ts";
import { TAYLOR_FORMS, type TaylorForm, taylorImportance } from "./taylor.ts";

/** The ways to say how important a filter is. */
export const IMPORTANCE_CRITERIA = ["l1", "taylor", "car"] as const;
export type ImportanceCriterion = (typeof IMPORTANCE_CRITERIA)[number];

export interface FilterImportanceOptions extends LabelledOptions {
  /** The layer whose channels are judged, as it gives its values: name the activation to judge what leaves it. */
  readonly layer: string;
  /** Default: all that the layer has. */
  readonly criteria?: readonly ImportanceCriterion[] | undefined;
}

const FILTER_IMPORTANCE: Fields<FilterImportanceOptions> = { ...LABELLED, layer: "must", criteria: "may" };

/** How important the filters of a layer are; every list has a number a channel. */
export interface FilterImportance {
  readonly layer: string;
  readonly channels: number;
  /** The layer whose weights `l1` sums, where there is one. */
  readonly weightsOf?: string | undefined;
  /** Σ |w| of a filter, as the model's file has its weights. */
  readonly l1?: readonly number[] | undefined;
  /** Activation × gradient of the cross-entropy, in three forms, each of L2 norm 1 over the channels. */
  readonly taylor?: Readonly<Record<TaylorForm, readonly number[]>> | undefined;
  /** Accuracy less that with the channel set to zero (Abbasi-Asl & Yu 2017). */
  readonly car?: readonly number[] | undefined;
  /** For each channel and class the same of the class's pictures; 0 of a class without pictures. */
  readonly carByClass?: readonly (readonly number[])[] | undefined;
  /** Pictures that were counted, and the share that the whole network has right; where `car` was asked for. */
  readonly pictures?: number | undefined;
  readonly accuracy?: number | undefined;
  /** Spearman's rank correlation of each pair of the lists above. */
  readonly correlations: readonly { readonly a: string; readonly b: string; readonly correlation: number }[];
}

/**
 * How much a network needs each filter of a layer: by its weights (`l1`: Li et al. 2017), by the first term of the loss's Taylor series
 * (`taylor`: Molchanov et al. 2016), and by what is lost without it (`car`: Abbasi-Asl & Yu 2017, arXiv:1705.07356). One pass over the
 * labelled pictures of a source for each of the last two; for `car` what lies before the layer is run once.
 * @throws InputError for a layer that does not lead to the answer, `l1` of a layer without filters, or a source without labels that are
 * classes of the network; UnsupportedError for a network whose answer is no class.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { filterImportance } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 4 });
 * const { car } = await filterImportance(networks, source, { layer: "conv1", criteria: ["car"] });
 * console.log(car?.length); // 24
 * networks.destroy();
 * ```
 */
export async function filterImportance(
  networks: Networks,
  source: Source,
  options: FilterImportanceOptions,
): Promise<FilterImportance> {
  const who = "filter importance";
  assertFields(who, options, FILTER_IMPORTANCE);
  const { layer, ...labelled } = options;
  const { graph } = networks;
  answeringHead(who, graph, layer);
  const channels = shapesOf(withLogits(graph)).get(layer)?.at(-1) ?? 0;
  const weighted = filtersOfLayer(graph, layer);
  const { criteria = IMPORTANCE_CRITERIA.filter((name) => name !== "l1" || weighted) } = options;
  const stray = criteria.find((name) => !IMPORTANCE_CRITERIA.includes(name));
  if (stray !== undefined || criteria.length === 0) {
    throw new InputError(
      `${who}: expected criteria of ${IMPORTANCE_CRITERIA.join(", ")}, got ${stray ?? "none"}`,
    );
  }
  const { criteria: _, ...rest } = labelled;
  const l1 = criteria.includes("l1") ? l1Of(graph, layer) : undefined;
  const taylor = criteria.includes("taylor")
    ? await taylorImportance(networks, source, layer, rest)
    : undefined;
  const lists: [string, readonly number[]][] = l1 ? [["l1", l1]] : [];
  for (const form of TAYLOR_FORMS) if (taylor) lists.push([`taylor ${form}`, taylor[form]]);
  let lost: Pick<FilterImportance, "car" | "carByClass" | "pictures" | "accuracy"> = {};
  if (criteria.includes("car")) {
    const each = Array.from({ length: channels }, (_, channel) => [channel]);
    const trials = await runTrials(networks, source, layer, [[], ...each], rest);
    const { pictures, right } = trials;
    const accuracy = accuracyOf(trials, 0);
    const car = each.map((_, c) => accuracy - accuracyOf(trials, c + 1));
    const carByClass = each.map((_, c) =>
      pictures.map((count, k) => (count > 0 ? ((right[0]?.[k] ?? 0) - (right[c + 1]?.[k] ?? 0)) / count : 0)),
    );
    lost = { car, carByClass, pictures: pictures.reduce((a, b) => a + b, 0), accuracy };
    lists.push(["car", car]);
  }
  const correlations = lists.flatMap(([a, first], i) =>
    lists.slice(i + 1).map(([b, second]) => ({ a, b, correlation: spearman(first, second) })),
  );
  return { layer, channels, weightsOf: l1 && weighted?.name, l1, taylor, ...lost, correlations };
}

function l1Of(graph: Graph, layer: string): number[] {
  const weighted = filtersOfLayer(graph, layer);
  if (!weighted) {
    throw new InputError(
      `filter importance: expected a layer whose channels are the filters of one convolution or dense layer for l1, got "${layer}"`,
    );
  }
  const { shape, data } = weighted.w;
  const filters = weighted.op === "depthwiseConv2d" ? (shape[2] ?? 1) * (shape[3] ?? 1) : (shape.at(-1) ?? 1);
  const sums = Array<number>(filters).fill(0);
  for (const [i, w] of data.entries()) sums[i % filters] = (sums[i % filters] ?? 0) + Math.abs(w);
  return sums;
}

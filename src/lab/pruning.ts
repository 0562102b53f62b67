import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { shapesOf } from "../graph/graph.ts";
import { withLogits } from "../graph/heads.ts";
import type { Networks } from "../network/pool.ts";
import { accuracyOf, type ChannelTrials, runTrials } from "./channel-trials.ts";
import { answeringHead, LABELLED, type LabelledOptions } from "./labelled-batches.ts";

export interface PruningOptions extends LabelledOptions {
  /** The layer whose channels are set to zero, one after another. */
  readonly layer: string;
  /**
   * The order in which channels go: "greedy", each time the one whose loss costs least, tried anew after each removal, of equal ones the
   * first; or the channels themselves. Default "greedy".
   */
  readonly order?: "greedy" | readonly number[] | undefined;
  /** Channels that are removed. Default: half of the layer's, or all of a given order. */
  readonly count?: number | undefined;
}

const PRUNING: Fields<PruningOptions> = { ...LABELLED, layer: "must", order: "may", count: "may" };

/** How right a network is as channels go. */
export interface PruningCurve {
  readonly layer: string;
  readonly pictures: number;
  /** The channels in the order in which they went. */
  readonly removed: readonly number[];
  /** Share of right answers, 0 to 1: of the whole network, and after each removal. */
  readonly accuracy: readonly number[];
  /** The same of each class's pictures, before and after all removals; undefined of a class without pictures. */
  readonly before: readonly (number | undefined)[];
  readonly after: readonly (number | undefined)[];
}

/**
 * Removes channels of a layer one after another, and counts right answers (Abbasi-Asl & Yu 2017, arXiv:1705.07356, greedy). A given order
 * takes one pass over the labelled pictures; a greedy one a pass for each removal.
 * @throws InputError for a layer that does not lead to the answer, channels that it does not have or twice, or a source without labels
 * that are classes of the network; UnsupportedError for a network whose answer is no class.
 */
export async function pruningCurve(
  networks: Networks,
  source: Source,
  options: PruningOptions,
): Promise<PruningCurve> {
  const who = "pruning";
  assertFields(who, options, PRUNING);
  const { layer, order = "greedy", count: _, onProgress, ...rest } = options;
  const { graph } = networks;
  answeringHead(who, graph, layer);
  const channels = shapesOf(withLogits(graph)).get(layer)?.at(-1) ?? 0;
  const given = order === "greedy" ? undefined : order;
  if (given && (!Array.isArray(given) || new Set(given).size !== given.length)) {
    throw new InputError(
      `${who}: expected an order of "greedy" or a list of different channels, got ${describe(order)}`,
    );
  }
  const most = given?.length ?? channels;
  const { count = given?.length ?? Math.floor(channels / 2) } = options;
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new InputError(
      `${who}: expected a count of 1 to ${most} channels of "${layer}", got ${describe(count)}`,
    );
  }
  const run = (
    removed: readonly (readonly number[])[],
    passes: number,
    pass: number,
  ): Promise<ChannelTrials> =>
    runTrials(networks, source, layer, removed, {
      ...rest,
      onProgress: (done, all) => onProgress?.((pass + done / (all ?? done)) / passes, 1),
    });
  if (given) {
    const steps = Array.from({ length: count + 1 }, (_, n) => given.slice(0, n));
    const trials = await run(steps, 1, 0);
    return curveOf(
      layer,
      given.slice(0, count),
      trials,
      steps.map((_, t) => accuracyOf(trials, t)),
      [0, count],
    );
  }
  const removed: number[] = [];
  const accuracy: number[] = [];
  let first: ChannelTrials | undefined;
  let last: { readonly trials: ChannelTrials; readonly best: number } | undefined;
  for (let pass = 0; pass < count; pass++) {
    const left = Array.from({ length: channels }, (_, c) => c).filter((c) => !removed.includes(c));
    const trials = await run([removed, ...left.map((c) => [...removed, c])], count, pass);
    first ??= trials;
    if (pass === 0) accuracy.push(accuracyOf(trials, 0));
    let best = 1;
    for (let t = 2; t <= left.length; t++) if (accuracyOf(trials, t) > accuracyOf(trials, best)) best = t;
    removed.push(left[best - 1] ?? 0);
    accuracy.push(accuracyOf(trials, best));
    last = { trials, best };
  }
  const { pictures, right } = last?.trials ?? { pictures: [], right: [] };
  const ends = { pictures, right: [first?.right[0] ?? [], right[last?.best ?? 0] ?? []] };
  return curveOf(layer, removed, ends, accuracy, [0, 1]);
}

function curveOf(
  layer: string,
  removed: readonly number[],
  { pictures, right }: ChannelTrials,
  accuracy: readonly number[],
  [first, last]: readonly [number, number],
): PruningCurve {
  const shares = (trial: number) =>
    pictures.map((count, k) => (count > 0 ? (right[trial]?.[k] ?? 0) / count : undefined));
  return {
    ...{ layer, removed, accuracy, before: shares(first), after: shares(last) },
    pictures: pictures.reduce((a, b) => a + b, 0),
  };
}

import { correlationOf } from "../dataset/statistics.ts";
import type { LayerReport } from "../dataset/survey/report.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { ChannelHistogram } from "../kernels/histogram.ts";

export interface RedundancyOptions {
  /** Two channels are twins where |correlation| is above it. 0 up to 1. Default 0.9. */
  readonly threshold?: number | undefined;
  /** A channel is saturated where more than this share of its values lies at its largest. 0 up to 1. Default 0.5. */
  readonly saturation?: number | undefined;
}

const REDUNDANCY: Fields<RedundancyOptions> = { threshold: "may", saturation: "may" };

/** Two channels of a layer that vary together. */
export interface Twins {
  readonly a: number;
  readonly b: number;
  /** Pearson's correlation over all places of all pictures. */
  readonly correlation: number;
}

/** The channels of a layer that do nothing, or nothing of their own. */
export interface Redundancy {
  readonly layer: string;
  readonly channels: number;
  /** Channels that were zero everywhere. */
  readonly dead: readonly number[];
  /** Channels that had one value everywhere, other than zero. */
  readonly constant: readonly number[];
  /** Channels that are mostly at their largest value. Absent where the survey kept no histograms. */
  readonly saturated?: readonly number[] | undefined;
  /** Strongest first. Absent where the survey kept no correlations. */
  readonly twins?: readonly Twins[] | undefined;
  /** Channels that twins join, directly or through others; the largest group first. Absent as `twins` are. */
  readonly groups?: readonly (readonly number[])[] | undefined;
  /**
   * For each channel Σ over labels of (m − μ) / σ, where m is its mean over the label's pictures, and μ and σ are the mean and deviation
   * of m over the layer's channels. A channel far below zero is weak whatever is seen. Absent where no picture had a label.
   */
  readonly standardisedMeans?: readonly number[] | undefined;
}

/**
 * Finds the channels of a layer that a network could do without: those that are dead, constant or saturated, and those that another one
 * repeats. Needs no GPU.
 * @param report one layer of a survey; twins need one with `correlation`.
 * @throws InputError when a threshold is out of range.
 * @example
 * ```ts
 * import { survey, syntheticSource } from "vitrine/dataset";
 * import { redundancy } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 4 });
 * const { layers } = await survey(networks, source, { layers: ["conv3_3"], correlation: true });
 * for (const layer of layers) console.log(redundancy(layer).dead);
 * networks.destroy();
 * ```
 */
export function redundancy(report: LayerReport, options: RedundancyOptions = {}): Redundancy {
  assertFields("redundancy", options, REDUNDANCY);
  const { threshold = 0.9, saturation = 0.5 } = options;
  assertShare("threshold", threshold);
  assertShare("saturation", saturation);
  const { layer, statistics, histogram, comoments, labels } = report;
  const { count, zeros, min, max } = statistics;
  const channels = [...zeros.keys()];
  const dead = channels.filter((c) => count > 0 && zeros[c] === count);
  const constant = channels.filter((c) => min[c] === max[c] && zeros[c] !== count);
  const still = new Set([...dead, ...constant]);
  const twins = comoments && twinsOf(correlationOf(comoments), channels.length, threshold);
  return {
    layer,
    channels: channels.length,
    dead,
    constant,
    saturated:
      histogram &&
      channels.filter((c) => !still.has(c) && shareAtTop(histogram, c, max[c] ?? 0) > saturation),
    twins,
    groups: twins && groupsOf(twins),
    standardisedMeans: labels.length > 0 ? standardisedMeans(labels) : undefined,
  };
}

function assertShare(name: string, share: number): void {
  if (!(share >= 0 && share < 1)) {
    throw new InputError(`redundancy: expected a ${name} of 0 up to 1, got ${share}`);
  }
}

/** Share of a channel's values that fall into the bin of its largest one. */
function shareAtTop(
  { ranges, counts, below, above }: ChannelHistogram,
  channel: number,
  largest: number,
): number {
  const own = counts[channel] ?? [];
  const [least = 0, most = 0] = ranges[channel] ?? [];
  const all = own.reduce((sum, n) => sum + n, (below[channel] ?? 0) + (above[channel] ?? 0));
  if (largest > most) return (above[channel] ?? 0) / all;
  const bin = Math.min(own.length - 1, Math.floor(((largest - least) / (most - least)) * own.length));
  return (own[bin] ?? 0) / all;
}

function twinsOf(correlation: readonly number[], channels: number, threshold: number): Twins[] {
  const found: Twins[] = [];
  for (let a = 0; a < channels; a++) {
    for (let b = a + 1; b < channels; b++) {
      const r = correlation[a * channels + b] ?? Number.NaN;
      if (Math.abs(r) > threshold) found.push({ a, b, correlation: r });
    }
  }
  return found.sort((p, q) => Math.abs(q.correlation) - Math.abs(p.correlation) || p.a - q.a || p.b - q.b);
}

function groupsOf(twins: readonly Twins[]): number[][] {
  const groups: Set<number>[] = [];
  for (const { a, b } of twins) {
    const joined = groups.filter((group) => group.has(a) || group.has(b));
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push(new Set([a, b, ...joined.flatMap((group) => [...group])]));
  }
  return groups
    .map((group) => [...group].sort((a, b) => a - b))
    .sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
}

function standardisedMeans(labels: LayerReport["labels"]): number[] {
  const sums: number[] = [];
  for (const { means, pictures } of labels) {
    if (pictures === 0) continue;
    const mean = means.reduce((sum, m) => sum + m, 0) / means.length;
    const deviation = Math.sqrt(means.reduce((sum, m) => sum + (m - mean) ** 2, 0) / means.length);
    for (const [c, m] of means.entries()) {
      sums[c] = (sums[c] ?? 0) + (deviation > 0 ? (m - mean) / deviation : 0);
    }
  }
  return sums;
}

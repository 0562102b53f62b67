import { correlationOf, varianceOf } from "../../dataset/statistics.ts";
import type { LayerReport, SurveyReport } from "../../dataset/survey/report.ts";
import type { ChannelHistogram } from "../../kernels/histogram.ts";
import type { AtlasUnit } from "./site.ts";
import { type Joint, readersOfUnit, readsOf } from "./weights.ts";

/** Labels, and units, that are listed of a unit. */
const LISTED = 5;
/** Bins that a page draws. */
const BINS = 32;

/** The names of the labels of a survey, as the layers have them. */
export function labelsOf(report: SurveyReport): string[] {
  return [...new Set(report.layers.flatMap(({ labels }) => labels.map(({ label }) => label)))].sort();
}

/** What a survey and the weights tell of each unit of a layer; pictures are put to it later. */
export function unitsOf(
  report: LayerReport,
  labels: readonly string[],
  joints: readonly Joint[],
): AtlasUnit[] {
  const { layer, statistics, histogram, comoments } = report;
  const { count, mean, min, max, zeros } = statistics;
  const variance = varianceOf(statistics);
  const correlation = comoments && correlationOf(comoments);
  return mean.map((own, channel) => ({
    channel,
    mean: own,
    deviation: Math.sqrt(variance[channel] ?? 0),
    least: min[channel] ?? 0,
    largest: max[channel] ?? 0,
    zeros: (zeros[channel] ?? 0) / count,
    histogram: histogram && histogramOf(histogram, channel),
    labels: drivenBy(report, labels, channel),
    correlated: correlation ? correlatedWith(correlation, mean.length, channel) : [],
    reads: readsOf(joints, layer, channel),
    readBy: readersOfUnit(joints, layer, channel),
  }));
}

/** Units that do nothing, or always the same. */
export function stillOf({ statistics: { min, max } }: LayerReport): number[] {
  return min.flatMap((least, channel) => (least === max[channel] ? [channel] : []));
}

/** The labels for which a unit's mean is largest, as long as it lies above the mean over all labels. */
function drivenBy(report: LayerReport, labels: readonly string[], channel: number): AtlasUnit["labels"] {
  const means = report.labels
    .filter(({ pictures }) => pictures > 0)
    .map(({ label, means }) => ({ label: labels.indexOf(label), mean: means[channel] ?? 0 }));
  const usual = means.reduce((sum, { mean }) => sum + mean, 0) / means.length;
  return means
    .filter(({ mean }) => mean > usual)
    .sort((a, b) => b.mean - a.mean || a.label - b.label)
    .slice(0, LISTED);
}

function correlatedWith(correlation: readonly number[], channels: number, channel: number) {
  return Array.from({ length: channels }, (_, other) => ({
    channel: other,
    correlation: correlation[channel * channels + other] ?? Number.NaN,
  }))
    .filter((other) => other.channel !== channel && Number.isFinite(other.correlation))
    .sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation) || a.channel - b.channel)
    .slice(0, LISTED);
}

/** A channel's histogram in the bins of a page. */
function histogramOf({ ranges, counts, below, above }: ChannelHistogram, channel: number) {
  const own = counts[channel] ?? [];
  const bins = Math.min(BINS, own.length);
  const joined = Array<number>(bins).fill(0);
  for (const [i, n] of own.entries()) {
    const bin = Math.floor((i * bins) / own.length);
    joined[bin] = (joined[bin] ?? 0) + n;
  }
  joined[0] = (joined[0] ?? 0) + (below[channel] ?? 0);
  joined[bins - 1] = (joined[bins - 1] ?? 0) + (above[channel] ?? 0);
  return { range: ranges[channel] ?? ([0, 1] as const), counts: joined };
}

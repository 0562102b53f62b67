import { InputError } from "../../gpu/errors.ts";
import { mergeCoMoments, mergeHistograms, mergeStatistics, mergeTopK } from "../statistics.ts";
import type {
  AnswersReport,
  LabelAnswers,
  LabelMeans,
  LayerReport,
  SurveyKey,
  SurveyReport,
} from "./report.ts";

/**
 * The survey of a data set from those of all its shards, given in any order: counts, extremes, histograms, largest values and answers
 * exactly as one survey would have found them, means and variances to the rounding of f64, co-moments to that of f32.
 * @throws InputError when a shard is missing, there twice or not complete, or they are of different networks, data sets or choices.
 */
export function mergeSurveys(parts: readonly SurveyReport[]): SurveyReport {
  const [first, ...others] = [...parts].sort((a, b) => a.shard.i - b.shard.i);
  if (!first) throw new InputError("merging surveys: expected the parts of a survey, got none");
  const { n } = first.shard;
  for (const part of parts) {
    const who = `merging surveys: part ${part.shard.i}/${part.shard.n}`;
    assertSameSurvey(who, part, first);
    if (part.shard.n !== n) {
      throw new InputError(`${who}: expected one of ${n} parts as the others, got one of ${part.shard.n}`);
    }
    if (!part.complete) {
      throw new InputError(
        `${who}: expected a survey that is complete; run it again, it goes on where it stopped`,
      );
    }
  }
  const seen = parts.map(({ shard }) => shard.i);
  const missing = Array.from({ length: n }, (_, i) => i).filter((i) => !seen.includes(i));
  if (missing.length > 0) {
    throw new InputError(`merging surveys: expected parts 0 to ${n - 1}, got none of ${missing.join(", ")}`);
  }
  const twice = seen.find((i, at) => seen.indexOf(i) !== at);
  if (twice !== undefined) {
    throw new InputError(`merging surveys: expected each part once, got part ${twice}/${n} twice`);
  }
  const merged = others.reduce(mergeTwo, first);
  return { ...merged, shard: { i: 0, n: 1 }, complete: true };
}

/** @throws InputError that says in what two surveys differ. */
export function assertSameSurvey(who: string, got: SurveyKey, expected: SurveyKey): void {
  const differ = (what: string, a: string, b: string) =>
    new InputError(`${who}: expected the same ${what}, ${b}, got ${a}`);
  if (got.modelDigest !== expected.modelDigest) {
    throw differ("network", named(got.model, got.modelDigest), named(expected.model, expected.modelDigest));
  }
  if (got.dataDigest !== expected.dataDigest) {
    throw differ("data set", named(got.data, got.dataDigest), named(expected.data, expected.dataDigest));
  }
  for (const [name, value] of Object.entries(expected.settings)) {
    const own = (got.settings as unknown as Record<string, unknown>)[name];
    if (JSON.stringify(own) === JSON.stringify(value)) continue;
    throw differ(name, JSON.stringify(own) ?? "none", JSON.stringify(value));
  }
}

function named(name: string, digest: string): string {
  return `"${name}" (${digest.slice(0, 8)})`;
}

function mergeTwo(a: SurveyReport, b: SurveyReport): SurveyReport {
  const answers = mergeAnswers(a.answers, b.answers);
  return {
    ...a,
    pictures: a.pictures + b.pictures,
    broken: [...a.broken, ...b.broken].sort((x, y) => x.index - y.index),
    layers: a.layers.map((layer, n) => mergeLayers(layer, b.layers[n])),
    ...(answers ? { answers } : {}),
  };
}

function mergeLayers(a: LayerReport, b: LayerReport | undefined): LayerReport {
  if (b?.layer !== a.layer) {
    throw new InputError(`merging surveys: expected layer "${a.layer}" in each, got "${b?.layer}"`);
  }
  if (JSON.stringify(a.histogram?.ranges) !== JSON.stringify(b.histogram?.ranges)) {
    throw new InputError(
      `merging surveys: expected the same ranges of histograms in layer "${a.layer}", got others; survey all parts on devices of one kind`,
    );
  }
  const histogram =
    a.histogram && b.histogram ? mergeHistograms(a.histogram, b.histogram) : (a.histogram ?? b.histogram);
  const comoments =
    a.comoments && b.comoments ? mergeCoMoments(a.comoments, b.comoments) : (a.comoments ?? b.comoments);
  return {
    ...a,
    statistics: mergeStatistics(a.statistics, b.statistics),
    top: mergeTopK(a.top, b.top),
    ...(histogram ? { histogram } : {}),
    ...(comoments ? { comoments } : {}),
    labels: byLabel([...a.labels, ...b.labels], mergeMeans).sort((x, y) => (x.label < y.label ? -1 : 1)),
  };
}

function mergeMeans(a: LabelMeans, b: LabelMeans): LabelMeans {
  const pictures = a.pictures + b.pictures;
  const means = a.means.map(
    (mean, c) => (mean * a.pictures + (b.means[c] ?? Number.NaN) * b.pictures) / pictures,
  );
  return { label: a.label, pictures, means };
}

function mergeAnswers(a: AnswersReport | undefined, b: AnswersReport | undefined): AnswersReport | undefined {
  if (!a || !b) return a ?? b;
  const labels = byLabel([...a.labels, ...b.labels], mergeLabels);
  return {
    pictures: a.pictures + b.pictures,
    right: a.right + b.right,
    inTopFive: a.inTopFive + b.inTopFive,
    labels: labels.sort((x, y) => x.index - y.index),
  };
}

function mergeLabels(a: LabelAnswers, b: LabelAnswers): LabelAnswers {
  const given = new Map(a.given);
  for (const [index, pictures] of b.given) given.set(index, (given.get(index) ?? 0) + pictures);
  return {
    ...a,
    inTopFive: a.inTopFive + b.inTopFive,
    given: [...given].sort(([x], [y]) => x - y),
  };
}

/** One entry a label, of all that have it. */
function byLabel<T extends { readonly label: string }>(all: readonly T[], merge: (a: T, b: T) => T): T[] {
  const known = new Map<string, T>();
  for (const one of all) {
    const before = known.get(one.label);
    known.set(one.label, before ? merge(before, one) : one);
  }
  return [...known.values()];
}

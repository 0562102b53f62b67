import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import type { LabelMeans, LayerReport, SurveyReport } from "../dataset/survey/report.ts";
import { InputError } from "../gpu/errors.ts";
import type { ChannelHistogram } from "../kernels/histogram.ts";
import type { ChannelStatistics } from "../kernels/statistics.ts";
import type { TopEntry } from "../kernels/top-k.ts";
import { decodeNpy64, encodeNpy } from "./npy.ts";

/** The version of the file; a later one that reads otherwise gets another number. */
const FORMAT = 1;
const INDEX = "survey.json";
const MOMENTS = ["mean", "m2", "min", "max", "zeros"] as const;

/** What stands in a survey's file: the survey, and how many bytes of the files beside it belong to it. */
export interface SurveyFile {
  readonly report: SurveyReport;
  readonly rows: { readonly bytes: number; readonly pictures: number };
}

/**
 * A survey as a .npz archive: for each layer its numbers as 64-bit arrays "LAYER/mean", "LAYER/top_value" and so on, channel by channel,
 * and what is not numbers as "survey.json".
 */
export function encodeSurvey({ report, rows }: SurveyFile): Uint8Array {
  const files: Record<string, Uint8Array> = {};
  const put = (name: string, shape: readonly number[], values: Iterable<number>): void => {
    files[`${name}.npy`] = new Uint8Array(encodeNpy({ shape, data: Float64Array.from(values) }));
  };
  const { layers, ...about } = report;
  for (const { layer, shape, statistics, top, histogram, comoments, labels } of layers) {
    const channels = shape.at(-1) ?? 0;
    for (const field of MOMENTS) put(`${layer}/${field}`, [channels], statistics[field]);
    const entries = (value: (entry: TopEntry | undefined) => number) =>
      top.channels.flatMap((own) => Array.from({ length: top.k }, (_, i) => value(own[i])));
    put(
      `${layer}/top_value`,
      [channels, top.k],
      entries((entry) => entry?.value ?? Number.NaN),
    );
    put(
      `${layer}/top_picture`,
      [channels, top.k],
      entries((entry) => entry?.image ?? -1),
    );
    put(
      `${layer}/top_y`,
      [channels, top.k],
      entries((entry) => entry?.y ?? -1),
    );
    put(
      `${layer}/top_x`,
      [channels, top.k],
      entries((entry) => entry?.x ?? -1),
    );
    if (histogram) {
      const bins = histogram.counts[0]?.length ?? 0;
      put(`${layer}/histogram`, [channels, bins], histogram.counts.flat());
      put(`${layer}/histogram_range`, [channels, 2], histogram.ranges.flat());
      put(`${layer}/histogram_below`, [channels], histogram.below);
      put(`${layer}/histogram_above`, [channels], histogram.above);
    }
    if (comoments) {
      put(`${layer}/comoments`, [channels, channels], comoments.comoments);
      for (const field of MOMENTS)
        put(`${layer}/comoments_${field}`, [channels], comoments.statistics[field]);
    }
    if (labels.length > 0) {
      put(
        `${layer}/label_mean`,
        [labels.length, channels],
        labels.flatMap(({ means }) => [...means]),
      );
    }
  }
  const index = {
    ...{ format: FORMAT, rows },
    survey: {
      ...about,
      layers: layers.map(({ layer, shape, statistics, top, histogram, comoments, labels }) => ({
        ...{ layer, shape, count: statistics.count, k: top.k },
        bins: histogram?.counts[0]?.length ?? 0,
        comoments: comoments?.statistics.count,
        labels: labels.map(({ label, pictures }) => ({ label, pictures })),
      })),
    },
  };
  files[INDEX] = strToU8(JSON.stringify(index));
  return zipSync(files, { level: 1 });
}

/** The entry of a layer in the index. */
interface LayerIndex {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly count: number;
  readonly k: number;
  /** 0: no histogram. */
  readonly bins: number;
  readonly comoments?: number;
  readonly labels: readonly Omit<LabelMeans, "means">[];
}

/** @throws InputError when that is no survey, is damaged, or was written by a later version. */
export function decodeSurvey(bytes: Uint8Array, name: string): SurveyFile {
  const who = `survey "${name}"`;
  try {
    const files = unzipSync(bytes);
    const { format, rows, survey } = JSON.parse(strFromU8(files[INDEX] ?? new Uint8Array()));
    if (format !== FORMAT) throw new Error(`format ${format}; this version reads format ${FORMAT}`);
    const { layers, ...about } = survey;
    const get = (path: string, length: number): number[] => {
      const { data } = decodeNpy64(files[`${path}.npy`] ?? new Uint8Array(), path);
      if (data.length !== length) throw new Error(`${data.length} numbers of "${path}", not ${length}`);
      return Array.from(data);
    };
    return { rows, report: { ...about, layers: layers.map((own: LayerIndex) => layerOf(own, get)) } };
  } catch (error) {
    throw new InputError(
      `${who}: expected a survey as "vitrine survey" writes it, got ${(error as Error).message}`,
    );
  }
}

function layerOf(own: LayerIndex, get: Get): LayerReport {
  const { layer, shape, count, k } = own;
  const channels = shape.at(-1) ?? 0;
  const each = <T>(of: (channel: number) => T): T[] => Array.from({ length: channels }, (_, c) => of(c));
  const moments = (prefix: string, seen: number): ChannelStatistics => {
    const [mean = [], m2 = [], min = [], max = [], zeros = []] = MOMENTS.map((field) =>
      get(`${layer}/${prefix}${field}`, channels),
    );
    return { count: seen, mean, m2, min, max, zeros };
  };
  const [values = [], pictures = [], ys = [], xs = []] = ["value", "picture", "y", "x"].map((field) =>
    get(`${layer}/top_${field}`, channels * k),
  );
  const rows = rowsOf(values, k);
  const entries = (c: number): TopEntry[] =>
    (rows[c] ?? []).flatMap((value, i) => {
      const at = c * k + i;
      const image = pictures[at] ?? -1;
      return image < 0 ? [] : [{ value, image, y: ys[at] ?? 0, x: xs[at] ?? 0 }];
    });
  return {
    ...{ layer, shape },
    statistics: moments("", count),
    top: { k, perImage: true, channels: each(entries) },
    ...(own.bins > 0 ? { histogram: histogramOf(own, get) } : {}),
    ...(own.comoments === undefined
      ? {}
      : {
          comoments: {
            statistics: moments("comoments_", own.comoments),
            comoments: get(`${layer}/comoments`, channels * channels),
          },
        }),
    labels: meansOf(own, get),
  };
}

type Get = (path: string, length: number) => number[];

function histogramOf({ layer, shape, bins }: LayerIndex, get: Get): ChannelHistogram {
  const channels = shape.at(-1) ?? 0;
  const counts = get(`${layer}/histogram`, channels * bins);
  const ranges = get(`${layer}/histogram_range`, channels * 2);
  return {
    ranges: Array.from({ length: channels }, (_, c) => [ranges[2 * c] ?? 0, ranges[2 * c + 1] ?? 0] as const),
    counts: rowsOf(counts, bins),
    below: get(`${layer}/histogram_below`, channels),
    above: get(`${layer}/histogram_above`, channels),
  };
}

function meansOf({ layer, shape, labels }: LayerIndex, get: Get): LabelMeans[] {
  if (labels.length === 0) return [];
  const channels = shape.at(-1) ?? 0;
  const means = rowsOf(get(`${layer}/label_mean`, labels.length * channels), channels);
  return labels.map(({ label, pictures }, l) => ({ label, pictures, means: means[l] ?? [] }));
}

/** An array cut into rows of a length. */
function rowsOf(values: readonly number[], length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, row) =>
    values.slice(row * length, (row + 1) * length),
  );
}

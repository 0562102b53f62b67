import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import type { Shape } from "../../gpu/tensor.ts";
import { type Graph, pictureOf, shapesOf } from "../../graph/graph.ts";
import { receptiveField } from "../../graph/receptive-field.ts";
import type { ChannelHistogram } from "../../kernels/histogram.ts";
import type { ChannelStatistics } from "../../kernels/statistics.ts";
import type { InputOptions } from "../../network/inputs.ts";
import type { Network } from "../../network/network.ts";
import { assertCall } from "../answer.ts";
import type { Picture } from "../question.ts";
import { activations } from "./activations.ts";

/**
 * The threshold above which a unit counts as on: above a value; above mean + `sigmas`·σ of its channel; or in the strongest `top` share of its
 * values. Mean, σ and quantile are of a data set where its summary is given, and of the image's own map where not.
 */
export type UnitThreshold =
  | number
  | { readonly sigmas: number; readonly statistics?: ChannelStatistics }
  | { readonly top: number; readonly histogram?: ChannelHistogram };

export interface UnitMaskOptions extends InputOptions {
  readonly layer: string;
  readonly channel: number;
  /** Default `{ sigmas: 2 }`. Network Dissection has `{ top: 0.005 }` over a data set. */
  readonly threshold?: UnitThreshold | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FIELDS: Fields<UnitMaskOptions> = {
  layer: "must",
  channel: "must",
  threshold: "may",
  inputs: "may",
  signal: "may",
};

/** The pixels that a unit answers to. */
export interface UnitMask {
  /** 1 where the unit is on and 0 elsewhere, [H, W] of the image. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** The channel's map, [h, w]. */
  readonly activation: { readonly data: Float32Array; readonly shape: Shape };
  /** The same at the image, [H, W]: what the threshold is held against. */
  readonly map: Float32Array;
  /** The value above which the unit is on. */
  readonly threshold: number;
  /** Share of the image's pixels where it is. */
  readonly share: number;
}

/**
 * A channel's map as a mask of the image (Bau et al. 2017, Network Dissection, section 2.2): enlarged bilinearly between the
 * centres of its cells' receptive fields, and cut at a threshold.
 * @throws InputError for a layer without maps, a channel that it does not have, or a threshold that cannot be.
 */
export async function unitMask(
  network: Network,
  image: Picture,
  options: UnitMaskOptions,
): Promise<UnitMask> {
  assertCall({ who: "unit mask", fields: FIELDS }, network, options);
  const { layer, channel, threshold = { sigmas: 2 }, inputs, signal } = options;
  const found = await activations(network, image, { layer, inputs, signal });
  const [h = 1, w = 1, channels = 1] = found.shape;
  if (found.shape.length !== 3 || !Number.isInteger(channel) || channel < 0 || channel >= channels) {
    throw new InputError(
      `unit mask: expected one of the ${found.shape.length === 3 ? channels : 0} maps of layer "${layer}", got ${channel}`,
    );
  }
  const data = Float32Array.from({ length: h * w }, (_, i) => found.data[i * channels + channel] ?? 0);
  const value = thresholdOf(data, channel, channels, threshold);
  const map = mapAtImage(network.graph, layer, data);
  const mask = map.map((activation) => Number(activation > value));
  const [height, width] = pictureOf(network.graph, "unit mask").shape;
  return {
    data: mask,
    shape: [height, width],
    activation: { data, shape: [h, w] },
    map,
    threshold: value,
    share: mask.reduce((sum, on) => sum + on, 0) / mask.length,
  };
}

function thresholdOf(map: Float32Array, channel: number, channels: number, threshold: UnitThreshold): number {
  if (typeof threshold === "number") {
    if (!Number.isFinite(threshold)) {
      throw new InputError(`unit mask: expected a finite threshold, got ${threshold}`);
    }
    return threshold;
  }
  if ("sigmas" in threshold) {
    const { sigmas, statistics } = threshold;
    if (!Number.isFinite(sigmas)) {
      throw new InputError(`unit mask: expected a finite number of standard deviations, got ${sigmas}`);
    }
    if (statistics) {
      assertChannels("statistics", statistics.mean.length, channels);
      if (statistics.count === 0)
        throw new InputError("unit mask: expected statistics of some values, got none");
      return (
        (statistics.mean[channel] ?? 0) + sigmas * Math.sqrt((statistics.m2[channel] ?? 0) / statistics.count)
      );
    }
    const mean = map.reduce((sum, value) => sum + value, 0) / map.length;
    const variance = map.reduce((sum, value) => sum + (value - mean) ** 2, 0) / map.length;
    return mean + sigmas * Math.sqrt(variance);
  }
  const { top, histogram } = threshold;
  if (!(top > 0 && top < 1)) {
    throw new InputError(
      `unit mask: expected a share above 0 and below 1 of the strongest values, got ${top}`,
    );
  }
  if (histogram) {
    assertChannels("histograms", histogram.counts.length, channels);
    return upperQuantile(histogram, channel, top);
  }
  // As many values lie above it as the share says, of equals fewer.
  return map.toSorted()[map.length - 1 - Math.floor(top * map.length)] ?? 0;
}

function assertChannels(what: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new InputError(`unit mask: expected ${what} of ${expected} channels, got ${got}`);
}

/** The value that a share of a channel's lies above, linear within a bin. */
function upperQuantile(
  { ranges, counts, below, above }: ChannelHistogram,
  channel: number,
  top: number,
): number {
  const bins = counts[channel] ?? [];
  const range = ranges[channel];
  const [from = 0, to = 0] = [range?.[0], range?.[1]];
  const most = above[channel] ?? 0;
  const total = bins.reduce((sum, count) => sum + count, most + (below[channel] ?? 0));
  if (total === 0) throw new InputError("unit mask: expected a histogram of some values, got none");
  let wanted = top * total - most;
  if (wanted <= 0) return to;
  const step = (to - from) / bins.length;
  for (let bin = bins.length - 1; bin >= 0; bin--) {
    const count = bins[bin] ?? 0;
    if (count >= wanted) return from + (bin + 1 - wanted / count) * step;
    wanted -= count;
  }
  return from;
}

/**
 * A layer's map [h, w] at the image, [H, W]: bilinear between the centres of its cells' receptive fields, whose spacing and
 * offset padding and strides decide, and constant beyond the outermost. Where every cell sees the whole image, cells share it
 * evenly.
 */
export function mapAtImage(graph: Graph, layer: string, map: Float32Array): Float32Array {
  const [, h = 1, w = 1] = shapesOf(graph).get(layer) ?? [];
  const [height, width] = pictureOf(graph, "unit mask").shape;
  const rows = cellsAt(graph, layer, "y", h, height);
  const columns = cellsAt(graph, layer, "x", w, width);
  const out = new Float32Array(height * width);
  for (const [y, [top, bottom, v]] of rows.entries()) {
    for (const [x, [left, right, u]] of columns.entries()) {
      const above = (1 - u) * (map[top * w + left] ?? 0) + u * (map[top * w + right] ?? 0);
      const below = (1 - u) * (map[bottom * w + left] ?? 0) + u * (map[bottom * w + right] ?? 0);
      out[y * width + x] = (1 - v) * above + v * below;
    }
  }
  return out;
}

/** The two cells beside each pixel along an axis, and its distance from the first as a fraction of that to the second. */
function cellsAt(graph: Graph, layer: string, axis: "y" | "x", cells: number, size: number) {
  const centreOf = (cell: number): number => {
    const { full } = receptiveField(graph, { layer, y: 0, x: 0, [axis]: cell });
    return axis === "y" ? (full.top + full.bottom - 1) / 2 : (full.left + full.right - 1) / 2;
  };
  const first = centreOf(0);
  const apart = cells > 1 ? (centreOf(cells - 1) - first) / (cells - 1) : 0;
  return Array.from({ length: size }, (_, pixel) => {
    const place = apart > 0 ? (pixel - first) / apart : ((pixel + 0.5) * cells) / size - 0.5;
    const within = Math.min(cells - 1, Math.max(0, place));
    const low = Math.floor(within);
    return [low, Math.min(cells - 1, low + 1), within - low] as const;
  });
}

import { InputError } from "../../gpu/errors.ts";
import type { Shape } from "../../gpu/tensor.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import type { ChannelCoMoments } from "../../kernels/co-moments.ts";
import type { ChannelHistogram } from "../../kernels/histogram.ts";
import { IMAGE_STATISTICS } from "../../kernels/image-statistics.ts";
import type { TopEntry } from "../../kernels/top-k.ts";
import { mergeCoMoments, mergeHistograms } from "../statistics.ts";
import type { LabelMeans, LayerReport } from "./report.ts";

/** A picture of a batch: its number in the data set, and its label. */
export interface SeenPicture {
  readonly index: number;
  readonly id: string;
  readonly label?: string | undefined;
}

/**
 * What is known of a layer while a survey runs: each picture's own statistics, as the GPU made them, merged in f64. So it does not matter
 * in which batches or shards the pictures came, but for the last bits of the moments.
 */
export class LayerTally {
  readonly layer: string;
  readonly shape: Shape;
  readonly #top: number;
  #pictures = 0;
  readonly #mean: Float64Array;
  readonly #m2: Float64Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #zeros: Float64Array;
  readonly #largest: TopEntry[][];
  readonly #labels = new Map<string, { pictures: number; readonly sums: Float64Array }>();
  #histogram: ChannelHistogram | undefined;
  #comoments: ChannelCoMoments | undefined;

  /** @param from what a survey before found, to go on with. */
  constructor(layer: string, shape: Shape, top: number, from?: LayerReport) {
    this.layer = layer;
    this.shape = shape;
    this.#top = top;
    const channels = shape.at(-1) ?? 0;
    const { statistics } = from ?? {};
    const row = (values: readonly number[] | undefined, empty = 0) =>
      values ? Float64Array.from(values) : new Float64Array(channels).fill(empty);
    this.#pictures = (statistics?.count ?? 0) / this.places;
    this.#mean = row(statistics?.mean);
    this.#m2 = row(statistics?.m2);
    this.#min = row(statistics?.min, Number.POSITIVE_INFINITY);
    this.#max = row(statistics?.max, Number.NEGATIVE_INFINITY);
    this.#zeros = row(statistics?.zeros);
    this.#largest = Array.from({ length: channels }, (_, c) => [...(from?.top.channels[c] ?? [])]);
    for (const { label, pictures, means } of from?.labels ?? []) {
      this.#labels.set(label, { pictures, sums: Float64Array.from(means, (mean) => mean * pictures) });
    }
    this.#histogram = from?.histogram;
    this.#comoments = from?.comoments;
  }

  /** Places of one picture. */
  get places(): number {
    return sizeOf(this.shape.slice(0, -1));
  }

  /**
   * Adds the first pictures of a batch.
   * @param values [7, batch, C], as `createImageStatistics` made them.
   * @throws InputError when one is NaN or infinite.
   */
  add(values: Float32Array, pictures: readonly SeenPicture[]): void {
    const channels = this.#mean.length;
    const batch = values.length / (IMAGE_STATISTICS * channels);
    const field = (number: number, picture: number, channel: number): number =>
      values[(number * batch + picture) * channels + channel] ?? Number.NaN;
    for (const [n, picture] of pictures.entries()) {
      const seen = this.#pictures++;
      // Weights of Chan, Golub & LeVeque's merge, in places.
      const share = 1 / (seen + 1);
      const weight = this.places * seen * share;
      const sums = this.#sumsOf(picture.label);
      for (let c = 0; c < channels; c++) {
        const mean = field(0, n, c) + field(1, n, c);
        const [low, high] = [field(3, n, c), field(4, n, c)];
        if (!Number.isFinite(mean) || !Number.isFinite(low) || !Number.isFinite(high)) {
          throw new InputError(
            `survey: expected finite activations, got ${mean} as a mean in channel ${c} of layer "${this.layer}" for "${picture.id}"`,
          );
        }
        const before = this.#mean[c] ?? 0;
        const delta = mean - before;
        this.#mean[c] = before + delta * share;
        this.#m2[c] = (this.#m2[c] ?? 0) + field(2, n, c) + delta * delta * weight;
        if (low < (this.#min[c] ?? 0)) this.#min[c] = low;
        if (high > (this.#max[c] ?? 0)) this.#max[c] = high;
        this.#zeros[c] = (this.#zeros[c] ?? 0) + field(5, n, c);
        if (sums) sums[c] = (sums[c] ?? 0) + mean;
        this.#keep(this.#largest[c] ?? [], high, picture.index, field(6, n, c));
      }
    }
  }

  /** Adds what the GPU counted since the last time. */
  addCounts(histogram: ChannelHistogram | undefined, comoments: ChannelCoMoments | undefined): void {
    if (histogram)
      this.#histogram = this.#histogram ? mergeHistograms(this.#histogram, histogram) : histogram;
    if (comoments) this.#comoments = this.#comoments ? mergeCoMoments(this.#comoments, comoments) : comoments;
  }

  report(): LayerReport {
    const list = (values: Float64Array): number[] => Array.from(values);
    return {
      layer: this.layer,
      shape: this.shape,
      statistics: {
        count: this.#pictures * this.places,
        mean: list(this.#mean),
        m2: list(this.#m2),
        min: list(this.#min),
        max: list(this.#max),
        zeros: list(this.#zeros),
      },
      top: { k: this.#top, perImage: true, channels: this.#largest.map((entries) => [...entries]) },
      ...(this.#histogram ? { histogram: this.#histogram } : {}),
      ...(this.#comoments ? { comoments: this.#comoments } : {}),
      labels: [...this.#labels]
        .map(
          ([label, { pictures, sums }]): LabelMeans => ({
            ...{ label, pictures },
            means: list(sums.map((sum) => sum / pictures)),
          }),
        )
        .sort((a, b) => (a.label < b.label ? -1 : 1)),
    };
  }

  #sumsOf(label: string | undefined): Float64Array | undefined {
    if (label === undefined) return undefined;
    const known = this.#labels.get(label) ?? { pictures: 0, sums: new Float64Array(this.#mean.length) };
    known.pictures++;
    this.#labels.set(label, known);
    return known.sums;
  }

  /** Keeps the largest values in order, of equals the picture of the smaller number first. */
  #keep(entries: TopEntry[], value: number, image: number, place: number): void {
    const goesBefore = (other: TopEntry): boolean =>
      value > other.value || (value === other.value && image < other.image);
    const last = entries.at(-1);
    if (entries.length >= this.#top && last && !goesBefore(last)) return;
    const at = entries.findIndex(goesBefore);
    const columns = this.shape.length > 2 ? (this.shape.at(-2) ?? 1) : 1;
    const entry = { value, image, y: Math.floor(place / columns), x: place % columns };
    entries.splice(at < 0 ? entries.length : at, 0, entry);
    if (entries.length > this.#top) entries.pop();
  }
}

import type { SourcePicture } from "../dataset/source.ts";
import { enlargeMap } from "../images/enlarge.ts";
import type { ConceptMasks } from "./concepts.ts";
import type { MapShape } from "./layer-runs.ts";

/** A concept with which a unit has an IoU. */
export interface UnitConcept {
  readonly concept: string;
  readonly iou: number;
}

/** A picture in which a unit is strong. */
export interface UnitExample {
  readonly id: string;
  /** The picture's number in the data set. */
  readonly index: number;
  /** The largest value of the unit's map. */
  readonly peak: number;
  /** The unit's map, row by row. */
  readonly map: Float32Array;
}

/** What a unit of a layer detects. */
export interface DissectedUnit {
  readonly channel: number;
  /** The unit is on where its map, enlarged to the masks, is above it. */
  readonly threshold: number;
  /** Share of the masks' pixels where it is on. */
  readonly on: number;
  /** The concept with the largest IoU; absent where the unit is never on a concept. */
  readonly best?: UnitConcept | undefined;
  /** True where the best IoU is above the threshold. */
  readonly detects: boolean;
  /** IoU with each concept, in the concepts' order. */
  readonly ious: readonly number[];
  readonly examples: readonly UnitExample[];
}

/** Counts, for each unit of a layer, the pixels where it is on, alone and within each concept. */
export class ConceptTally {
  readonly #shape: MapShape;
  readonly #thresholds: readonly number[];
  readonly #examples: number;
  readonly #on: number[];
  readonly #joint: readonly Map<string, number>[];
  readonly #strongest: readonly UnitExample[][];

  constructor(shape: MapShape, thresholds: readonly number[], examples: number) {
    this.#shape = shape;
    this.#thresholds = thresholds;
    this.#examples = examples;
    this.#on = thresholds.map(() => 0);
    this.#joint = thresholds.map(() => new Map());
    this.#strongest = thresholds.map(() => []);
  }

  /** Takes a picture: the layer's map `[h, w, channels]`, and the masks. */
  add({ id, index }: SourcePicture, map: Float32Array, { width, height, masks }: ConceptMasks): void {
    const [h, w, channels] = this.#shape;
    for (const [c, threshold] of this.#thresholds.entries()) {
      const own = Float32Array.from({ length: h * w }, (_, i) => map[i * channels + c] ?? 0);
      const peak = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      // What lies between values is never above all of them.
      if (!(peak > threshold)) continue;
      this.#keep(c, { id, index, peak, map: own });
      const large = enlargeMap(own, [h, w], { width, height, squares: false });
      const places: number[] = [];
      for (const [i, value] of large.entries()) if (value > threshold) places.push(i);
      this.#on[c] = (this.#on[c] ?? 0) + places.length;
      const joint = this.#joint[c];
      for (const [name, mask] of masks) {
        let both = 0;
        for (const i of places) if ((mask[i] ?? 0) > 0) both++;
        if (both > 0) joint?.set(name, (joint.get(name) ?? 0) + both);
      }
    }
  }

  /** What each unit detects. @param areas pixels of each concept. @param pixels of all masks. */
  units(names: readonly string[], areas: readonly number[], pixels: number, least: number): DissectedUnit[] {
    return this.#thresholds.map((threshold, channel) => {
      const on = this.#on[channel] ?? 0;
      const ious = names.map((name, n) => {
        const both = this.#joint[channel]?.get(name) ?? 0;
        return both === 0 ? 0 : both / (on + (areas[n] ?? 0) - both);
      });
      const most = Math.max(0, ...ious);
      const concept = names[ious.indexOf(most)];
      return {
        ...{ channel, threshold, on: on / pixels, ious, examples: this.#strongest[channel] ?? [] },
        ...(most > 0 && concept !== undefined ? { best: { concept, iou: most } } : {}),
        detects: most > least,
      };
    });
  }

  #keep(channel: number, example: UnitExample): void {
    const kept = this.#strongest[channel] ?? [];
    kept.push(example);
    kept.sort((a, b) => b.peak - a.peak || a.index - b.index);
    kept.length = Math.min(kept.length, this.#examples);
  }
}

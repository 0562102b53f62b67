import { inputOf } from "../graph/graph.ts";
import { receptiveField } from "../graph/receptive-field.ts";
import { inputShape } from "../images/preprocess.ts";
import { type FilterBank, fewRows } from "./filter-bank.ts";
import { placesOf } from "./held-out.ts";
import {
  goingAround,
  type LayerRuns,
  type MapShape,
  type ReadPicture,
  RelativeError,
  Share,
} from "./layer-runs.ts";
import { movedBy, type PlaceMap, type PlaceTransform, placeMapOf, windowsOf } from "./place-maps.ts";
import { applyFit, assertSolvable, type LinearFit, RidgeMoments } from "./ridge.ts";

/** How well a layer's values for a moved picture follow from those for the picture. */
export interface LayerEquivariance {
  readonly layer: string;
  readonly transform: PlaceTransform;
  /** ‖φ(gx) − A φ(x)‖² / ‖φ(gx) − mean‖² on pictures that were not fitted to: 0 follows, 1 is no better than the mean. */
  readonly error?: number | undefined;
  /** The same where A only moves the places, and nothing is fitted. */
  readonly unfitted?: number | undefined;
  /** Share of the pictures to which the rest of the network gives the same answer on A φ(x) as on φ(gx), 0 to 1. */
  readonly agreement?: number | undefined;
  readonly unfittedAgreement?: number | undefined;
  /** Share of the pictures whose label the rest of the network gives on A φ(x). */
  readonly accuracy?: number | undefined;
  readonly unfittedAccuracy?: number | undefined;
  /** What keeps a number from being there, or from being what it seems. */
  readonly notes: readonly string[];
}

/** One layer under one transform. */
export class EquivarianceCase {
  readonly #runs: LayerRuns;
  readonly #transform: PlaceTransform;
  readonly #layer: string;
  /** Its number among the layers that are read. */
  readonly #at: number;
  readonly #shape: MapShape;
  readonly #bank: FilterBank;
  readonly #map: PlaceMap;
  readonly #moments: RidgeMoments;
  readonly #error: RelativeError;
  readonly #around: string | undefined;
  readonly #agree = [new Share(), new Share()] as const;
  readonly #right = [new Share(), new Share()] as const;
  #fit: LinearFit | undefined;

  constructor(
    runs: LayerRuns,
    transform: PlaceTransform,
    layer: string,
    at: number,
    shape: MapShape,
    bank: FilterBank,
    scale: number,
  ) {
    const [height, width, channels] = shape;
    const who = `equivariance of "${layer}"`;
    const inputs = channels * bank.size ** 2;
    assertSolvable(who, inputs, bank.size > 1 ? "use a smaller size" : "choose other layers");
    this.#runs = runs;
    this.#transform = transform;
    this.#layer = layer;
    this.#at = at;
    this.#shape = shape;
    this.#bank = bank;
    this.#map = placeMapOf(who, transform, [height, width], scale);
    this.#moments = new RidgeMoments(inputs, channels);
    this.#error = new RelativeError(channels, 2);
    this.#around = goingAround(runs.graph, layer, runs.head.logits);
  }

  /** Takes pictures to fit to. */
  fitTo(
    pictures: readonly ReadPicture[],
    plain: readonly Float32Array[],
    moved: readonly Float32Array[],
    seed: number,
  ): void {
    const [height, width, channels] = this.#shape;
    for (const [n, { index }] of pictures.entries()) {
      const places = placesOf(height * width, this.#bank.places, seed, index);
      const from = movedBy(this.#map, this.#own(plain, n), channels);
      const x = windowsOf(from, this.#shape, this.#bank.size, places);
      const y = windowsOf(this.#own(moved, n), this.#shape, 1, places);
      this.#moments.add(x, y, y.length / channels);
    }
  }

  /** Compares guesses for pictures that were not fitted to, and what the rest of the network says to them. */
  async judge(
    images: number,
    plain: readonly Float32Array[],
    moved: readonly Float32Array[],
    answers: readonly (number | undefined)[],
    labels: readonly (number | undefined)[],
  ): Promise<void> {
    this.#fit ??= this.#moments.fitRelative(this.#bank.lambda);
    const [height, width, channels] = this.#shape;
    const each = height * width * channels;
    const guesses = [new Float32Array(images * each), new Float32Array(images * each)] as const;
    for (let n = 0; n < images; n++) {
      const from = movedBy(this.#map, this.#own(plain, n), channels);
      guesses[0].set(applyFit(this.#fit, windowsOf(from, this.#shape, this.#bank.size, undefined)), n * each);
      guesses[1].set(from, n * each);
      const own = guesses.map((all) => all.subarray(n * each, (n + 1) * each));
      this.#error.add(this.#own(moved, n), own);
    }
    if (this.#around !== undefined) return;
    for (const [g, values] of guesses.entries()) {
      const given = this.#runs.answers(await this.#runs.after(this.#layer, values), images);
      for (const [n, answer] of given.entries()) {
        this.#agree[g]?.add(answer, answers[n]);
        this.#right[g]?.add(answer, labels[n]);
      }
    }
  }

  /** What was found. */
  report(): LayerEquivariance {
    const [error, unfitted] = this.#error.values;
    const { rows, inputs } = this.#moments;
    return {
      ...{ layer: this.#layer, transform: this.#transform, error, unfitted },
      ...{ agreement: this.#agree[0].value, unfittedAgreement: this.#agree[1].value },
      ...{ accuracy: this.#right[0].value, unfittedAccuracy: this.#right[1].value },
      notes: [
        ...(error === undefined ? ["has one value in every channel: no error can be given"] : []),
        ...(rows < inputs ? [fewRows(rows, inputs)] : []),
        ...(this.#around === undefined
          ? []
          : [`"${this.#around}" goes around it, so that its values alone do not decide the answer`]),
        ...this.#offset(),
      ],
    };
  }

  /** Where the fields of a layer's first and last place are not alike, a mirror takes its places between one another. */
  #offset(): string[] {
    const { graph } = this.#runs;
    if (this.#transform === "identity" || this.#transform === "rescale") return [];
    const [height, width] = this.#shape;
    if (inputOf(graph).name === this.#layer) return [];
    const first = receptiveField(graph, { layer: this.#layer, y: 0, x: 0 }).full;
    const last = receptiveField(graph, { layer: this.#layer, y: height - 1, x: width - 1 }).full;
    const [rows, columns] = inputShape(graph);
    const [down, across] = [first.top + last.bottom - rows, first.left + last.right - columns];
    const turned =
      this.#transform === "flip" ? across : this.#transform === "flip-vertical" ? down : down || across;
    if (turned === 0) return [];
    const off = Math.abs(turned);
    return [
      `its places do not mirror one another: they are ${off} ${off === 1 ? "pixel" : "pixels"} of the picture off`,
    ];
  }

  /** The layer's map of one image. */
  #own(layers: readonly Float32Array[], image: number): Float32Array {
    const each = this.#shape.reduce((size, axis) => size * axis, 1);
    return layers[this.#at]?.subarray(image * each, (image + 1) * each) ?? new Float32Array();
  }
}

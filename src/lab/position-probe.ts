import type { Source } from "../dataset/source.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { inputOf } from "../graph/graph.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Networks } from "../network/pool.ts";
import { FILTER_BANK, type FilterBankOptions, fewRows, filterBankOf } from "./filter-bank.ts";
import { HELD_OUT, HeldOut, type HeldOutOptions, placesOf } from "./held-out.ts";
import {
  LayerRuns,
  layersWithPlaces,
  type MapShape,
  mapShapeOf,
  RelativeError,
  readBatches,
} from "./layer-runs.ts";
import { windowsOf } from "./place-maps.ts";
import { applyFit, assertSolvable, type LinearFit, RidgeMoments } from "./ridge.ts";

export interface PositionProbeOptions extends HeldOutOptions, Omit<FilterBankOptions, "size">, InputOptions {
  /** Layers with places. Default: the input, and every layer with places as it leaves its activation. */
  readonly layers?: readonly string[] | undefined;
}

const { size: _, ...FIT } = FILTER_BANK;
const POSITION_PROBE: Fields<PositionProbeOptions> = { ...HELD_OUT, ...FIT, layers: "may", inputs: "may" };

/** How well a place's row and column follow from its channels. */
export interface LayerPosition {
  readonly layer: string;
  readonly size: readonly [height: number, width: number];
  readonly channels: number;
  /**
   * R² of the row and of the column on pictures that were not fitted to: 1 where they follow exactly, 0 where they do not at all, and
   * below it where what was fitted misleads. Undefined for a single row or column.
   */
  readonly r2: { readonly y: number | undefined; readonly x: number | undefined };
  /** Mean distance between a place and where it is thought to be, a side of the map being 1. */
  readonly distance: number;
  /** The same for somebody who always says the middle. */
  readonly distanceOfMiddle: number;
  readonly notes: readonly string[];
}

export interface PositionReport {
  readonly layers: readonly LayerPosition[];
  /** Pictures that were fitted to, and that judged. */
  readonly train: number;
  readonly test: number;
  readonly notes: readonly string[];
}

/**
 * Spatial information that layers keep: whether where a place lies can be told from its channels alone, by a linear probe. Ridge
 * regression fits the row and column, as shares of the map's sides, to the channels of places; what is told is how well that does on
 * other pictures. A convolution alone does not know where it is: it learns it from what lies beyond the border, as zeros do (Islam, Jia &
 * Bruce, "How much position information do convolutional neural networks encode?", 2020), or from pictures that are alike in where things are.
 * @throws InputError when a layer has no places, or there are too few pictures; the signal's reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { positionProbe } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 16 });
 * const { layers } = await positionProbe(networks, source, { layers: ["conv1", "conv3_3"] });
 * for (const { layer, r2, distance } of layers) console.log(layer, r2.y, r2.x, distance);
 * networks.destroy();
 * ```
 */
export async function positionProbe(
  networks: Networks,
  source: Source,
  options: PositionProbeOptions = {},
): Promise<PositionReport> {
  const who = "position probe";
  assertFields(who, options, POSITION_PROBE);
  const { graph } = networks;
  const layers = options.layers ?? [inputOf(graph).name, ...layersWithPlaces(who, graph)];
  const { lambda, places } = filterBankOf(who, options);
  const probes = layers.map((layer) => new Probe(layer, mapShapeOf(who, graph, layer)));
  const held = new HeldOut(who, source, options);
  return LayerRuns.during(networks, layers, options, async (runs) => {
    for (const half of ["train", "test"] as const) {
      for await (const pictures of readBatches(runs, held.read(half))) {
        const { layers: maps } = await runs.run(pictures.map(({ values }) => values));
        for (const [l, probe] of probes.entries()) {
          const all = maps[l] ?? new Float32Array();
          const each = all.length / pictures.length;
          for (const [n, { index }] of pictures.entries()) {
            const map = all.subarray(n * each, (n + 1) * each);
            if (half === "train") probe.fitTo(map, index, places, options.seed ?? 0);
            else probe.judge(map, lambda);
          }
        }
      }
      held.assertFound(who, half);
    }
    return {
      layers: probes.map((probe) => probe.report()),
      ...{ train: held.found("train"), test: held.found("test"), notes: held.notes },
    };
  });
}

/** The probe of one layer. */
class Probe {
  readonly #layer: string;
  readonly #shape: MapShape;
  /** Row and column of every place, as shares of the sides. */
  readonly #positions: Float32Array;
  readonly #moments: RidgeMoments;
  readonly #errors = [new RelativeError(1, 1), new RelativeError(1, 1)] as const;
  #fit: LinearFit | undefined;
  #distance = 0;
  #judged = 0;

  constructor(layer: string, shape: MapShape) {
    const [height, width, channels] = shape;
    assertSolvable(`position probe of "${layer}"`, channels, "choose other layers");
    this.#layer = layer;
    this.#shape = shape;
    this.#moments = new RidgeMoments(channels, 2);
    this.#positions = Float32Array.from({ length: 2 * height * width }, (_, i) => {
      const place = Math.floor(i / 2);
      return i % 2 === 0 ? (Math.floor(place / width) + 0.5) / height : ((place % width) + 0.5) / width;
    });
  }

  fitTo(map: Float32Array, picture: number, most: number, seed: number): void {
    const [height, width] = this.#shape;
    const places = placesOf(height * width, most, seed, picture);
    const positions = windowsOf(this.#positions, [height, width, 2], 1, places);
    this.#moments.add(windowsOf(map, this.#shape, 1, places), positions, positions.length / 2);
  }

  judge(map: Float32Array, lambda: number): void {
    this.#fit ??= this.#moments.fitRelative(lambda);
    const guess = applyFit(this.#fit, map);
    for (const [axis, error] of this.#errors.entries()) {
      const along = (all: Float32Array | Float64Array) => all.filter((_, i) => i % 2 === axis);
      error.add(along(this.#positions), [along(guess)]);
    }
    this.#distance += this.#meanDistance((i) => guess[i] ?? 0);
    this.#judged++;
  }

  report(): LayerPosition {
    const [height, width, channels] = this.#shape;
    const [y, x] = this.#errors.map(({ values: [error] }) => (error === undefined ? undefined : 1 - error));
    const { rows } = this.#moments;
    return {
      ...{ layer: this.#layer, size: [height, width], channels, r2: { y, x } },
      distance: this.#distance / this.#judged,
      distanceOfMiddle: this.#meanDistance(() => 0.5),
      notes: rows < channels ? [fewRows(rows, channels)] : [],
    };
  }

  /** Mean distance of the places from guesses [places, 2]. */
  #meanDistance(guess: (i: number) => number): number {
    const { length } = this.#positions;
    let sum = 0;
    for (let i = 0; i < length; i += 2) {
      sum += Math.hypot((this.#positions[i] ?? 0) - guess(i), (this.#positions[i + 1] ?? 0) - guess(i + 1));
    }
    return sum / (length / 2);
  }
}

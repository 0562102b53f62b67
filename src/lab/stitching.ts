import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape } from "../gpu/tensor.ts";
import { type Graph, layerOf, shapesOf } from "../graph/graph.ts";
import { withLogits } from "../graph/heads.ts";
import { readInput } from "../images/picture.ts";
import type { InputValues } from "../network/inputs.ts";
import type { Networks } from "../network/pool.ts";
import { FILTER_BANK, type FilterBankOptions, fewRows, filterBankOf } from "./filter-bank.ts";
import { HELD_OUT, HeldOut, type HeldOutOptions, placesOf } from "./held-out.ts";
import { goingAround, LayerRuns, type MapShape, RelativeError, readBatches, Share } from "./layer-runs.ts";
import { movedBy, type PlaceMap, resizeMapOf, windowsOf } from "./place-maps.ts";
import { applyFit, assertSolvable, type LinearFit, RidgeMoments } from "./ridge.ts";

export interface StitchingOptions extends HeldOutOptions, FilterBankOptions {
  /** Values of the inputs beside the picture, of the network that begins, and of the one that ends. */
  readonly inputs?: readonly [begin: InputValues, end: InputValues] | undefined;
}

const STITCHING: Fields<StitchingOptions> = { ...HELD_OUT, ...FILTER_BANK, inputs: "may" };

/** How well one network goes on from a layer of another. */
export interface StitchingReport {
  /** ‖φ′(x) − E φ(x)‖² / ‖φ′(x) − mean‖² on pictures that were not fitted to. */
  readonly error?: number | undefined;
  /** Share of the pictures to which the two, stitched, say what the second says by itself, 0 to 1. */
  readonly agreement?: number | undefined;
  /** Share of the pictures whose label the two give when stitched; and each by itself. */
  readonly accuracy?: number | undefined;
  readonly accuracyBegin?: number | undefined;
  readonly accuracyEnd?: number | undefined;
  /** The layer E, whose size is that of the filter bank: `weights` [size, size, channels, channels′], and `bias`. */
  readonly fit: LinearFit;
  /** Pictures that were fitted to, and that judged. */
  readonly train: number;
  readonly test: number;
  readonly notes: readonly string[];
}

/**
 * Stitches two networks (Lenc & Vedaldi 2015): the first up to a layer, then one fitted layer, then what the second has after a layer
 * of its own. Ridge regression fits the layer between, φ′(x) ≈ E φ(x), on the same pictures, each as its network takes it. Where the maps
 * have other sizes, those of the first are resized by bilinear interpolation before. Two networks whose layers say the same in other
 * words keep the accuracy.
 * @param begin the network whose first layers are used.
 * @param layer the last of them.
 * @param end the network whose last layers are used; it may be the same.
 * @param into the layer of it whose values are replaced.
 * @throws InputError when one of the two layers has places and the other has none, or there are too few pictures; the signal's reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { stitching } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 16 });
 * const { agreement } = await stitching(networks, "conv1", networks, "conv1", source);
 * console.log(agreement); // 1
 * networks.destroy();
 * ```
 */
export async function stitching(
  begin: Networks,
  layer: string,
  end: Networks,
  into: string,
  source: Source,
  options: StitchingOptions = {},
): Promise<StitchingReport> {
  const who = "stitching";
  assertFields(who, options, STITCHING);
  const bank = filterBankOf(who, options);
  const from = valuesShapeOf(who, begin.graph, layer);
  const to = valuesShapeOf(who, end.graph, into);
  const places = (shape: MapShape): number => shape[0] * shape[1];
  if (places(from) === 1 && places(to) > 1) {
    throw new InputError(
      `${who}: expected places in "${layer}" for the ${to[0]}×${to[1]} of "${into}", got none; choose layers that both have places, or none`,
    );
  }
  if (places(from) > 1 && places(to) === 1) {
    throw new InputError(
      `${who}: expected no places in "${layer}", as "${into}" has none, got ${from[0]}×${from[1]}; choose layers that both have places, or none`,
    );
  }
  const inputs = from[2] * bank.size ** 2;
  assertSolvable(who, inputs, bank.size > 1 ? "use a smaller size" : "choose another layer");
  const held = new HeldOut(who, source, options);
  const { seed = 0, signal } = options;
  const of = (n: 0 | 1) => ({ batch: options.batch, inputs: options.inputs?.[n], signal });
  return LayerRuns.during(end, [into], of(1), (second) =>
    LayerRuns.during(begin, [layer], { ...of(0), batch: second.batch }, async (first) => {
      const same = from[0] === to[0] && from[1] === to[1];
      const resize = same ? undefined : resizeMapOf([from[0], from[1]], [to[0], to[1]]);
      const fitted: MapShape = [to[0], to[1], from[2]];
      const moments = new RidgeMoments(inputs, to[2]);
      const errors = new RelativeError(to[2], 1);
      const around = goingAround(second.graph, into, second.head.logits);
      const shares = { agreement: new Share(), accuracy: new Share(), begin: new Share(), end: new Share() };
      let fit: LinearFit | undefined;
      for (const half of ["train", "test"] as const) {
        for await (const pictures of readBatches(second, held.read(half))) {
          const seen = await Promise.all(pictures.map(({ pixels }) => readInput(first.graph, pixels)));
          const { layers: [x = NONE] = [], scores: own } = await first.run(seen);
          const { layers: [y = NONE] = [], scores } = await second.run(pictures.map(({ values }) => values));
          const count = pictures.length;
          const each = (all: Float32Array, n: number) =>
            all.subarray((n * all.length) / count, ((n + 1) * all.length) / count);
          if (half === "train") {
            for (const [n, { index }] of pictures.entries()) {
              const some = placesOf(places(to), bank.places, seed, index);
              const rows = windowsOf(resizedMap(resize, each(x, n), from), fitted, bank.size, some);
              const goals = windowsOf(each(y, n), to, 1, some);
              moments.add(rows, goals, goals.length / to[2]);
            }
            continue;
          }
          fit ??= moments.fitRelative(bank.lambda);
          const guess = new Float32Array(y.length);
          for (let n = 0; n < count; n++) {
            const rows = windowsOf(resizedMap(resize, each(x, n), from), fitted, bank.size, undefined);
            each(guess, n).set(applyFit(fit, rows));
          }
          errors.add(y, [guess]);
          const alone = second.answers(scores, count);
          const beginning = first.answers(own, count);
          const stitched = around === undefined ? second.answers(await second.after(into, guess), count) : [];
          for (const [n, { label }] of pictures.entries()) {
            shares.agreement.add(stitched[n], alone[n]);
            shares.accuracy.add(stitched[n], second.classOf(label));
            shares.begin.add(beginning[n], first.classOf(label));
            shares.end.add(alone[n], second.classOf(label));
          }
        }
        held.assertFound(who, half);
      }
      const [error] = errors.values;
      return {
        ...{ error, agreement: shares.agreement.value, accuracy: shares.accuracy.value },
        ...{ accuracyBegin: shares.begin.value, accuracyEnd: shares.end.value },
        fit: fit ?? moments.fitRelative(bank.lambda),
        ...{ train: held.found("train"), test: held.found("test") },
        notes: [
          ...held.notes,
          ...(error === undefined ? [`"${into}" has one value in every channel: no error can be given`] : []),
          ...(resize ? [`maps of ${from[0]}×${from[1]} are resized to ${to[0]}×${to[1]}`] : []),
          ...(moments.rows < inputs ? [fewRows(moments.rows, inputs)] : []),
          ...(around === undefined
            ? []
            : [`"${around}" goes around "${into}", so that its values alone do not decide the answer`]),
        ],
      };
    }),
  );
}

const NONE = new Float32Array();

function resizedMap(resize: PlaceMap | undefined, map: Float32Array, [, , channels]: MapShape): Float32Array {
  return resize ? movedBy(resize, map, channels) : map;
}

/** The shape of a layer's map, or of its numbers as a map of one place. @throws InputError for sequences. */
function valuesShapeOf(who: string, graph: Graph, layer: string): MapShape {
  const apart = withLogits(graph);
  const shape = shapesOf(apart).get(layerOf(apart, layer).name)?.slice(1) ?? [];
  const [height = 1, width = 1, channels = 1] = shape.length === 1 ? [1, 1, ...shape] : shape;
  if (shape.length === 3 || shape.length === 1) return [height, width, channels];
  throw new InputError(
    `${who}: expected a layer of maps [H, W, C] or of numbers [C], got "${layer}" of ${formatShape(shape)}`,
  );
}

import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import type { Graph } from "../graph/graph.ts";
import { headOf, withLogits } from "../graph/heads.ts";
import { inputShape } from "../images/preprocess.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Networks } from "../network/pool.ts";
import { EquivarianceCase, type LayerEquivariance } from "./equivariance-case.ts";
import { FILTER_BANK, type FilterBankOptions, filterBankOf } from "./filter-bank.ts";
import { HELD_OUT, HeldOut, type HeldOutOptions } from "./held-out.ts";
import { goingAround, LayerRuns, layersWithPlaces, mapShapeOf, readBatches, Share } from "./layer-runs.ts";
import { movedBy, PLACE_TRANSFORMS, type PlaceMap, type PlaceTransform, placeMapOf } from "./place-maps.ts";

export interface EquivarianceOptions extends HeldOutOptions, FilterBankOptions, InputOptions {
  /** Layers with places. Default: every one as it leaves its activation, but for those that a shortcut goes around. */
  readonly layers?: readonly string[] | undefined;
  /** What pictures are moved by. Default: flip, flip-vertical and rotate-180; and rotate-90 where the network takes squares. */
  readonly transforms?: readonly PlaceTransform[] | undefined;
  /** How much larger "rescale" makes, 0.25 to 4. Default √2. */
  readonly scale?: number | undefined;
}

const EQUIVARIANCE: Fields<EquivarianceOptions> = {
  ...HELD_OUT,
  ...FILTER_BANK,
  ...{ layers: "may", transforms: "may", scale: "may", inputs: "may" },
};

/** What a transform of the pictures alone does to the answers. */
export interface TransformAnswers {
  readonly transform: PlaceTransform;
  /** Share of the pictures that keep their answer when they are moved. */
  readonly agreement?: number | undefined;
  /** Share of the moved pictures whose label the network gives. */
  readonly accuracy?: number | undefined;
}

export interface EquivarianceReport {
  /** For each transform every layer, in the order of both. */
  readonly layers: readonly LayerEquivariance[];
  readonly answers: readonly TransformAnswers[];
  /** Share of the pictures as they are whose label the network gives. */
  readonly accuracy?: number | undefined;
  /** Pictures that were fitted to, and that judged. */
  readonly train: number;
  readonly test: number;
  readonly notes: readonly string[];
}

/**
 * Equivariance of layers (Lenc & Vedaldi, "Understanding image representations by measuring their equivariance and equivalence", 2015):
 * whether the values of a layer for a moved picture follow from those for the picture. For each transform g, ridge regression fits
 * φ(gx) ≈ A φ(x), where A moves the places as g moves pixels, and then applies one bank of filters to all of them. The error is that on
 * other pictures; beside it stands what the rest of the network says to A φ(x).
 * @throws InputError when a layer has no places, a quarter turn meets what is not square, or there are too few pictures; the signal's
 * reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { equivariance } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 16 });
 * const { layers } = await equivariance(networks, source, { layers: ["conv1"], transforms: ["flip"] });
 * for (const { layer, error, unfitted } of layers) console.log(layer, error, unfitted); // the fit has the smaller error
 * networks.destroy();
 * ```
 */
export async function equivariance(
  networks: Networks,
  source: Source,
  options: EquivarianceOptions = {},
): Promise<EquivarianceReport> {
  const who = "equivariance";
  assertFields(who, options, EQUIVARIANCE);
  const { graph } = networks;
  const layers = options.layers ?? answeringLayers(who, graph);
  const bank = filterBankOf(who, options);
  const [height, width, depth] = inputShape(graph);
  const transforms = options.transforms ?? [
    ...(["flip", "flip-vertical", "rotate-180"] as const),
    ...(height === width ? (["rotate-90"] as const) : []),
  ];
  const { scale = Math.SQRT2 } = options;
  if (!(scale >= 0.25 && scale <= 4)) {
    throw new InputError(`${who}: expected a scale of 0.25 to 4, got ${describe(scale)}`);
  }
  const stray = transforms.find((transform) => !PLACE_TRANSFORMS.includes(transform));
  if (stray !== undefined || transforms.length === 0) {
    throw new InputError(
      `${who}: expected transforms of ${PLACE_TRANSFORMS.join(", ")}, got ${stray === undefined ? "none" : describe(stray)}`,
    );
  }
  const shapes = layers.map((layer) => mapShapeOf(who, graph, layer));
  const held = new HeldOut(who, source, options);
  return LayerRuns.during(networks, layers, options, async (runs) => {
    const cases = transforms.flatMap((transform) => {
      const ofPicture = placeMapOf(`${who}: input`, transform, [height, width], scale);
      const moved: Moved = { transform, ofPicture, same: new Share(), right: new Share(), cases: [] };
      for (const [n, layer] of layers.entries()) {
        const shape = shapes[n] ?? [1, 1, 1];
        moved.cases.push(new EquivarianceCase(runs, transform, layer, n, shape, bank, scale));
      }
      return [moved];
    });
    for await (const pictures of readBatches(runs, held.read("train"))) {
      const plain = await runs.run(pictures.map(({ values }) => values));
      for (const { ofPicture, cases: own } of cases) {
        const moved = await runs.run(pictures.map(({ values }) => movedBy(ofPicture, values, depth)));
        for (const one of own) one.fitTo(pictures, plain.layers, moved.layers, options.seed ?? 0);
      }
    }
    held.assertFound(who, "train");
    const right = new Share();
    for await (const pictures of readBatches(runs, held.read("test"))) {
      const plain = await runs.run(pictures.map(({ values }) => values));
      const answers = runs.answers(plain.scores, pictures.length);
      const labels = pictures.map(({ label }) => runs.classOf(label));
      for (const [n, answer] of answers.entries()) right.add(answer, labels[n]);
      for (const moved of cases) {
        const { layers: values, scores } = await runs.run(
          pictures.map(({ values }) => movedBy(moved.ofPicture, values, depth)),
        );
        const own = runs.answers(scores, pictures.length);
        for (const [n, answer] of own.entries()) {
          moved.same.add(answer, answers[n]);
          moved.right.add(answer, labels[n]);
        }
        for (const one of moved.cases) await one.judge(pictures.length, plain.layers, values, own, labels);
      }
    }
    held.assertFound(who, "test");
    return {
      layers: cases.flatMap(({ cases: own }) => own.map((one) => one.report())),
      answers: cases.map(({ transform, same, right: kept }) => ({
        ...{ transform, agreement: same.value, accuracy: kept.value },
      })),
      accuracy: right.value,
      train: held.found("train"),
      test: held.found("test"),
      notes: held.notes,
    };
  });
}

/** The layers with places that nothing goes around, so that there is an answer; where there is none, all that have places. */
function answeringLayers(who: string, graph: Graph): string[] {
  const all = layersWithPlaces(who, graph);
  const apart = withLogits(graph);
  const alone = all.filter((layer) => goingAround(apart, layer, headOf(graph).logits) === undefined);
  return alone.length > 0 ? alone : all;
}

/** Pictures moved by one transform, and what is made of them. */
interface Moved {
  readonly transform: PlaceTransform;
  readonly ofPicture: PlaceMap;
  readonly same: Share;
  readonly right: Share;
  readonly cases: EquivarianceCase[];
}

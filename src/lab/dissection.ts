import type { Source, SourcePicture } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { cropOf } from "../images/preprocess.ts";
import type { Crop } from "../images/resample.ts";
import type { Networks } from "../network/pool.ts";
import { ConceptTally, type DissectedUnit } from "./concept-tally.ts";
import type { ConceptMasks } from "./concepts.ts";
import { LayerRuns, layersWithPlaces, type MapShape, mapShapeOf, readBatches } from "./layer-runs.ts";
import { TopQuantile } from "./top-quantile.ts";

export interface DissectionOptions {
  /** Layers with places. Default: every one as it leaves its activation. */
  readonly layers?: readonly string[] | undefined;
  /** A unit is on where its map is above the value that this share of its values exceeds, above 0 up to 0.5. Default 0.005. */
  readonly quantile?: number | undefined;
  /** A unit detects the concept with which its IoU is largest, if it is above this. 0 up to 1. Default 0.04. */
  readonly threshold?: number | undefined;
  /** Pictures kept of each unit, in which it is strongest. 0 to 64. Default 4. */
  readonly examples?: number | undefined;
  /** Images in one forward pass. Default: as many as memory allows, up to 16. */
  readonly batch?: number | undefined;
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DISSECTION: Fields<DissectionOptions> = {
  ...{ layers: "may", quantile: "may", threshold: "may", examples: "may", batch: "may" },
  ...{ onProgress: "may", signal: "may" },
};

export interface DissectedLayer {
  readonly layer: string;
  readonly size: readonly [height: number, width: number];
  readonly units: readonly DissectedUnit[];
}

/** A concept, and how much there is of it. */
export interface DissectedConcept {
  readonly name: string;
  /** Pictures that have it. */
  readonly pictures: number;
  /** Share of all pixels. */
  readonly area: number;
  /** The largest IoU that a unit can have which is on at `quantile` of all pixels. */
  readonly ceiling: number;
}

export interface Dissection {
  readonly pictures: number;
  readonly quantile: number;
  readonly threshold: number;
  readonly concepts: readonly DissectedConcept[];
  readonly layers: readonly DissectedLayer[];
  readonly notes: readonly string[];
}

/** Values that are kept to find quantiles: 256 MiB. */
const MOST_VALUES = 2 ** 26;

/**
 * Network dissection (Bau et al. 2017): the concept that each unit of a layer detects. For each channel the value that half a per cent of
 * its values exceed is found over the data set; where its map, enlarged to the masks (bilinear), is above it, the unit is on. With each
 * concept it has an IoU, |on ∩ concept| / |on ∪ concept| summed over all pictures, and it is named after the best one.
 *
 * The pictures are read twice. The masks lie over the whole picture, so the network must see all of it.
 * @param conceptsOf the masks of a picture, by concept, all of one size.
 * @throws InputError when a layer has no places, the number of pictures is not known, a picture is broken, masks differ in size, or the network sees a part of a
 * picture; the signal's reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { dissection, syntheticConcepts } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const source = syntheticSource(device, { count: 16 });
 * const { layers } = await dissection(networks, source, syntheticConcepts(device), { layers: ["conv3_3"] });
 * for (const { units } of layers) {
 *   for (const { channel, best, detects } of units) if (detects) console.log(channel, best?.concept, best?.iou);
 * }
 * networks.destroy();
 * ```
 */
export async function dissection(
  networks: Networks,
  source: Source,
  conceptsOf: (picture: SourcePicture) => Promise<ConceptMasks>,
  options: DissectionOptions = {},
): Promise<Dissection> {
  const who = "dissection";
  assertFields(who, options, DISSECTION);
  const { quantile = 0.005, threshold = 0.04, examples = 4, signal, onProgress } = options;
  if (!(quantile > 0 && quantile <= 0.5)) {
    throw new InputError(`${who}: expected a quantile above 0 up to 0.5, got ${quantile}`);
  }
  if (!(threshold >= 0 && threshold < 1)) {
    throw new InputError(`${who}: expected a threshold of 0 up to 1, got ${threshold}`);
  }
  if (!Number.isInteger(examples) || examples < 0 || examples > 64) {
    throw new InputError(`${who}: expected examples to be a whole number of 0 to 64, got ${examples}`);
  }
  const { graph } = networks;
  const layers = options.layers ?? layersWithPlaces(who, graph);
  const shapes = layers.map((layer) => mapShapeOf(who, graph, layer));
  const { count } = source;
  if (count === undefined) {
    throw new InputError(`${who}: expected a data set whose number of pictures is known, got ${source.name}`);
  }
  const quantiles = quantilesOf(shapes, count, quantile);
  return LayerRuns.during(networks, layers, options, async (runs) => {
    let done = 0;
    const pass = async (see: (picture: SourcePicture, maps: readonly Float32Array[]) => unknown) => {
      for await (const pictures of readBatches(runs, source.read({ signal }))) {
        const { layers: maps } = await runs.run(pictures.map(({ values }) => values));
        for (const [n, picture] of pictures.entries()) {
          const own = maps.map((all) => {
            const each = all.length / pictures.length;
            return all.subarray(n * each, (n + 1) * each);
          });
          await see(picture, own);
          done++;
          onProgress?.(done, 2 * count);
        }
      }
    };
    await pass(({ id, pixels }, maps) => {
      assertWhole(`${who}: "${id}"`, pixels, cropOf(pixels, graph));
      for (const [l, map] of maps.entries()) {
        const channels = quantiles[l] ?? [];
        for (const [i, value] of map.entries()) channels[i % channels.length]?.add(value);
      }
    });
    if (done === 0) throw new InputError(`${who}: expected pictures in ${source.name}, got none`);
    const tallies = shapes.map(
      (shape, l) =>
        new ConceptTally(
          shape,
          (quantiles[l] ?? []).map(({ value }) => value),
          examples,
        ),
    );
    const seen = new Map<string, { pictures: number; area: number }>();
    let pixels = 0;
    await pass(async (picture, maps) => {
      const concepts = await conceptsOf(picture);
      pixels += concepts.width * concepts.height;
      for (const [name, mask] of concepts.masks) {
        if (mask.length !== concepts.width * concepts.height) {
          throw new InputError(
            `${who}: expected masks of ${concepts.width}×${concepts.height} for "${picture.id}", got ${mask.length} values for "${name}"`,
          );
        }
        const own = seen.get(name) ?? { pictures: 0, area: 0 };
        const area = mask.reduce((sum, on) => sum + Number(on > 0), 0);
        seen.set(name, { pictures: own.pictures + Number(area > 0), area: own.area + area });
      }
      for (const [l, map] of maps.entries()) tallies[l]?.add(picture, map, concepts);
    });
    const names = [...seen.keys()].sort();
    const concepts = names.map((name): DissectedConcept => {
      const { pictures = 0, area = 0 } = seen.get(name) ?? {};
      const share = area / pixels;
      const ceiling = share > 0 ? Math.min(share, quantile) / Math.max(share, quantile) : 0;
      return { name, pictures, area: share, ceiling };
    });
    if (concepts.length === 0) throw new InputError(`${who}: expected masks of concepts, got none`);
    const wide = concepts.filter(({ ceiling }) => ceiling <= threshold).map(({ name }) => name);
    return {
      ...{ pictures: done / 2, quantile, threshold, concepts },
      layers: layers.map((layer, l) => {
        const [height, width] = shapes[l] ?? [0, 0, 0];
        const areas = names.map((name) => seen.get(name)?.area ?? 0);
        const units = tallies[l]?.units(names, areas, pixels, threshold) ?? [];
        return { layer, size: [height, width], units };
      }),
      notes:
        wide.length > 0
          ? [
              `a unit that is on at ${100 * quantile} % of the pixels cannot detect what covers much more, or much less: ${wide.join(", ")}`,
            ]
          : [],
    };
  });
}

function quantilesOf(shapes: readonly MapShape[], count: number, quantile: number): TopQuantile[][] {
  const kept = shapes.reduce(
    (sum, [h, w, channels]) => sum + 2 * channels * TopQuantile.kept(h * w * count, quantile),
    0,
  );
  if (kept > MOST_VALUES) {
    throw new InputError(
      `dissection: expected layers and pictures whose largest values fit ${MOST_VALUES} numbers, got ${kept}; name fewer layers, or take a shard of the pictures`,
    );
  }
  return shapes.map(([h, w, channels]) =>
    Array.from({ length: channels }, () => new TopQuantile(h * w * count, quantile)),
  );
}

function assertWhole(
  who: string,
  { width, height }: { readonly width: number; readonly height: number },
  { region, ...size }: Crop,
): void {
  // Half a pixel is rounding.
  if (Math.abs(region.width - size.width) <= 1 && Math.abs(region.height - size.height) <= 1) return;
  throw new InputError(
    `${who}: expected a picture that the network sees whole, since masks lie over all of it, got one of ${width}×${height} of which ${region.width}×${region.height} of ${size.width}×${size.height} are seen; fit it by "stretch", or give pictures of the input's proportions`,
  );
}

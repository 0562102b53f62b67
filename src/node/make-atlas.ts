import type { Source } from "../dataset/source.ts";
import type { SurveyReport } from "../dataset/survey/report.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type Graph, inputOf, layerOf, shapesOf } from "../graph/graph.ts";
import { headOf } from "../graph/heads.ts";
import { receptiveField } from "../graph/receptive-field.ts";
import type { TopEntry } from "../kernels/top-k.ts";
import type { AtlasLayer } from "../lab/atlas/site.ts";
import { labelsOf, stillOf, unitsOf } from "../lab/atlas/units.ts";
import { jointsOf } from "../lab/atlas/weights.ts";
import type { DissectedUnit } from "../lab/concept-tally.ts";
import { cutPatches } from "../lab/patches.ts";
import { topByRelevance } from "../lab/top-by-relevance.ts";
import { topPatches } from "../lab/top-patches.ts";
import type { Networks } from "../network/pool.ts";
import { featureVisualization } from "../techniques/synthesis/feature-visualization.ts";
import type { SyntheticPicture } from "../techniques/synthesis/synthesis.ts";
import type { Wanted } from "../techniques/synthesis/wanted.ts";
import { AtlasFolder, type WantedPicture } from "./atlas-folder.ts";

export interface AtlasOptions {
  /** Folder for the site. */
  readonly out: string;
  /** Layers that are shown, of those that were surveyed. Default: all up to the logits but poolings, whose units are those before. */
  readonly layers?: readonly string[] | undefined;
  /** Steps of the pictures that units want; 0 makes none. Default 128. */
  readonly steps?: number | undefined;
  /** Patches of each unit, at most those that the survey kept. Default 9. */
  readonly top?: number | undefined;
  /** Show the pictures that units matter most for, too, where LRP is defined for the network. Default true. */
  readonly relevance?: boolean | undefined;
  /** What units detect, as `dissection` found it, for the pages and the search. */
  readonly dissection?: DissectedLayers | undefined;
  /** Seed of the pictures. Default 0. */
  readonly seed?: number | undefined;
  readonly onProgress?: ((what: string, done: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The part of a dissection that names units. */
export interface DissectedLayers {
  readonly layers: readonly {
    readonly layer: string;
    readonly units: readonly Pick<DissectedUnit, "channel" | "detects" | "best">[];
  }[];
}

const ATLAS: Fields<AtlasOptions> = {
  ...{ out: "must", layers: "may", steps: "may", top: "may", relevance: [true, false], seed: "may" },
  dissection: "may",
  ...{ onProgress: "may", signal: "may" },
};

/** What was made. */
export interface AtlasMade {
  readonly layers: number;
  readonly units: number;
  readonly bytes: number;
}

/** Units whose pictures are held at once. */
const AT_ONCE = 64;

/**
 * Makes the atlas of a network: a static site that opens from a file, with a page for every unit of the surveyed layers: the picture that
 * it wants (Olah et al. 2017), the patches that excite it most, those that it matters most for, its histogram, the labels that drive it, the units that vary with it, the
 * weights to it and from it. Layers are written one after another; the page last, so that a folder with a page is whole.
 * @param survey of the same network and source; with `correlation` units are told which others they vary with.
 * @throws InputError when the survey is of another network or data set, a layer was not surveyed, or the disk is full; the signal's reason.
 */
export async function makeAtlas(
  networks: Networks,
  source: Source,
  survey: SurveyReport,
  options: AtlasOptions,
): Promise<AtlasMade> {
  assertFields("atlas", options, ATLAS);
  const { steps = 128, top, relevance = true, seed = 0, signal, onProgress } = options;
  const { graph } = networks;
  const names = layersOf(graph, survey, options.layers);
  const folder = await AtlasFolder.open(options.out);
  const head = headOf(graph, survey.settings.output);
  const labels = labelsOf(survey);
  const joints = jointsOf(graph, names);
  const shapes = shapesOf(graph);
  const layers: AtlasLayer[] = [];
  const relevant = relevance ? await relevantTo(networks, source, names, options) : "It was not asked for.";
  for (const name of names) {
    const report = survey.layers.find(({ layer }) => layer === name);
    if (!report) continue;
    const activation = await topPatches(graph, source, survey, {
      ...{ layer: name, side: 72, signal },
      ...(top === undefined ? {} : { top: Math.min(top, report.top.k) }),
      onProgress: (done, count) => onProgress?.(`${name}: patches`, done, count),
    });
    const places = typeof relevant === "string" ? undefined : relevant.get(name);
    const mattering = places && (await cutPatches(graph, source, { layer: name, places, side: 72, signal }));
    const still = stillOf(report);
    const wanted =
      steps > 0 ? await wantedBy(networks, name, still, { steps, seed, signal, onProgress }) : undefined;
    const units = unitsOf(report, labels, joints);
    const about = {
      ...{ name, shape: report.shape, field: fieldOf(graph, name, shapes.get(name)), still },
      concepts: conceptsOf(options.dissection, name, units.length),
      names: head.logits === name && head.labels?.length === units.length ? head.labels : undefined,
      drivenBy: units.map((unit) => unit.labels.slice(0, 3).map(({ label }) => label)),
    };
    layers.push(await folder.writeLayer(about, units, { activation, relevance: mattering, wanted }));
  }
  const { answers } = survey;
  await folder.finish({
    ...{ model: graph.name, data: survey.data, pictures: survey.pictures, labels, layers },
    ...(answers ? { accuracy: answers.right / answers.pictures } : {}),
    notes: notesOf(survey, steps, typeof relevant === "string" ? relevant : undefined),
  });
  const units = layers.reduce((sum, { drivenBy }) => sum + drivenBy.length, 0);
  return { layers: layers.length, units, bytes: folder.bytes };
}

/** @throws InputError for a layer that was not surveyed. */
function layersOf(graph: Graph, survey: SurveyReport, asked: readonly string[] | undefined): string[] {
  const known = survey.layers.map(({ layer }) => layer);
  const stray = asked?.find((name) => !known.includes(name));
  if (stray !== undefined) {
    throw new InputError(`atlas: expected layers of the survey (${known.join(", ")}), got "${stray}"`);
  }
  if (asked) return known.filter((name) => asked.includes(name));
  const last = known.indexOf(headOf(graph, survey.settings.output).logits);
  const upTo = last < 0 ? known : known.slice(0, last + 1);
  // A pooling's units are those of the layer before.
  return upTo.filter((name) => !["pool", "globalPool"].includes(layerOf(graph, name).op));
}

/** For each unit of a layer the concept that it detects; absent where the layer was not dissected. */
function conceptsOf(dissection: DissectedLayers | undefined, layer: string, count: number) {
  const units = dissection?.layers.find((own) => own.layer === layer)?.units;
  if (!units) return undefined;
  const named = new Map(
    units.map(({ channel, detects, best }) => [channel, detects ? best?.concept : undefined]),
  );
  return Array.from({ length: count }, (_, channel) => named.get(channel));
}

/** For each layer the places that its units matter most for; or why there are none. */
async function relevantTo(
  networks: Networks,
  source: Source,
  layers: readonly string[],
  { top = 9, signal, onProgress }: AtlasOptions,
): Promise<ReadonlyMap<string, readonly (readonly TopEntry[])[]> | string> {
  try {
    const found = await topByRelevance(networks, source, {
      ...{ layers, top, signal, onBroken: () => {} },
      onProgress: (done, count = done) => onProgress?.("relevance", done, count),
    });
    return new Map(found.map(({ layer, top }) => [layer, top.channels]));
  } catch (error) {
    if (error instanceof UnsupportedError) return error.message;
    throw error;
  }
}

/** The size of what a unit sees; none of a layer that sees all of the picture, or has no places. */
function fieldOf(
  graph: Graph,
  layer: string,
  shape: readonly number[] = [],
): readonly [number, number] | undefined {
  const [height, width] = shape;
  if (shape.length < 3 || height === undefined || width === undefined) return undefined;
  const place = { layer, y: Math.floor(height / 2), x: Math.floor(width / 2) };
  const { top, bottom, left, right } = receptiveField(graph, place).full;
  const [most = 0, widest = 0] = inputOf(graph).shape;
  return bottom - top >= most && right - left >= widest ? undefined : [bottom - top, right - left];
}

async function wantedBy(
  networks: Networks,
  layer: string,
  still: readonly number[],
  {
    steps,
    seed,
    signal,
    onProgress,
  }: Pick<AtlasOptions, "seed" | "signal" | "onProgress"> & { readonly steps: number },
): Promise<(WantedPicture | undefined)[]> {
  const { graph } = networks;
  const count = shapesOf(graph).get(layer)?.at(-1) ?? 0;
  const isLogits = headOf(graph).logits === layer;
  const asked = Array.from({ length: count }, (_, channel) => channel).filter(
    (channel) => !still.includes(channel),
  );
  const made = Array<WantedPicture | undefined>(count).fill(undefined);
  for (let from = 0; from < asked.length; from += AT_ONCE) {
    const some = asked.slice(from, from + AT_ONCE);
    const wanted = some.map((channel): Wanted => (isLogits ? { class: channel } : { layer, channel }));
    const { pictures } = await featureVisualization(networks, wanted, {
      ...{ steps, seed, signal },
      onProgress: (fraction) =>
        onProgress?.(`${layer}: what units want`, from + fraction * some.length, asked.length),
    });
    for (const [i, picture] of pictures.entries()) {
      const channel = some[i];
      if (channel !== undefined) made[channel] = pictureOf(picture, steps);
    }
  }
  return made;
}

/** A picture that shows nothing is not shown. */
function pictureOf(picture: SyntheticPicture, steps: number): WantedPicture | undefined {
  if (picture.dead || picture.grey) return undefined;
  const { data, shape, value, prediction, probability } = picture;
  const said = prediction?.label === undefined ? "" : `, taken for ${prediction.label}`;
  const sure = probability === undefined ? said : `, p ${probability.toFixed(4)}`;
  return {
    pixels: {
      width: shape[1],
      height: shape[0],
      data: Uint8ClampedArray.from(data, (v) => Math.round(255 * v)),
    },
    caption: `Made in ${steps} steps to excite it: ${value.toPrecision(3)} without transforms${sure}.`,
  };
}

function notesOf(
  { settings, pictures, broken }: SurveyReport,
  steps: number,
  withoutRelevance: string | undefined,
): string[] {
  return [
    `Patches are the places where a unit was strongest, one a picture, cut at its receptive field from the picture as the network was shown it; what lies beyond the picture has the color that the network takes for zero.`,
    ...(steps > 0
      ? [
          `What a unit wants is a picture that was made to excite it, by feature visualization (Olah et al. 2017) in ${steps} steps. It shows one of many pictures that do. A unit for which nothing was found has none.`,
        ]
      : []),
    `Classes drive a unit when its mean over their pictures is above its mean over all; values are means over the places of ${pictures} pictures${broken.length > 0 ? `, ${broken.length} more could not be read` : ""}.`,
    `Weights between units are the norm over the window, with the sign of their sum, as the model's file has them: before any batch norm.`,
    withoutRelevance === undefined
      ? "A unit matters for a picture by its share of the layer's relevance for the answer, by LRP (Achtibat et al. 2023)."
      : `What units matter most for is not shown. ${withoutRelevance}`,
    ...(settings.correlation ? [] : ["The survey kept no correlations: --correlation does."]),
  ];
}

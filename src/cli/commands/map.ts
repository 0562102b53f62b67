import type { Source } from "../../dataset/source.ts";
import { snapToGrid } from "../../embedding/grid.ts";
import { mapQuality } from "../../embedding/map-quality.ts";
import { pca } from "../../embedding/pca.ts";
import type { Points } from "../../embedding/points.ts";
import { createTsne } from "../../embedding/tsne.ts";
import { umap } from "../../embedding/umap.ts";
import { composePictureMap } from "../../figures/picture-map.ts";
import { InputError } from "../../gpu/errors.ts";
import type { PictureFeatures } from "../../lab/picture-features.ts";
import { thumbnailsOf } from "../../lab/thumbnails.ts";
import { createNetworks } from "../../network/pool.ts";
import { dataOf } from "../data-source.ts";
import { featuresFor } from "../features.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import { FIGURE_OR_ARRAY, outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

const METHODS = ["tsne", "umap", "pca"] as const;
type Method = (typeof METHODS)[number];
const FRAMES = ["label", "answer", "none"] as const;
/** Neighbours that a map's quality is judged by. */
const JUDGED = 12;

export const MAP: CliCommand = {
  name: "map",
  usage: "--data DATA --out map.png",
  summary: "Place pictures so that those lie near each other which a network takes for alike.",
  details: [
    "What a layer makes of a picture is a point of many dimensions, its channel means. --method brings the points into the plane, and thumbnails stand at their places, framed by class, or snapped to a grid (--snap). Printed: trustworthiness, continuity, and how many of the nearest twelve stay near.",
    '--data is what "vitrine survey" takes; --survey DIR spares the pass over it. --out is a figure (.png, .svg), or the places (.npy), [N, 2] or [N, 3]. Ctrl-C ends t-SNE early and keeps the map so far.',
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "survey",
    "layer",
    "method",
    "dimensions",
    "perplexity",
    "iterations",
    "snap",
    "thumbnail",
    "canvas",
    "frame",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    method: "tsne, umap or pca. Default tsne.",
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    layer:
      "The layer whose channel means are compared. Default: the one that the output's last weights read.",
    iterations: "Iterations of t-SNE, or epochs of UMAP. Default: 1000, or as UMAP has it.",
    seed: "Seed of UMAP, and of synthetic:N. Default 0.",
    out: "A figure (.png, .svg), or the places (.npy).",
    json: "Print what is known of the map as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine map --data synthetic:64 --iterations 300 --out map.png",
    "vitrine map --data synthetic:48 --method umap --snap --out map.png",
    "vitrine map --data synthetic:48 --method pca --dimensions 3 --out map.npy",
  ],
  run(positionals, values, io) {
    assertNoArguments("map", positionals);
    return mapCommand(values, io);
  },
};

async function mapCommand(values: Values, io: Io): Promise<void> {
  if (!values.has("data")) throw new UsageError("map expects --data FOLDER, got none");
  const method = oneOf("method", METHODS, values) ?? "tsne";
  const frame = oneOf("frame", FRAMES, values) ?? "label";
  const dimensions = values.whole("dimensions", 2, 3) === 3 ? 3 : 2;
  const side = values.whole("thumbnail", 0, 1024) ?? 32;
  const size = values.whole("canvas", 64, 8192) ?? 1000;
  const out = await outOf(values, FIGURE_OR_ARRAY);
  if (dimensions === 3 && (values.has("snap") || (out !== undefined && !out.endsWith(".npy")))) {
    throw new UsageError("--dimensions 3 expects --out FILE.npy, without --snap");
  }
  const memory = values.whole("memory", 1, 2 ** 20);
  const graph = await openModel(values, io);
  const source = await dataOf("map", graph, values, io);
  const device = await io.device();
  const networks = createNetworks(device, graph, memory === undefined ? {} : { memory: memory * 2 ** 20 });
  let features: PictureFeatures;
  try {
    features = await featuresFor(networks, source, values, io);
  } finally {
    networks.destroy();
  }
  const { pictures, points, layer } = features;
  const { places, divergence } = await placed(device, points, method, dimensions, values, io);
  const k = Math.min(JUDGED, Math.ceil(pictures.length / 2) - 1);
  const quality = k >= 1 ? await mapQuality(device, points, places, { k }) : undefined;
  io.progress();
  if (out !== undefined) {
    const shown = values.has("snap") ? onGrid(places) : places;
    const thumbnails =
      side > 0 && !out.endsWith(".npy") ? await thumbnailsFor(source, side, features) : undefined;
    const draw = () =>
      composePictureMap({
        title: `${layer}: ${NAMES[method]} of ${pictures.length} pictures`,
        subtitle: `${graph.name} on ${source.name}`,
        size,
        pictures: pictures.map(({ index, label, answer }, i) => ({
          x: shown.data[i * dimensions] ?? 0,
          y: shown.data[i * dimensions + 1] ?? 0,
          thumbnail: thumbnails?.get(index),
          group: frame === "none" ? undefined : frame === "label" ? label : answer,
        })),
        notes: [
          ...(quality
            ? [
                `Trustworthiness ${quality.trustworthiness.toFixed(3)}, continuity ${quality.continuity.toFixed(3)}, ${Math.round(100 * quality.recall)} % of the nearest ${k} stay near.`,
              ]
            : []),
          ...(values.has("snap") ? ["Snapped to a grid: who is near whom is kept as well as it goes."] : []),
        ],
      });
    await writeResult(out, { data: places.data, shape: places.shape, draw }, io);
  }
  const report = { layer, method, pictures: pictures.length, divergence, k, ...quality };
  if (values.has("json")) printJson(io, { model: graph.name, data: source.name, ...report, out });
  else {
    io.out(
      `${layer}: ${NAMES[method]} of ${pictures.length} pictures${divergence === undefined ? "" : `, KL divergence ${divergence.toFixed(3)}`}`,
    );
    if (quality) {
      io.out(
        `trustworthiness ${quality.trustworthiness.toFixed(3)}, continuity ${quality.continuity.toFixed(3)}, ${Math.round(100 * quality.recall)} % of the nearest ${k} stay near`,
      );
    }
  }
}

const NAMES: Readonly<Record<Method, string>> = { tsne: "t-SNE", umap: "UMAP", pca: "principal components" };

async function placed(
  device: GPUDevice,
  points: Points,
  method: Method,
  dimensions: 2 | 3,
  values: Values,
  io: Io,
): Promise<{ readonly places: Points; readonly divergence?: number }> {
  const n = points.shape[0] ?? 0;
  if (n < 4) throw new InputError(`map: expected at least 4 pictures, got ${n}`);
  const iterations = values.whole("iterations", 1, 100_000);
  const seed = values.whole("seed", 0, 2 ** 32 - 1);
  const given = values.numbers("perplexity")?.[0];
  if (given !== undefined && method !== "tsne") throw new UsageError("--perplexity belongs to --method tsne");
  if (method === "pca") return { places: pca(points, { components: dimensions }).scores };
  if (method === "umap") {
    const neighbours = Math.min(15, n - 1);
    return {
      places: await umap(device, points, {
        dimensions,
        seed,
        neighbours,
        epochs: iterations,
        signal: io.signal,
      }),
    };
  }
  // Each point has 3·perplexity + 1 neighbours.
  const perplexity = given ?? Math.min(30, (n - 2) / 3);
  const map = await createTsne(device, points, { dimensions, perplexity });
  try {
    await map
      .run({
        ...{ iterations, signal: io.signal },
        onProgress: (fraction) => io.progress(`t-SNE: ${Math.round(100 * fraction)} %`),
      })
      .catch((error: Error) => {
        if (!io.signal.aborted) throw error;
        io.err(`vitrine: stopped after ${map.iteration} iterations; this is the map so far`);
      });
    return { places: await map.read(), divergence: await map.divergence() };
  } finally {
    map.destroy();
  }
}

function onGrid(places: Points): Points {
  const { columns, cells } = snapToGrid(places);
  const data = new Float32Array(2 * cells.length);
  for (const [i, cell] of cells.entries()) {
    data[2 * i] = cell % columns;
    data[2 * i + 1] = Math.floor(cell / columns);
  }
  return { data, shape: [cells.length, 2] };
}

function thumbnailsFor(source: Source, side: number, { pictures }: PictureFeatures) {
  return thumbnailsOf(source, { side, pictures: pictures.map(({ index }) => index) });
}

function oneOf<T extends string>(
  option: "method" | "frame",
  all: readonly T[],
  values: Values,
): T | undefined {
  const given = values.text(option);
  const found = all.find((name) => name === given);
  if (given === undefined || found !== undefined) return found;
  throw new UsageError(`--${option} expects ${all.join(", ")}, got "${given}"`);
}

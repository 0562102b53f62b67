import { arraySource } from "../../dataset/array-source.ts";
import type { Source } from "../../dataset/source.ts";
import { nearestNeighbours } from "../../embedding/neighbours.ts";
import type { Metric, Points } from "../../embedding/points.ts";
import { formatNumber } from "../../figures/format-number.ts";
import { composePatches } from "../../figures/patches.ts";
import { InputError } from "../../gpu/errors.ts";
import { readInput } from "../../images/picture.ts";
import type { Pixels } from "../../images/pixels.ts";
import { neighbourAccuracy, type PictureFeatures, pictureFeatures } from "../../lab/picture-features.ts";
import { pixelNeighbours } from "../../lab/pixel-neighbours.ts";
import { createNetworks } from "../../network/pool.ts";
import { readImage } from "../../node/image.ts";
import { dataOf } from "../data-source.ts";
import { featuresFor } from "../features.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const NEIGHBOURS: CliCommand = {
  name: "neighbours",
  usage: "IMAGE --data DATA",
  summary: "Show the pictures of a data set that a network takes for most like one.",
  details: [
    "IMAGE is a file, or --picture names one of the data set. The nearest are exact, by the channel means of a layer; beneath stand those nearest by their pixels, as the network is shown them, for contrast.",
    "Printed, too: how many pictures have the label that most of their nearest have.",
    '--data is what "vitrine survey" takes; --survey DIR spares the pass over it.',
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "survey",
    "layer",
    "picture",
    "nearest",
    "metric",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    layer:
      "The layer whose channel means are compared. Default: the one that the output's last weights read.",
    metric: "l2 or cosine. Default l2.",
    seed: "Seed of synthetic:N.",
    out: "A figure (.png, .svg).",
    json: "Print the neighbours as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine neighbours photo.jpg --data synthetic:48 --out near.png",
    "vitrine neighbours --picture 7 --data synthetic:48 --metric cosine --nearest 5 --json",
  ],
  run: neighboursCommand,
};

async function neighboursCommand(files: readonly string[], values: Values, io: Io): Promise<void> {
  const [file, ...more] = files;
  const named = values.text("picture");
  if ((file === undefined) === (named === undefined) || more.length > 0) {
    throw new UsageError(
      `neighbours expects one IMAGE or --picture ID, got ${files.length + Number(named !== undefined) || "none"}`,
    );
  }
  if (!values.has("data")) throw new UsageError("neighbours expects --data FOLDER, got none");
  const metric = metricOf(values);
  const wanted = values.whole("nearest", 1, 1024) ?? 9;
  const memory = values.whole("memory", 1, 2 ** 20);
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io);
  const source = await dataOf("neighbours", graph, values, io);
  const device = await io.device();
  const networks = createNetworks(device, graph, memory === undefined ? {} : { memory: memory * 2 ** 20 });
  try {
    const features = await featuresFor(networks, source, values, io);
    const { pictures, points, layer } = features;
    const asked = named === undefined ? undefined : rowNamed(named, features);
    const count = pictures.length - Number(asked !== undefined);
    const k = Math.min(wanted, count);
    if (k < 1) throw new InputError(`neighbours: expected other pictures in ${source.name}, got none`);
    const pixels = await askedFor(source, file, asked?.index, io.signal);
    const query =
      asked === undefined
        ? (await pictureFeatures(networks, arraySource([{ pixels }]), { layer, signal: io.signal })).points
        : rowOf(points, asked.row);
    const found = await nearestNeighbours(device, points, {
      ...{ queries: query, metric, signal: io.signal },
      // A picture that is in the data set finds itself first.
      k: Math.min(pictures.length, k + Number(asked !== undefined)),
    });
    const near = [...found.indices.keys()]
      .map((n) => ({ row: found.indices[n] ?? 0, distance: found.distances[n] ?? 0 }))
      .filter(({ row }) => row !== asked?.row)
      .slice(0, k);
    const own = await readInput(graph, pixels);
    const byPixels = await pixelNeighbours(graph, source, own, {
      k,
      without: asked?.index,
      signal: io.signal,
    });
    const judged = Math.min(k, pictures.length - 1);
    const all =
      judged > 0
        ? await nearestNeighbours(device, points, { k: judged, metric, signal: io.signal })
        : undefined;
    const accuracy = all && neighbourAccuracy(pictures, all.indices, judged);
    io.progress();
    const byIndex = new Map(pictures.map((picture) => [picture.index, picture]));
    const listed = near.flatMap(({ row, distance }) => {
      const picture = pictures[row];
      return picture ? [{ ...picture, distance }] : [];
    });
    const listedByPixels = byPixels.flatMap(({ index, distance }) => {
      const picture = byIndex.get(index);
      return picture ? [{ ...picture, distance }] : [];
    });
    if (out !== undefined) {
      const shown = await picturesOf(
        source,
        [...listed, ...listedByPixels].map(({ index }) => index),
        io.signal,
      );
      const row = (name: string, found: typeof listed) => ({
        name,
        patches: [
          { pixels, caption: "asked for" },
          ...found.flatMap(({ index, label, distance }) => {
            const picture = shown.get(index);
            return picture
              ? [{ pixels: picture, caption: [formatNumber(distance), label].filter(Boolean).join(" ") }]
              : [];
          }),
        ],
      });
      const draw = () =>
        composePatches({
          title: `Nearest to ${file ?? asked?.id}`,
          subtitle: `${graph.name} on ${source.name}`,
          units: [row(`by ${layer}`, listed), row("by pixels", listedByPixels)],
          notes: [
            `${metric === "cosine" ? "Cosine distance" : "Distance"} between channel means of ${layer}; between pixels, the root of their mean squared difference as the network is shown them.`,
            ...(accuracy === undefined ? [] : [accuracyWords(accuracy, judged)]),
          ],
        });
      await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
    }
    if (values.has("json")) {
      const report = { layer, metric, nearest: listed, byPixels: listedByPixels, k: judged, accuracy };
      printJson(io, { model: graph.name, data: source.name, ...report, out });
      return;
    }
    const words = (found: typeof listed) =>
      found
        .map(
          ({ id, label, distance }) =>
            `${id}${label === undefined ? "" : ` (${label})`} ${formatNumber(distance)}`,
        )
        .join(", ");
    io.out(`by ${layer}: ${words(listed)}`);
    io.out(`by pixels: ${words(listedByPixels)}`);
    if (accuracy !== undefined) io.out(accuracyWords(accuracy, judged));
  } finally {
    networks.destroy();
  }
}

function accuracyWords(accuracy: number, k: number): string {
  return `${(100 * accuracy).toFixed(1)} % of the pictures have the label that most of their ${k} nearest have.`;
}

function rowNamed(name: string, { pictures }: PictureFeatures) {
  const byName = pictures.findIndex(({ id }) => id === name);
  const row =
    byName >= 0
      ? byName
      : /^\d+$/.test(name)
        ? pictures.findIndex(({ index }) => index === Number(name))
        : -1;
  const found = pictures[row];
  if (found) return { ...found, row };
  throw new UsageError(`--picture expects the name or number of a picture of the data set, got "${name}"`);
}

/** The pixels of the file, or of the picture of the data set. */
async function askedFor(
  source: Source,
  file: string | undefined,
  index: number | undefined,
  signal: AbortSignal,
): Promise<Pixels> {
  const found = index === undefined ? undefined : (await picturesOf(source, [index], signal)).get(index);
  return found ?? readImage(file ?? "");
}

/** Pictures of a source by number, in one pass up to the last. @throws InputError when one is not there. */
async function picturesOf(
  source: Source,
  indices: readonly number[],
  signal: AbortSignal,
): Promise<Map<number, Pixels>> {
  const wanted = new Set(indices);
  const found = new Map<number, Pixels>();
  if (wanted.size === 0) return found;
  for await (const { index, pixels } of source.read({ signal, onBroken: () => {} })) {
    if (wanted.delete(index)) found.set(index, pixels);
    if (wanted.size === 0) return found;
  }
  throw new InputError(
    `neighbours: expected picture ${[...wanted][0]} in ${source.name}, got none that can be read`,
  );
}

function rowOf({ data, shape }: Points, row: number): Points {
  const width = shape.at(-1) ?? 1;
  return { data: data.slice(row * width, (row + 1) * width), shape: [1, width] };
}

function metricOf(values: Values): Metric {
  const given = values.text("metric") ?? "l2";
  if (given === "l2" || given === "euclidean") return "euclidean";
  if (given === "cosine") return "cosine";
  throw new UsageError(`--metric expects l2 or cosine, got "${given}"`);
}

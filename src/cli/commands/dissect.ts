import { join } from "node:path";
import type { Source } from "../../dataset/source.ts";
import { composeDissection, type ShownUnit } from "../../figures/dissection.ts";
import { composeLayerBars } from "../../figures/layer-bars.ts";
import { rasterize } from "../../figures/rasterize.ts";
import type { Pixels } from "../../images/pixels.ts";
import { syntheticConcepts } from "../../lab/concepts.ts";
import { type Dissection, dissection } from "../../lab/dissection.ts";
import { writePng } from "../../node/image.ts";
import { tryFolder, writeWhole } from "../../node/write.ts";
import { conceptFolder } from "../concept-folder.ts";
import { columns, layersOf, numberText, openData, shareText } from "../held-out.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { withPool } from "../made-pictures.ts";
import { openModel } from "../model.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

/** Units that are shown with their pictures, and concepts that have a bar. */
const [UNITS, BARS] = [12, 32] as const;

export const DISSECT: CliCommand = {
  name: "dissect",
  usage: "--data DATA [--masks DIR]",
  summary: "Name the concept that each unit of a layer detects, where masks of concepts are given.",
  details: [
    "Network dissection (Bau et al. 2017): a unit is on where its map is above the value that half a per cent of its values exceeds. It detects the concept with which its IoU over the data set is largest, if that is above .04.",
    "Synthetic pictures bring their own masks: shapes, textures, colors, places and clutter. --masks names a folder for other pictures.",
    "--out DIR gets dissection.json, detectors.png (units that detect a concept) and units.png (the best, with pictures that are dark where they are not on).",
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    ...(["masks", "layers", "batch", "memory", "seed", "out", "json"] as const),
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    layers: "Layers that have places, with commas between. Default: every one as it leaves its activation.",
    seed: "Seed of the pictures of synthetic:N. Default 1.",
    out: "Folder for the figures and dissection.json.",
    json: "Print what was found as JSON to standard output, and nothing else there.",
  },
  examples: ["vitrine dissect --data synthetic:160 --layers conv2_2,conv3_3 --out found"],
  run: dissectCommand,
};

async function dissectCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  assertNoArguments("dissect", words);
  const folder = values.text("masks");
  const out = values.text("out");
  if (out !== undefined) await tryFolder(out);
  const graph = await openModel(values, io);
  const source = await openData("dissect", graph, values, io);
  if (folder === undefined && !source.name.startsWith("synthetic:")) {
    throw new UsageError(
      "dissect expects --masks DIR for pictures other than synthetic:N, with DIR/PICTURE/CONCEPT.png for each picture",
    );
  }
  const seed = values.whole("seed", 0, 2 ** 32 - 1);
  const concepts = folder
    ? await conceptFolder(folder)
    : syntheticConcepts(await io.device(), seed === undefined ? {} : { seed });
  const found = await withPool(graph, values, io, (networks) =>
    dissection(networks, source, concepts, {
      ...{ layers: layersOf(values), batch: values.whole("batch", 1, 1024), signal: io.signal },
      onProgress: (done, count) => io.progress(`${done} of ${count} looks at pictures`),
    }),
  );
  const about = `${graph.name} · ${source.name} · ${found.pictures} pictures, ${found.concepts.length} concepts`;
  const plain = {
    ...{ model: graph.name, data: source.name, ...found },
    layers: found.layers.map(({ units, ...layer }) => ({
      ...layer,
      units: units.map(({ examples, ...unit }) => ({
        ...unit,
        examples: examples.map(({ id, peak }) => ({ id, peak })),
      })),
    })),
  };
  if (values.has("json")) printJson(io, { ...plain, out });
  else {
    io.out(about);
    for (const line of linesOf(found)) io.out(line);
    for (const note of found.notes) io.err(`vitrine: ${note}`);
  }
  if (out === undefined) return;
  await writeWhole(
    join(out, "dissection.json"),
    new TextEncoder().encode(`${JSON.stringify(plain, null, 1)}\n`),
  );
  await writePng(join(out, "detectors.png"), await rasterize(detectorsFigure(found, about)));
  const units = await shownUnits(found, source, io);
  if (units.length > 0) {
    const figure = composeDissection({
      title: "Units that detect a concept best",
      subtitle: `${about}; dark where the unit is not on`,
      units,
    });
    await writePng(join(out, "units.png"), await rasterize(figure));
  }
  io.err(`vitrine: wrote ${out}`);
}

const detectorsOf = ({ units }: Dissection["layers"][number], concept?: string) =>
  units.filter(({ detects, best }) => detects && (concept === undefined || best?.concept === concept));

function linesOf({ layers, concepts, threshold }: Dissection): string[] {
  return layers.flatMap((layer) => {
    const detectors = detectorsOf(layer);
    const kinds = new Set(detectors.map(({ best }) => best?.concept));
    const rows = detectors
      .toSorted((a, b) => (b.best?.iou ?? 0) - (a.best?.iou ?? 0))
      .map(({ channel, best, on }) => {
        const concept = concepts.find(({ name }) => name === best?.concept);
        return [
          `  ${channel} ${best?.concept}`,
          numberText(best?.iou),
          numberText(concept?.ceiling),
          shareText(on),
        ];
      });
    const head = `${layer.layer}: ${detectors.length} of ${layer.units.length} units detect one of ${kinds.size} concepts (IoU above ${threshold})`;
    return [head, ...(rows.length > 0 ? columns([["  unit", "IoU", "at most", "on"], ...rows]) : [])];
  });
}

function detectorsFigure(found: Dissection, subtitle: string) {
  const { layers, concepts, notes, threshold } = found;
  const counted = concepts
    .map(({ name }) => ({ name, counts: layers.map((layer) => detectorsOf(layer, name).length) }))
    .filter(({ counts }) => counts.some((count) => count > 0))
    .sort((a, b) => Math.max(...b.counts) - Math.max(...a.counts));
  const rows = counted.length > 0 ? counted.slice(0, BARS) : [{ name: "none", counts: layers.map(() => 0) }];
  return composeLayerBars({
    title: "Units that detect a concept",
    ...{ subtitle, rows: rows.map(({ name }) => name), series: layers.map(({ layer }) => layer) },
    panels: [
      {
        heading: `Units whose best IoU, above ${threshold}, is with it`,
        counts: true,
        end: 2,
        rows: rows.map(({ counts }) => counts.map((value) => ({ value }))),
      },
    ],
    notes: [
      ...layers.map(
        (layer) =>
          `${layer.layer}: ${detectorsOf(layer).length} of ${layer.units.length} units detect a concept.`,
      ),
      ...notes.map((note) => `${note}.`),
    ],
  });
}

/** The units with the largest IoU, and the pictures in which they are strongest, which are read once more. */
async function shownUnits({ layers }: Dissection, source: Source, io: Io): Promise<ShownUnit[]> {
  const best = layers
    .flatMap(({ layer, size, units }) => units.map((unit) => ({ layer, size, ...unit })))
    .filter(({ detects }) => detects)
    .sort((a, b) => (b.best?.iou ?? 0) - (a.best?.iou ?? 0))
    .slice(0, UNITS);
  const wanted = new Set(best.flatMap(({ examples }) => examples.map(({ index }) => index)));
  const pictures = new Map<number, Pixels>();
  for await (const { index, pixels } of source.read({ signal: io.signal })) {
    if (wanted.has(index)) pictures.set(index, pixels);
    if (pictures.size === wanted.size) break;
  }
  return best.map(({ layer, channel, best: concept, threshold, size, examples }) => ({
    name: `${layer}:${channel} ${concept?.concept} ${numberText(concept?.iou)}`,
    threshold,
    examples: examples.flatMap(({ index, map }) => {
      const pixels = pictures.get(index);
      return pixels ? [{ pixels, map, size }] : [];
    }),
  }));
}

import { extname, join } from "node:path";
import type { Source } from "../../dataset/source.ts";
import type { SurveyReport } from "../../dataset/survey/report.ts";
import { survey } from "../../dataset/survey/survey.ts";
import { formatNumber } from "../../figures/format-number.ts";
import { composePatches } from "../../figures/patches.ts";
import { rasterize } from "../../figures/rasterize.ts";
import { inputShape } from "../../images/preprocess.ts";
import { patchRelevance } from "../../lab/patch-relevance.ts";
import { cutPatches, type Patch } from "../../lab/patches.ts";
import { shadedPatch } from "../../lab/shaded-patch.ts";
import { type RelevanceTarget, topByRelevance } from "../../lab/top-by-relevance.ts";
import { topPatches } from "../../lab/top-patches.ts";
import { createNetworks, type Networks } from "../../network/pool.ts";
import { writePng } from "../../node/image.ts";
import { readSurvey } from "../../node/survey-folder.ts";
import { tryFile, tryFolder, writeWhole } from "../../node/write.ts";
import { dataOf } from "../data-source.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const PATCHES: CliCommand = {
  name: "patches",
  usage: "--data DATA --layer L --out FILE",
  summary: "Show the patches of a data set that the channels of a layer are strongest for.",
  details: [
    "Of each channel nine patches, one a picture, each as large as the place's receptive field, cut from the picture as the network was shown it. What lies beyond the picture has the color that the network takes for zero.",
    "--by relevance takes the pictures that a channel matters most for, and not those that excite it most: LRP says how much of an answer went through each channel. --mask darkens what of a patch was of no relevance.",
    '--data is what "vitrine survey" takes; --survey DIR spares the pass over it. --out is a figure (.png, .svg), or a folder for every patch as a file, with a patches.json.',
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "survey",
    "layer",
    "channel",
    "by",
    "target",
    "mask",
    "top",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    by: "activation or relevance: what makes a picture one of a channel's, that it excites the channel, or that the channel matters for its answer. Default activation.",
    channel: "Channels of --layer, from 0, with commas between. Default: all.",
    target:
      'Whose relevance counts: "answer", the class that the network gives a picture; "label", the picture\'s own; or one class. Default answer.',
    top: "Patches of each channel, 1 to 64. Default 9.",
    seed: "Seed of synthetic:N.",
    out: "A figure (.png, .svg), or a folder.",
    json: "Print the patches as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine patches --data synthetic:200 --layer conv3_3 --channel 1,5 --out patches.png",
    "vitrine patches --data photos --layer conv2_2 --channel 1,3 --by relevance --mask --out patches.png",
  ],
  run(positionals, values, io) {
    assertNoArguments("patches", positionals);
    return patchesCommand(values, io);
  },
};

/** The patches of a channel, and the maps that shade them. */
interface Found {
  readonly channel: number;
  readonly patches: readonly Patch[];
  readonly maps?: readonly Float32Array[] | undefined;
}

async function patchesCommand(values: Values, io: Io): Promise<void> {
  const layer = values.text("layer");
  if (layer === undefined) throw new UsageError("patches expects --layer, got none");
  if (!values.has("data")) throw new UsageError("patches expects --data FOLDER, got none");
  const by = values.text("by") ?? "activation";
  if (by !== "activation" && by !== "relevance") {
    throw new UsageError(`--by expects activation or relevance, got "${by}"`);
  }
  if (values.has("target") && by === "activation" && !values.has("mask")) {
    throw new UsageError("--target belongs to --by relevance or --mask");
  }
  const out = values.text("out");
  const kind = out === undefined ? "" : extname(out).toLowerCase();
  if (out !== undefined && !["", ".png", ".svg"].includes(kind)) {
    throw new UsageError(`--out expects a file that ends in .png or .svg, or a folder, got "${out}"`);
  }
  if (out !== undefined) await (kind === "" ? tryFolder(out) : tryFile(out, "--out"));
  const memory = values.whole("memory", 1, 2 ** 20);
  const graph = await openModel(values, io);
  const source = await dataOf("patches", graph, values, io);
  const networks = createNetworks(
    await io.device(),
    graph,
    memory === undefined ? {} : { memory: memory * 2 ** 20 },
  );
  try {
    const units = await (by === "relevance" ? relevant : exciting)(networks, source, layer, values, io);
    const found = values.has("mask") ? await masked(networks, source, layer, units, values, io) : units;
    io.progress();
    const size = inputShape(graph);
    const shown = found.map(({ channel, patches, maps }) => ({
      channel,
      patches: patches.map((patch, rank) => {
        const map = maps?.[rank];
        return { ...patch, pixels: map ? shadedPatch(patch, map, [size[0], size[1]]) : patch.pixels };
      }),
    }));
    const report = { model: graph.name, data: source.name, layer, by, units: shown.map(plain) };
    if (out !== undefined && kind === "") await writeFolder(out, layer, shown, report);
    else if (out !== undefined) {
      const figure = composePatches({
        title: `Patches of ${layer}, by ${by}`,
        subtitle: `${graph.name} on ${source.name}`,
        units: shown.map(({ channel, patches }) => ({
          name: `unit ${channel}`,
          patches: patches.map(({ pixels, value, label }) => ({
            pixels,
            caption: `${formatNumber(value)}${label === undefined ? "" : ` ${label}`}`,
          })),
        })),
        notes: notesOf(by, values.has("mask")),
      });
      if (kind === ".svg") await writeWhole(out, Buffer.from(figure.svg), "figure");
      else await writePng(out, await rasterize(figure));
    }
    if (values.has("json")) printJson(io, { ...report, out });
    else {
      for (const { channel, patches } of shown) {
        const words = patches.map(({ id, value }) => `${id} ${formatNumber(value)}`);
        io.out(`unit ${channel}: ${words.length > 0 ? words.join(", ") : "none"}`);
      }
    }
  } finally {
    networks.destroy();
  }
}

async function exciting(
  networks: Networks,
  source: Source,
  layer: string,
  values: Values,
  io: Io,
): Promise<Found[]> {
  const top = values.whole("top", 1, 64);
  const folder = values.text("survey");
  const report: SurveyReport =
    folder !== undefined
      ? await readSurvey(folder)
      : await survey(networks, source, {
          ...{ layers: [layer], bins: 0, top, output: values.text("output") },
          ...{ batch: values.whole("batch", 1, 1024), signal: io.signal },
          onBroken: ({ id, why }) =>
            io.err(`vitrine: passed over: ${why.includes(id) ? "" : `${id}: `}${why}`),
          onProgress: ({ done, count }) => io.progress(progress("survey", done, count)),
        });
  const channels = values.numbers("channel") ?? [
    ...(report.layers.find((own) => own.layer === layer)?.top.channels.keys() ?? []),
  ];
  const patches = await topPatches(networks.graph, source, report, {
    ...{ layer, channels, top, signal: io.signal },
    onProgress: (done, count) => io.progress(progress("patches", done, count)),
  });
  return patches.map((own, i) => ({ channel: channels[i] ?? 0, patches: own }));
}

async function relevant(
  networks: Networks,
  source: Source,
  layer: string,
  values: Values,
  io: Io,
): Promise<Found[]> {
  const [found] = await topByRelevance(networks, source, {
    ...{ layers: [layer], target: targetOf(values), top: values.whole("top", 1, 64) },
    ...{ batch: values.whole("batch", 1, 1024), signal: io.signal },
    onBroken: ({ id, error }) => io.err(`vitrine: passed over: ${id}: ${error.message}`),
    onProgress: (done, count) => io.progress(progress("relevance", done, count)),
  });
  const all = found?.top.channels ?? [];
  const channels = values.numbers("channel") ?? [...all.keys()];
  const stray = channels.find((channel) => all[channel] === undefined);
  if (stray !== undefined) {
    throw new UsageError(`--channel expects channels of 0 to ${all.length - 1} of "${layer}", got ${stray}`);
  }
  const patches = await cutPatches(networks.graph, source, {
    ...{ layer, places: channels.map((channel) => all[channel] ?? []), signal: io.signal },
    onProgress: (done, count) => io.progress(progress("patches", done, count)),
  });
  return patches.map((own, i) => ({ channel: channels[i] ?? 0, patches: own }));
}

async function masked(
  networks: Networks,
  source: Source,
  layer: string,
  units: readonly Found[],
  values: Values,
  io: Io,
): Promise<Found[]> {
  const maps = await patchRelevance(networks, source, units, {
    ...{ layer, target: targetOf(values), signal: io.signal },
    onProgress: (done, count) => io.progress(progress("masks", done, count)),
  });
  return units.map((unit, i) => ({ ...unit, maps: maps[i] }));
}

function targetOf(values: Values): RelevanceTarget {
  const target = values.text("target") ?? "answer";
  if (target === "answer" || target === "label") return target;
  return { class: /^\d+$/.test(target) ? Number(target) : target };
}

async function writeFolder(
  out: string,
  layer: string,
  units: readonly Found[],
  report: object,
): Promise<void> {
  const name = layer.replace(/[^\w.-]+/g, "_");
  for (const { channel, patches } of units) {
    for (const [rank, { pixels }] of patches.entries()) {
      await writePng(join(out, `${name}-${channel}-${rank + 1}.png`), pixels);
    }
  }
  await writeWhole(join(out, "patches.json"), Buffer.from(JSON.stringify(report, null, 2)), "patches");
}

/** A unit's patches without their pixels. */
function plain({ channel, patches }: Found) {
  return { channel, patches: patches.map(({ pixels: _, ...about }) => about) };
}

function notesOf(by: string, mask: boolean): string[] {
  return [
    by === "activation"
      ? "The pictures that excite each unit most, strongest first; beneath, the activation."
      : "The pictures that each unit matters most for, by LRP; beneath, its share of the layer's relevance for the answer.",
    ...(mask ? ["Bright is what of the patch was relevant through the unit."] : []),
  ];
}

function progress(what: string, done: number, count: number | undefined): string {
  return `${what}: ${done}${count === undefined ? "" : ` of ${count}`}`;
}

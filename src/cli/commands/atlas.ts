import type { Source } from "../../dataset/source.ts";
import type { SurveyReport } from "../../dataset/survey/report.ts";
import { survey } from "../../dataset/survey/survey.ts";
import { InputError } from "../../gpu/errors.ts";
import { createNetworks, type Networks } from "../../network/pool.ts";
import { type DissectedLayers, makeAtlas } from "../../node/make-atlas.ts";
import { readRegular } from "../../node/read.ts";
import { readSurvey } from "../../node/survey-folder.ts";
import { dataOf } from "../data-source.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const ATLAS: CliCommand = {
  name: "atlas",
  usage: "--data DATA --out DIR",
  summary: "Make a site with a page for every unit of a network.",
  details: [
    "Each page shows the picture that the unit wants, the patches of the data set that excite it most, its histogram, the classes that drive it, the units that vary with it, the weights to it and from it. Layers are walls of pictures; a search finds layers, classes and concepts.",
    "The site is a folder: DIR/index.html opens from it, without a server, and loads nothing from elsewhere. Each page has an address that can be sent.",
    '--data is what "vitrine survey" takes. A data set that takes long is surveyed first, with --correlation, and named by --survey.',
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "survey",
    "dissection",
    "layers",
    "steps",
    "top",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    layers: "Layers, with commas between. Default: those of the survey up to the logits, without poolings.",
    steps: "Steps of the pictures that units want; 0 makes none. Default 128.",
    top: "Patches of each unit, 1 to 64. Default 9.",
    seed: "Seed of the pictures that units want, and of synthetic:N. Default 0.",
    out: "Folder for the site.",
    json: "Print what was made as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine atlas --data synthetic:400 --layers conv3_3 --steps 32 --out site",
    "vitrine atlas --data photos --model squeezenet --survey surveyed --out site",
  ],
  run(positionals, values, io) {
    assertNoArguments("atlas", positionals);
    return atlasCommand(values, io);
  },
};

async function atlasCommand(values: Values, io: Io): Promise<void> {
  const out = values.text("out");
  if (out === undefined) throw new UsageError("atlas expects --out DIR, got none");
  if (!values.has("data")) throw new UsageError("atlas expects --data FOLDER, got none");
  const layers = values
    .text("layers")
    ?.split(",")
    .map((name) => name.trim());
  const top = values.whole("top", 1, 64);
  const steps = values.whole("steps", 0, 100_000);
  const seed = values.whole("seed", 0, 2 ** 32 - 1);
  const memory = values.whole("memory", 1, 2 ** 20);
  const dissection = await dissectionOf(values);
  const graph = await openModel(values, io);
  const source = await dataOf("atlas", graph, values, io);
  const networks = createNetworks(
    await io.device(),
    graph,
    memory === undefined ? {} : { memory: memory * 2 ** 20 },
  );
  try {
    const report = await surveyFor(networks, source, { layers, top }, values, io);
    const made = await makeAtlas(networks, source, report, {
      ...{ out, layers, steps, top, seed, dissection, signal: io.signal },
      onProgress: (what, done, count) => io.progress(`${what} ${Math.round(done)} of ${count}`),
    });
    io.progress();
    if (values.has("json")) printJson(io, { model: graph.name, data: source.name, ...made, out });
    else {
      io.out(
        `${made.units} units in ${made.layers} layers, ${(made.bytes / 2 ** 20).toFixed(1)} MiB; open ${out}/index.html`,
      );
    }
  } finally {
    networks.destroy();
  }
}

/** What the file of --dissection holds. */
async function dissectionOf(values: Values): Promise<DissectedLayers | undefined> {
  const path = values.text("dissection");
  if (path === undefined) return undefined;
  const text = (await readRegular(path, "--dissection")).toString();
  try {
    const found = JSON.parse(text) as Partial<DissectedLayers>;
    if (Array.isArray(found.layers) && found.layers.every(({ units }) => Array.isArray(units))) {
      return { layers: found.layers };
    }
  } catch {
    // It is no JSON; what is expected is the same.
  }
  throw new InputError(`--dissection expects the dissection.json of "vitrine dissect --out", got "${path}"`);
}

async function surveyFor(
  networks: Networks,
  source: Source,
  choices: { readonly layers: readonly string[] | undefined; readonly top: number | undefined },
  values: Values,
  io: Io,
): Promise<SurveyReport> {
  const folder = values.text("survey");
  if (folder !== undefined) return readSurvey(folder);
  return survey(networks, source, {
    ...choices,
    ...{ correlation: true, output: values.text("output"), batch: values.whole("batch", 1, 1024) },
    onBroken: ({ id, why }) => io.err(`vitrine: passed over: ${why.includes(id) ? "" : `${id}: `}${why}`),
    onProgress: ({ done, count }) =>
      io.progress(`survey: ${done}${count === undefined ? "" : ` of ${count}`} pictures`),
    signal: io.signal,
  });
}

import { join } from "node:path";
import { corruptedSource } from "../../dataset/corrupted-source.ts";
import type { SurveyReport } from "../../dataset/survey/report.ts";
import { survey } from "../../dataset/survey/survey.ts";
import type { SurveyProgress } from "../../dataset/survey/survey-options.ts";
import { settingsOf } from "../../dataset/survey/survey-settings.ts";
import { InputError } from "../../gpu/errors.ts";
import { createNetworks } from "../../network/pool.ts";
import { SurveyFolder } from "../../node/survey-folder.ts";
import { corruptionNamed } from "../../techniques/robustness/corruptions/list.ts";
import { CORRUPTION_SETS, corruptionOf } from "../corruption-choice.ts";
import { dataOf } from "../data-source.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import { type GivenShard, shardOf } from "../shard.ts";
import { surveyLines, surveySummary } from "../survey-summary.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const SURVEY: CliCommand = {
  name: "survey",
  usage: "--data DATA --out DIR",
  summary: "Run a network over a data set once, and keep what every channel does.",
  details: [
    "Of each channel: mean, variance, least and largest value, share of zeros, a histogram, the pictures that excite it most with their places, its mean for each label. Of each picture: the answer, and features. Where labels are classes of the network: how right it is.",
    "--data is a folder of pictures, whose labels are the names of the folders within; a pattern; a list of files (.txt); an array (.npy, .npz), MNIST's, CIFAR's, WebDataset's or Hugging Face's files; or synthetic:N, the first N pictures of the shipped data set.",
    "--out DIR gets survey.npz (NumPy reads it), pictures.csv and features-LAYER.npy. What was found is kept now and then; the same command goes on where a run stopped, and refuses to go on with another network, data set or choice.",
    'Many processes can share the work, each with a part: --shard 3/8 writes DIR/part-3-of-8, and "vitrine merge DIR" makes one survey of all parts. A broken picture is named, counted and passed over.',
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "layers",
    "features",
    "top",
    "bins",
    "correlation",
    "shard",
    "shards",
    "corrupt",
    "constants",
    "strict",
    "checkpoint",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    top: "Pictures that are kept for each channel, 1 to 64. Default 9.",
    out: "Folder for the survey.",
    json: "Print a summary as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine survey --data synthetic:200 --layers conv3_3 --out survey",
    "vitrine survey --data photos --model squeezenet --out found",
  ],
  async run(positionals, values, io) {
    const [folder, ...more] = positionals;
    if (more.length > 0 || (folder !== undefined && values.has("data"))) {
      throw new UsageError(`survey expects one data set, got "${positionals.join(" ")}"`);
    }
    await surveyCommand(folder === undefined ? values : values.with("data", [folder]), io);
  },
};

async function surveyCommand(values: Values, io: Io): Promise<void> {
  if (!values.has("data")) throw new UsageError("survey expects --data FOLDER, got none");
  const out = values.text("out");
  if (out === undefined) throw new UsageError("survey expects --out DIR, got none");
  const shard = shardOf(values);
  const path = folderOf(out, shard);
  const corruption = corruptionOf(values);
  const set = values.choice("constants", CORRUPTION_SETS);
  if (set !== undefined && corruption === undefined) {
    throw new UsageError("survey takes --constants only with --corrupt KIND:SEVERITY");
  }
  const memory = values.whole("memory", 1, 2 ** 20);
  const choices = {
    layers: namesIn(values, "layers"),
    features: namesIn(values, "features"),
    top: values.whole("top", 1, 64),
    bins: values.whole("bins", 0, 1022),
    correlation: values.has("correlation"),
    output: values.text("output"),
  };
  const graph = await openModel(values, io);
  const settings = settingsOf(graph, choices);
  const plain = await dataOf("survey", graph, values, io);
  const seed = values.whole("seed", 0, 2 ** 32 - 1);
  const source = corruption ? corruptedSource(await io.device(), plain, { ...corruption, set, seed }) : plain;
  const deviation = corruption && corruptionNamed(corruption.kind).deviation;
  if (deviation !== undefined) io.err(`vitrine: ${corruption?.kind}: ${deviation}`);
  const folder = await SurveyFolder.open(path, settings.features);
  if (shard.from !== undefined) io.err(`vitrine: part ${shard.i}/${shard.n}, as ${shard.from} says`);
  if (folder.found) {
    const { complete, pictures } = folder.found;
    io.err(
      `vitrine: ${path} holds ${complete ? "the whole survey" : `a survey of ${pictures} pictures`}; going on`,
    );
  }
  const networks = createNetworks(
    await io.device(),
    graph,
    memory === undefined ? {} : { memory: memory * 2 ** 20 },
  );
  let last: SurveyProgress | undefined;
  try {
    const report = await survey(networks, source, {
      ...choices,
      shard: { i: shard.i, n: shard.n },
      batch: values.whole("batch", 1, 1024),
      strict: values.has("strict"),
      every: values.whole("checkpoint", 1, 2 ** 31),
      resume: folder.found,
      onPicture: (picture) => folder.add(picture),
      onBroken: ({ id, why }) => io.err(`vitrine: passed over: ${why.includes(id) ? "" : `${id}: `}${why}`),
      onCheckpoint: (found) => folder.write(found),
      onProgress(progress) {
        last = progress;
        io.progress(progressLine(progress));
      },
      signal: io.signal,
    }).catch((error: Error) => {
      throw folder.found && error instanceof InputError && error.message.startsWith("survey to go on with")
        ? new InputError(`${error.message}; ${path} holds another survey: choose another --out`)
        : error;
    });
    if (report !== folder.found) await folder.write(report);
    io.progress();
    tell(report, path, last, values, io);
  } finally {
    networks.destroy();
  }
}

function tell(
  report: SurveyReport,
  path: string,
  progress: SurveyProgress | undefined,
  values: Values,
  io: Io,
): void {
  if (values.has("json")) printJson(io, { ...surveySummary(report), out: path });
  else for (const line of surveyLines(report)) io.out(line);
  if (progress && progress.picturesPerSecond > 0) {
    io.err(
      `vitrine: ${progress.picturesPerSecond.toFixed(1)} pictures a second, most of the time waiting for the ${progress.waitsFor}`,
    );
  }
  io.err(`vitrine: wrote ${path}`);
}

/** The folder of a part, or of the whole. */
export function folderOf(out: string, { i, n }: GivenShard): string {
  return n === 1 ? out : join(out, `part-${String(i).padStart(String(n - 1).length, "0")}-of-${n}`);
}

function namesIn(values: Values, option: "layers" | "features"): string[] | undefined {
  return values
    .text(option)
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

function progressLine({ done, count, picturesPerSecond, waitsFor }: SurveyProgress): string {
  const of = count === undefined ? "" : ` of ${count}`;
  return `${done}${of} pictures, ${picturesPerSecond.toFixed(1)} a second, waiting for the ${waitsFor}`;
}

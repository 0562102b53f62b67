import { join } from "node:path";
import { type ErrorFigure, layOutErrorCurves } from "../../figures/error-curves.ts";
import { rasterize } from "../../figures/rasterize.ts";
import { InputError } from "../../gpu/errors.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { type CorruptionError, corruptionError, notAlexNet } from "../../lab/corruption-error.ts";
import { type ErrorCurves, errorCurves } from "../../lab/error-curves.ts";
import { createNetworks } from "../../network/pool.ts";
import { writePng } from "../../node/image.ts";
import { readRegular } from "../../node/read.ts";
import { tryFolder, writeWhole } from "../../node/write.ts";
import { CORRUPTIONS } from "../../techniques/robustness/corruptions/list.ts";
import { CORRUPTION_SETS, kindsOf, severitiesOf } from "../corruption-choice.ts";
import { dataOf } from "../data-source.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const ROBUSTNESS: CliCommand = {
  name: "robustness",
  usage: "--data DATA [--out DIR]",
  summary: "Count a network's errors on a data set that is corrupted in every kind and severity.",
  rows: CORRUPTIONS.map(({ name, title, extra }) => [
    name,
    extra ? `${title}; beside the benchmark's fifteen` : title,
  ]),
  details: [
    "Errors of ImageNet-C and CIFAR-10-C (Hendrycks & Dietterich 2019). --data is as survey takes it; pictures count whose label is a class of the network. Each is decoded once, and corrupted at its own size before it is made ready for the network.",
    "The corruption error (CE) of a kind is its mean error in per cent of AlexNet's; mCE is the mean over the benchmark's fifteen kinds. AlexNet's published errors are of ImageNet's classes, with --constants imagenet and all severities. Else there are mean errors, or CE against another network's --out.",
    "--out DIR gets curves.json, which --against takes, and curves.png.",
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "kinds",
    "severities",
    "constants",
    "against",
    "strict",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    seed: "Seed of what is random in the corruptions, and of synthetic pictures. Default 0, and 1 for synthetic pictures.",
    out: "Folder for curves.json and curves.png.",
    json: "Print curves and errors as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine robustness --data synthetic:8 --kinds fog,contrast --out curves",
    "vitrine robustness --data synthetic:8 --kinds jpeg --severities 1,5 --json",
  ],
  async run(positionals, values, io) {
    if (positionals.length > 0) {
      throw new UsageError(`robustness expects its data set by --data, got "${positionals.join(" ")}"`);
    }
    await robustnessCommand(values, io);
  },
};

async function robustnessCommand(values: Values, io: Io): Promise<void> {
  if (!values.has("data")) throw new UsageError("robustness expects --data FOLDER, got none");
  const [kinds, severities] = [kindsOf(values), severitiesOf(values)];
  const set = values.choice("constants", CORRUPTION_SETS);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const memory = values.whole("memory", 1, 2 ** 20);
  const batch = values.whole("batch", 1, 1024);
  const against = await otherOf(values);
  const out = values.text("out");
  if (out !== undefined) await tryFolder(out);
  const graph = await openModel(values, io);
  const source = await dataOf("robustness", graph, values, io);
  const options = memory === undefined ? {} : { memory: memory * 2 ** 20 };
  const networks = createNetworks(await io.device(), graph, options);
  const passOver = (broken: { readonly id: string; readonly why: string }): void =>
    io.err(`vitrine: passed over: ${broken.id}: ${broken.why}`);
  try {
    const curves = await errorCurves(networks, source, {
      ...{ kinds, severities, set, seed, batch, output: values.text("output"), signal: io.signal },
      ...(values.has("strict") ? {} : { onBroken: passOver }),
      onProgress: ({ done, count }) =>
        io.progress(`${done}${count === undefined ? "" : ` of ${count}`} pictures`),
    });
    io.progress();
    const divided = against ?? (notAlexNet(curves) === undefined ? "alexnet" : undefined);
    const error = corruptionError(curves, divided);
    if (values.has("json")) printJson(io, { curves, error });
    else for (const line of linesOf(curves, error)) io.out(line);
    for (const note of error.notes) io.err(`vitrine: ${note}`);
    if (out === undefined) return;
    await writeWhole(
      join(out, "curves.json"),
      new TextEncoder().encode(`${JSON.stringify({ curves, error }, null, 1)}\n`),
    );
    const figure = layOutErrorCurves(figureOf(curves, error, against));
    await writePng(join(out, "curves.png"), await rasterize(figure));
    io.err(`vitrine: wrote ${out}`);
  } finally {
    networks.destroy();
  }
}

/** The curves of the file that --against names. */
async function otherOf(values: Values): Promise<ErrorCurves | undefined> {
  const path = values.text("against");
  if (path === undefined) return undefined;
  const text = (await readRegular(path, "--against")).toString();
  try {
    const { curves } = JSON.parse(text) as { curves?: ErrorCurves };
    if (Array.isArray(curves?.curves) && typeof curves.clean === "number") return curves;
  } catch {
    // It is no JSON; what is expected is the same.
  }
  throw new InputError(
    `--against expects the curves.json of another "vitrine robustness --out", got "${path}"`,
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A table: a kind a line, then the means. */
function linesOf(curves: ErrorCurves, error: CorruptionError): string[] {
  const { severities, clean, pictures, unlabelled, broken } = curves;
  const divided = error.against !== undefined;
  const head = ["error", ...severities.map(String), "mean", ...(divided ? ["CE", "relative CE"] : [])];
  const rows = curves.curves.map(({ title, errors }, n) => {
    const { mean = 0, ce, relativeCe } = error.kinds[n] ?? {};
    const own = divided ? [ce, relativeCe].map((value) => value?.toFixed(1) ?? "–") : [];
    return [title, ...[...errors, mean].map(percent), ...own];
  });
  const means = [
    "mean of kinds",
    ...severities.map((_, i) => percent(meanAt(curves, i))),
    percent(error.mean),
  ];
  const mces = divided ? [error.mce, error.relativeMce].map((value) => value?.toFixed(1) ?? "–") : [];
  const all = [head, ...rows, [...means, ...mces]];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const passed = [
    ...(unlabelled > 0 ? [`${unlabelled} without a label of the network`] : []),
    ...(broken > 0 ? [`${broken} passed over`] : []),
  ];
  return [
    `${curves.model} on ${curves.data}: ${[`${pictures} pictures`, ...passed].join(", ")}; error on them as they are ${percent(clean)}`,
    ...all.map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    ),
    ...(error.mce === undefined ? [] : [`mCE ${error.mce.toFixed(1)} against ${error.against}`]),
  ];
}

/** Mean error at a severity, over the benchmark's kinds, or over those that there are. */
function meanAt({ curves }: ErrorCurves, i: number): number {
  const benchmark = curves.filter(({ extra }) => !extra);
  const counted = benchmark.length > 0 ? benchmark : curves;
  return counted.reduce((sum, { errors }) => sum + (errors[i] ?? 0), 0) / counted.length;
}

function figureOf(curves: ErrorCurves, error: CorruptionError, other: ErrorCurves | undefined): ErrorFigure {
  const { model, data, pictures, severities, clean, set } = curves;
  const others = new Map(other?.curves.map(({ kind, errors }) => [kind, errors]));
  return {
    title: `Errors of ${model} under corruption, in per cent`,
    subtitle: `${data} · ${pictures} pictures · constants of ${set} · grey line: as they are, ${percent(clean)}`,
    ...{ severities, clean },
    ...(other ? { names: [model, other.model] as const } : {}),
    panels: curves.curves.map(({ kind, title, errors }, n) => {
      const ce = error.kinds[n]?.ce;
      return {
        title,
        errors,
        others: others.get(kind),
        remark: ce === undefined ? undefined : `CE ${ce.toFixed(0)}`,
      };
    }),
    notes: error.notes,
  };
}

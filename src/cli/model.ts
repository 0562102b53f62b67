import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../gpu/errors.ts";
import type { Graph } from "../graph/graph.ts";
import {
  namedPreprocessing,
  PICTURE_FITS,
  type PictureFit,
  type Preprocessing,
} from "../graph/preprocessing.ts";
import { loadModel } from "../models/load-model.ts";
import { modelFromDisk } from "../node/files.ts";
import { withGivenInputs } from "./given-inputs.ts";
import { headKindOf } from "./heads.ts";
import type { Input } from "./images.ts";
import { networkSize } from "./input-size.ts";
import { type Io, progressOf, UsageError } from "./io.ts";
import { readLabels } from "./labels.ts";
import { Values } from "./values.ts";

/** The package's own folder and version, from wherever this file was built to. */
export function ownPackage(): { readonly root: string; readonly version: string } {
  for (let root = dirname(fileURLToPath(import.meta.url)); ; root = dirname(root)) {
    const file = join(root, "package.json");
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
      if (name === "vitrine" && version) return { root, version };
    }
    if (dirname(root) === root) throw new InputError("expected Vitrine's own package.json above the program");
  }
}

/**
 * Reads the network that --model, --labels and the preprocessing options mean. Where its file leaves the size free, it runs
 * at --size, or at the size of the images (those named without --image are `more`).
 * @param shipped the network of the package's folder models/ where no --model is given.
 */
export async function openModel(
  values: Values,
  io: Io,
  more: readonly string[] = [],
  shipped = "vitrine",
): Promise<Graph> {
  const given = preprocessingOf(values);
  const { fit, resize } = fitOf(values);
  const labels = values.text("labels");
  const output = values.text("output");
  const head = headKindOf(values);
  const path = values.text("model") ?? shippedModel(shipped);
  const files = await modelFromDisk(path);
  const { inputShape, explain } = networkSize(values, io, more);
  const graph = await loadModel(files, {
    labels: labels === undefined ? undefined : await readLabels(labels),
    output,
    head,
    preprocessing: given,
    fit,
    inputShape,
    onProgress: progressOf(io, "reading the model"),
    signal: io.signal,
  }).catch((error: Error) => {
    throw explain(inOptions(error, values));
  });
  io.progress();
  if (graph.labelsFrom !== undefined) {
    io.err(`vitrine: names of the classes from ${graph.labelsFrom}; --labels gives others`);
  }
  const fed = await withGivenInputs(graph, values);
  if (resize === undefined) return fed;
  return { ...fed, preprocessing: { ...fed.preprocessing, resize } };
}

/** The folder of a network of the package's own. */
export function shippedModel(name: string): string {
  return join(ownPackage().root, "models", name);
}

/** Reads another network, with what its own files declare. */
export function openAlone(path: string, io: Io): Promise<Graph> {
  return openModel(new Values({ positionals: [], values: new Map([["model", [path]]]) }), io);
}

/** The library's words for its options, in those of the command line. */
function inOptions(error: Error, values: Values): Error {
  const option = values.has("preprocess") ? `--preprocess ${values.text("preprocess")}` : "--mean, --std";
  return error instanceof InputError && error.message.startsWith("options.preprocessing")
    ? new UsageError(error.message.replace("options.preprocessing", option))
    : error;
}

function fitOf(values: Values): { readonly fit?: PictureFit; readonly resize?: number } {
  const resize = values.whole("resize", 1, 16384);
  const fit = values.choice("fit", PICTURE_FITS);
  if (resize === undefined) return fit ? { fit } : {};
  if (fit && fit !== "cover") throw new UsageError(`--resize expects --fit cover beside it, got ${fit}`);
  return { fit: "cover", resize };
}

function preprocessingOf(values: Values): Preprocessing | undefined {
  for (const name of ["mean", "std", "range"] as const) values.exclusive("preprocess", name);
  const name = values.text("preprocess");
  if (name !== undefined) return namedPreprocessing(name);
  if (!values.has("mean") && !values.has("std")) {
    if (values.has("range")) throw new UsageError("--range expects --mean or --std beside it");
    return undefined;
  }
  const range = values.text("range") ?? "255";
  if (range !== "255" && range !== "1") throw new UsageError(`--range expects 255 or 1, got "${range}"`);
  const mean = values.numbers("mean") ?? [0];
  const std = values.numbers("std") ?? [1];
  if (std.includes(0))
    throw new UsageError(`--std expects numbers other than 0, got "${values.text("std")}"`);
  return { range: range === "1" ? 1 : 255, mean, std, source: "given" };
}

/** The preprocessing as numbers, for reports; of what is a guess, which option says otherwise. */
export function preprocessingReport({ preprocessing }: Graph): Record<string, unknown> {
  const { range, mean, std, resize, fit, source, guessed } = preprocessing;
  const remedies = guessed?.map((part) => REMEDIES[part]);
  return {
    range,
    mean,
    std,
    resize,
    fit,
    source,
    guessed,
    otherwise: remedies?.join(", "),
  };
}

const REMEDIES = { values: "--preprocess", fit: "--fit" } as const;

/** Words for a caption about how a picture became the network's input: that it is a guess, and how it was fitted. */
export function provenance(
  { preprocessing: { guessed } }: Graph,
  input: Pick<Input, "fitted" | "asItStands">,
): string[] {
  return [
    ...(guessed?.includes("values") && !input.asItStands ? ["preprocessing guessed"] : []),
    ...(input.fitted === undefined ? [] : [input.fitted]),
  ];
}

/** Says on standard error when pictures went through a preprocessing that is a guess, and once how one was fitted. */
export function warnOfGuess(
  { preprocessing }: Graph,
  io: Io,
  inputs: readonly Pick<Input, "name" | "fitted" | "asItStands">[],
): void {
  const { guessed, source, range, mean, std, fit } = preprocessing;
  if (guessed?.includes("values") && !inputs.every(({ asItStands }) => asItStands)) {
    io.err(
      `vitrine: preprocessing ${source}: (v / ${range} − [${mean.join(", ")}]) / [${std.join(", ")}]; --preprocess sets it`,
    );
  }
  const first = inputs.find(({ fitted }) => fitted !== undefined);
  if (first) {
    const why = guessed?.includes("fit")
      ? ` (assumed: ${fit === "stretch" ? "Keras's and tfjs's loaders do so" : "so such networks are fed"})`
      : "";
    const others = inputs.filter(({ fitted }) => fitted !== undefined).length - 1;
    const more = others > 0 ? `, and ${others} more like it` : "";
    io.err(
      `vitrine: ${first.name} was ${first.fitted}${more}${why}; --fit cover, stretch or contain says how`,
    );
  }
}

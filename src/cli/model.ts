import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { syntheticPictures } from "../dataset/synthetic.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { inputFrom } from "../images/preprocess.ts";
import { loadLayersModel } from "../models/layers-model.ts";
import { type Graph, inputOf } from "../network/graph.ts";
import { namedPreprocessing, type Preprocessing } from "../network/preprocessing.ts";
import { modelFromDisk } from "../node/files.ts";
import { readImage } from "../node/image.ts";
import { readNpy } from "../node/npy.ts";
import { headKindOf } from "./heads.ts";
import { type Io, progressOf, UsageError } from "./io.ts";
import { readLabels } from "./labels.ts";
import type { Values } from "./values.ts";

/** An image as the network takes it. */
export interface Input {
  /** As it was given. */
  readonly name: string;
  readonly values: Float32Array;
}

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

/** Reads the network that --model, --labels and the preprocessing options mean. */
export async function openModel(values: Values, io: Io): Promise<Graph> {
  const given = preprocessingOf(values);
  const resize = values.whole("resize", 1, 16384);
  const labels = values.text("labels");
  const output = values.text("output");
  const head = headKindOf(values);
  const path = values.text("model") ?? join(ownPackage().root, "models", "vitrine");
  const files = await modelFromDisk(path);
  const options = {
    ...(labels === undefined ? {} : { labels: await readLabels(labels) }),
    ...(output === undefined ? {} : { output }),
    ...(head === undefined ? {} : { head }),
    onProgress: progressOf(io, "reading the model"),
    signal: io.signal,
  };
  const graph = await loadLayersModel(files, {
    ...options,
    ...(given ? { preprocessing: given } : {}),
    ...(resize === undefined ? {} : { fit: "cover" as const }),
  }).catch((error: Error) => {
    // Only what --preprocess or --mean and --std say can be of another number of channels than the network.
    if (!(error instanceof InputError)) throw error;
    throw new UsageError(
      error.message.replace(
        "options.preprocessing",
        given && values.has("preprocess") ? "--preprocess" : "--mean, --std",
      ),
    );
  });
  io.progress();
  if (resize === undefined) return graph;
  return { ...graph, preprocessing: { ...graph.preprocessing, resize } };
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

const SYNTHETIC = "synthetic:";

/** Reads images into the network's input. `more` are those that were named without --image. */
export async function readInputs(
  graph: Graph,
  values: Values,
  io: Io,
  more: readonly string[] = [],
): Promise<Input[]> {
  const names = [...more, ...values.all("image")];
  if (names.length === 0) {
    throw new UsageError(
      'expected --image FILE, got none; to begin without one, try --image synthetic:4, or draw some with "vitrine dataset"',
    );
  }
  const inputs: Input[] = [];
  for (const name of names) {
    io.signal.throwIfAborted();
    inputs.push({ name, values: await readInput(graph, name, values, io) });
  }
  return inputs;
}

async function readInput(graph: Graph, name: string, values: Values, io: Io): Promise<Float32Array> {
  const [height, width, channels] = inputOf(graph).shape;
  if (name.startsWith(SYNTHETIC)) {
    const text = name.slice(SYNTHETIC.length);
    if (!/^\d+$/.test(text))
      throw new UsageError(`--image expects synthetic: and a whole number, got "${name}"`);
    const seed = values.whole("seed", 0, 2 ** 32 - 1) ?? 1;
    const size = Math.max(height, width);
    const pictures = syntheticPictures(await io.device(), { first: Number(text), size, seed });
    for await (const picture of pictures) return inputFrom(graph, picture);
  }
  if (!name.toLowerCase().endsWith(".npy")) return inputFrom(graph, await readImage(name));
  const { shape, data } = await readNpy(name);
  if (formatShape(shape) !== formatShape([height, width, channels])) {
    throw new InputError(
      `image "${name}": expected an array of ${height}×${width}×${channels}, the network's input, got ${formatShape(shape)}`,
    );
  }
  if (graph.preprocessing.turned) {
    io.err(
      "vitrine: this network was trained on blue, green, red and is run on red, green, blue: the array must be so; --preprocess none leaves it as it was",
    );
  }
  return inputFrom(graph, data);
}

/** The preprocessing as numbers, for reports. */
export function preprocessingReport({ preprocessing }: Graph): Record<string, unknown> {
  const { range, mean, std, resize, source } = preprocessing;
  return { range, mean, std, ...(resize === undefined ? {} : { resize }), source };
}

/** Says on standard error when the preprocessing is a guess. */
export function warnOfGuess({ preprocessing: { guessed, source, range, mean, std } }: Graph, io: Io): void {
  if (!guessed?.includes("values")) return;
  io.err(
    `vitrine: preprocessing ${source}: (v / ${range} − [${mean.join(", ")}]) / [${std.join(", ")}]; --preprocess sets it`,
  );
}

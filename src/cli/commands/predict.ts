import { basename } from "node:path";
import { composeLabelMap } from "../../figures/label-map.ts";
import { isBinary, yesOf } from "../../graph/classes.ts";
import { type Head, headOf, headsOf } from "../../graph/heads.ts";
import { deprocess } from "../../images/preprocess.ts";
import { createNetwork } from "../../network/create-network.ts";
import type { Network } from "../../network/network.ts";
import { type LabelMap, labelMap } from "../../techniques/label-map.ts";
import { type Prediction, predictEach } from "../../techniques/predict.ts";
import { headNotes, headReport, headWords, warnOfHead } from "../heads.ts";
import { Images, type Input } from "../images.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel, preprocessingReport, provenance, warnOfGuess } from "../model.ts";
import { FIGURE_OR_ARRAY, Outputs, outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

/** An output's predictions for each image. */
interface Answer {
  readonly head: Head;
  readonly images: (readonly Prediction[])[];
}

export const PREDICT: CliCommand = {
  name: "predict",
  usage: "[IMAGE...]",
  summary: "Print the network's answers for images: classes, labels, a yes or no, or values.",
  details: [
    "Probabilities come from the network's own softmax or sigmoid; values have none. Of several outputs each is listed; --output picks one.",
  ],
  options: ["image", ...MODEL_OPTIONS, "top", "batch", "seed", "out", "json"],
  help: {
    out: "The .npy file for the logits (or values) of one output, [images, classes]. For scores at every place: a picture (.png, .svg) of the class of each place, with a legend and each class's share of the picture, or the scores [h,w,classes] (.npy); for several images a folder, with a .png for each, or 'DIR/*.npy'.",
  },
  examples: [
    "vitrine predict --image synthetic:4",
    "vitrine predict street.jpg --model segmentation/ --out classes.png",
    "vitrine predict a.jpg b.jpg --model mobilenet --preprocess signed --labels imagenet.json --json",
  ],
  run: predictCommand,
};

async function predictCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const top = values.whole("top", 1, Number.POSITIVE_INFINITY) ?? 5;
  const most = values.whole("batch", 1, 1024) ?? 8;
  const graph = await openModel(values, io, names);
  const asked = headOf(graph);
  const ofPlaces = asked.kind === "places" && asked.scores !== "values";
  const out = ofPlaces ? undefined : await outOf(values, [".npy"]);
  const maps = ofPlaces ? await Outputs.of(values, "out", FIGURE_OR_ARRAY) : undefined;
  if (out !== undefined && asked.kind === "places") {
    throw new UsageError(
      `--out of predict expects scores of classes, got values at every place; "activations --layer ${asked.output} --out" keeps those`,
    );
  }
  const images = new Images(graph, values, io, names);
  maps?.assertFor(await images.several().catch(() => images.count > 1), "out");
  const heads = values.has("output") ? [asked] : headsOf(graph);
  warnOfHead(graph, io, heads);

  const answers = heads.map((head): Answer => ({ head, images: [] }));
  const inputs: Pick<Input, "name" | "fitted" | "asItStands">[] = [];
  let network: Network | undefined;
  try {
    for await (const batch of images.batches(most)) {
      const options = { batch: batch.length, keep: [], gradients: false };
      network ??= await createNetwork(await io.device(), graph, options);
      await answer(network, batch);
      io.progress(`predicting ${inputs.length} of ${images.count}`);
    }
  } finally {
    network?.destroy();
  }
  io.progress();
  warnOfGuess(graph, io, inputs);
  if (inputs.length === 0) images.assertWhole();

  const [first, ...others] = answers;
  if (!first) return;
  if (out !== undefined) {
    const scores = first.images.flatMap((predictions) => scoresOf(first.head, predictions));
    const shape = [inputs.length, first.head.channels];
    await writeResult(out, { data: Float32Array.from(scores), shape }, io);
  }
  if (values.has("json")) {
    const results = inputs.map(({ name: image, fitted }, i) => ({
      image,
      fitted,
      predictions: first.images[i]?.slice(0, top),
      ...(others.length > 0
        ? {
            others: Object.fromEntries(
              others.map(({ head, images }) => [head.name, images[i]?.slice(0, top)]),
            ),
          }
        : {}),
    }));
    const about = { model: graph.name, preprocessing: preprocessingReport(graph) };
    const outputs = headsOf(graph).map(headReport);
    printJson(io, { ...about, output: asked.name, outputs, results });
    images.assertWhole();
    return;
  }
  for (const [i, input] of inputs.entries()) {
    const how = provenance(graph, input);
    io.out(how.length > 0 ? `${input.name} (${how.join(", ")})` : input.name);
    for (const { head, images } of answers) {
      if (answers.length > 1) io.out(`  output ${head.name}: ${headWords(head)}`);
      for (const line of linesOf(head, images[i]?.slice(0, top) ?? [])) io.out(`  ${line}`);
    }
  }
  images.assertWhole();

  /** Asks every output about some images; where that fails, about one after another, to know which it was. */
  async function answer(network: Network, batch: readonly Input[]): Promise<void> {
    const pictures = batch.map((input) => input.values);
    const found: (readonly Prediction[])[][] = [];
    try {
      for (const { head } of answers) {
        const what = { output: head.name, top: Number.POSITIVE_INFINITY, signal: io.signal };
        const own: (readonly Prediction[])[] = [];
        for await (const predictions of predictEach(network, pictures, what)) own.push(predictions);
        found.push(own);
      }
    } catch (error) {
      const [only, ...more] = batch;
      if (more.length > 0) for (const one of batch) await answer(network, [one]);
      else images.fail(only?.name ?? "", error);
      return;
    }
    for (const [i, own] of found.entries()) answers[i]?.images.push(...own);
    if (maps) for (const input of batch) await writeLabelMap(network, input, maps, io);
    // Their values and pixels are not kept.
    inputs.push(...batch.map(({ values: _, photo, ...about }) => about));
  }
}

/** Writes the class of each place of a picture, as a figure, or the scores. */
async function writeLabelMap(network: Network, input: Input, maps: Outputs, io: Io): Promise<void> {
  const { graph } = network;
  const { data, shape, scores, areas } = await labelMap(network, input.values, { signal: io.signal });
  const draw = () =>
    composeLabelMap({
      ...{ image: deprocess(input.values, graph), data, shape, areas },
      title: titleOf(areas),
      subtitle: [graph.name, ...headNotes(graph), basename(input.name), ...provenance(graph, input)].join(
        " · ",
      ),
    });
  await writeResult(maps.fileFor(input.name), { ...scores, draw }, io);
}

function titleOf([largest, ...others]: LabelMap["areas"]): string {
  if (!largest) return "No class fits any place";
  return others.length === 0
    ? `${largest.name}, everywhere`
    : `${others.length + 1} classes, the largest ${largest.name}`;
}

/** The logits, or the values, in the order of the output's numbers. */
function scoresOf(head: Head, predictions: readonly Prediction[]): number[] {
  return predictions
    .filter(({ index }) => !isBinary(head) || index === yesOf(head))
    .toSorted((a, b) => a.index - b.index)
    .map(({ logit, value }) => logit ?? value ?? 0);
}

function linesOf(head: Head, predictions: readonly Prediction[]): string[] {
  const noun = isBinary(head) ? "side" : head.scores === "softmax" ? "class" : "label";
  const names = predictions.map(
    ({ label, index }) => label ?? (head.scores === "values" ? "" : `${noun} ${index}`),
  );
  const longest = Math.max(...names.map((name) => name.length));
  return predictions.map(({ index, probability = 0, logit = 0, value, share }, i) => {
    const name = (names[i] ?? "").padEnd(longest);
    if (value !== undefined) {
      const mean = head.kind === "places" ? ", the mean over all places" : "";
      return `${value.toPrecision(4).padStart(10)}  ${name}${name === "" ? "" : "  "}value ${index}${mean}`;
    }
    const percent = (part: number): string => `${(100 * part).toFixed(2).padStart(6)} %`;
    if (share !== undefined) {
      return `${percent(share)} of the places  ${name}  ${noun} ${index}, mean probability ${probability.toFixed(4)}, mean logit ${logit.toFixed(3)}`;
    }
    return `${percent(probability)}  ${name}  ${noun} ${index}, logit ${logit.toFixed(3)}`;
  });
}

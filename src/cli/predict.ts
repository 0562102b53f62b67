import { type Prediction, predictEach } from "../techniques/predict.ts";
import { type Io, printJson } from "./io.ts";
import { openModel, preprocessingReport, readInputs, warnOfGuess } from "./model.ts";
import { withNetwork } from "./network.ts";
import { outOf, writeResult } from "./output.ts";
import type { Values } from "./values.ts";

/** `vitrine predict [IMAGE...]`: the classes that the network sees. */
export async function predictCommand(images: readonly string[], values: Values, io: Io): Promise<void> {
  const top = values.whole("top", 1, Number.POSITIVE_INFINITY) ?? 5;
  const most = values.whole("batch", 1, 1024) ?? 8;
  const out = await outOf(values, [".npy"]);
  const graph = await openModel(values, io);
  const inputs = await readInputs(graph, values, io, images);
  warnOfGuess(graph, io);

  const results: { image: string; predictions: Prediction[] }[] = [];
  const logits: number[][] = [];
  const options = { batch: Math.min(most, inputs.length), keep: [], gradients: false };
  await withNetwork(await io.device(), graph, options, async (network) => {
    const pictures = inputs.map((input) => input.values);
    const each = predictEach(network, pictures, { top: Number.POSITIVE_INFINITY, signal: io.signal });
    for await (const predictions of each) {
      const image = inputs[results.length]?.name ?? "";
      results.push({ image, predictions: predictions.slice(0, top) });
      logits.push(predictions.toSorted((a, b) => a.index - b.index).map(({ logit }) => logit));
      io.progress(`predicting ${results.length} of ${inputs.length}`);
    }
  });
  io.progress();

  if (out !== undefined) {
    const shape = [logits.length, logits[0]?.length ?? 0];
    await writeResult(out, { data: Float32Array.from(logits.flat()), shape }, io);
  }
  if (values.has("json")) {
    printJson(io, { model: graph.name, preprocessing: preprocessingReport(graph), results });
    return;
  }
  for (const { image, predictions } of results) {
    io.out(image);
    const names = predictions.map(({ label, index }) => label ?? `class ${index}`);
    const longest = Math.max(...names.map((name) => name.length));
    for (const [place, { index, probability, logit }] of predictions.entries()) {
      const name = (names[place] ?? "").padEnd(longest);
      const percent = (100 * probability).toFixed(2).padStart(6);
      io.out(`  ${percent} %  ${name}  class ${index}, logit ${logit.toFixed(3)}`);
    }
  }
}

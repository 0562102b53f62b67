import { formatShape } from "../../gpu/tensor.ts";
import { inputOf, inputsOf, shapesOf } from "../../graph/graph.ts";
import { type Head, headsOf, logitsOf } from "../../graph/heads.ts";
import { headReport, headWords } from "../heads.ts";
import { type Io, printJson } from "../io.ts";
import { openModel, preprocessingReport } from "../model.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const LAYERS: CliCommand = {
  name: "layers",
  usage: "",
  summary: "List the network's layers and their shapes. Needs no GPU.",
  details: [],
  options: [...MODEL_OPTIONS, "json"],
  examples: ["vitrine layers", "vitrine layers --model squeezenet/model.json --json"],
  run(positionals, values, io) {
    assertNoArguments("layers", positionals);
    return layersCommand(values, io);
  },
};

async function layersCommand(values: Values, io: Io): Promise<void> {
  const graph = await openModel(values, io);
  const shapes = shapesOf(graph);
  const layers = graph.layers.map(({ name, op, inputs }) => ({
    name,
    op,
    inputs,
    shape: shapes.get(name)?.slice(1) ?? [],
  }));
  const heads = headsOf(graph);
  const inputs = inputsOf(graph).map(({ name, shape }) => ({ name, shape }));
  const { leftOut = {} } = graph;
  if (values.has("json")) {
    const { labels } = graph;
    const about = { model: graph.name, preprocessing: preprocessingReport(graph) };
    const outputs = heads.map(headReport);
    printJson(io, { ...about, logits: logitsOf(graph), inputs, outputs, leftOut, layers, labels });
    return;
  }
  const widest = Math.max(...layers.map(({ name }) => name.length));
  const largest = Math.max(...layers.map(({ shape }) => formatShape(shape).length));
  for (const { name, op, shape } of layers) {
    const mark = heads.some((head) => head.logits === name && head.scores !== "values") ? "  (logits)" : "";
    io.out(`${name.padEnd(widest)}  ${formatShape(shape).padEnd(largest)}  ${op}${mark}`);
  }
  io.out("");
  const asked = inputOf(graph);
  for (const { name, shape } of inputs) {
    io.out(
      `input ${name}: ${formatShape(shape)}${inputs.length > 1 && name !== asked.name ? ", given by --input" : ""}`,
    );
  }
  for (const [place, head] of heads.entries()) io.out(outputLine(head, place === 0 && heads.length > 1));
  for (const [name, reason] of Object.entries(leftOut)) io.out(`output ${name}: left out: ${reason}`);
}

function outputLine(head: Head, first: boolean): string {
  const { name, logits, known, scores, output } = head;
  const how =
    known === "found"
      ? ""
      : known === "given"
        ? ", as given"
        : `, assumed: it has ${scores === "values" ? "a picture's channels and size" : "no softmax"}; --head sets it`;
  const from = scores === "values" || logits === output ? "" : `, logits ${logits}`;
  return `output ${name}: ${headWords(head)}${how}${from}${first ? "; asked by default, --output names another" : ""}`;
}

import { composeLayerBars } from "../../figures/layer-bars.ts";
import { formatShape } from "../../gpu/tensor.ts";
import { positionProbe } from "../../lab/position-probe.ts";
import {
  columns,
  gathered,
  HELD_OUT_HELP,
  HELD_OUT_OPTIONS,
  heldOutOf,
  layersOf,
  numberText,
  openData,
} from "../held-out.ts";
import { type Io, printJson } from "../io.ts";
import { withPool } from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const POSITION: CliCommand = {
  name: "position",
  usage: "--data DATA",
  summary: "Measure how well layers know where a place lies in the picture.",
  details: [
    "A linear probe (ridge regression) is fitted to the row and the column of places, from their channels alone, and judged on other pictures: R² is 1 where they follow exactly, 0 where they do not at all. distance is between a place and where it is thought to be, a side of the map being 1; middle, that of always saying the middle.",
    "What the input itself gives away, the pictures tell. Zeros beyond the border tell the layers more, the deeper the farther in (Islam et al. 2020).",
  ],
  options: [...MODEL_OPTIONS.filter((name) => name !== "layout"), "layers", ...HELD_OUT_OPTIONS],
  help: {
    ...HELD_OUT_HELP,
    layers:
      "Layers that have places, with commas between. Default: the input, and every one as it leaves its activation.",
  },
  examples: ["vitrine position --data synthetic:24 --out position.png"],
  run: positionCommand,
};

async function positionCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  assertNoArguments("position", words);
  const options = { ...heldOutOf(values, io), layers: layersOf(values) };
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io);
  const source = await openData("position", graph, values, io);
  const { layers, train, test, notes } = await withPool(graph, values, io, (networks) =>
    positionProbe(networks, source, options),
  );
  const about = `${graph.name} · ${source.name} · fitted to ${train} pictures, judged on ${test}`;
  if (out !== undefined) {
    const draw = () =>
      composeLayerBars({
        ...{ title: "Where a place lies, read from its channels", subtitle: about },
        ...{
          rows: layers.map(({ layer }) => layer),
          series: ["row", "column"],
          mark: "always the middle (distance)",
        },
        panels: [
          {
            heading: "R² of a linear probe",
            rows: layers.map(({ r2 }) => [{ value: r2.y }, { value: r2.x }]),
          },
          {
            heading: "Mean distance, a side being 1",
            end: 0.5,
            rows: layers.map(({ distance, distanceOfMiddle }) => [
              { value: distance, mark: distanceOfMiddle },
            ]),
          },
        ],
      });
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) {
    printJson(io, {
      ...{ model: graph.name, preprocessing: preprocessingReport(graph), data: source.name },
      ...{ layers, train, test, notes, out },
    });
    return;
  }
  io.out(about);
  const head = ["  layer", "places", "channels", "R² row", "R² column", "distance", "middle"];
  const rows = layers.map(({ layer, size, channels, r2, distance, distanceOfMiddle }) => [
    ...[`  ${layer}`, formatShape(size), String(channels), numberText(r2.y), numberText(r2.x)],
    ...[numberText(distance), numberText(distanceOfMiddle)],
  ]);
  for (const line of columns([head, ...rows])) io.out(line);
  for (const note of [
    ...notes,
    ...gathered(layers.map(({ layer, notes: own }) => ({ name: layer, notes: own }))),
  ]) {
    io.out(note);
  }
}

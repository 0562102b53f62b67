import { composeLayerBars } from "../../figures/layer-bars.ts";
import { stitching } from "../../lab/stitching.ts";
import { createNetworks } from "../../network/pool.ts";
import {
  columns,
  HELD_OUT_HELP,
  HELD_OUT_OPTIONS,
  heldOutOf,
  numberText,
  openData,
  shareText,
} from "../held-out.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { layersIn, withPool } from "../made-pictures.ts";
import { openAlone, openModel, preprocessingReport } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const STITCH: CliCommand = {
  name: "stitch",
  usage: "--data DATA --layer NAME [--into NAME]",
  summary: "Put the end of one network behind the beginning of another, and see what it still knows.",
  details: [
    "The first network runs up to --layer. One layer, fitted by ridge regression, makes of its values those of the layer --into of the second, which goes on from there (Lenc & Vedaldi 2015). Without --second, it is the first network again.",
    "Layers that say the same in other words keep the accuracy. Several pairs of layers, with commas between, are measured one after another. Maps of other sizes are resized.",
  ],
  options: [
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    ...(["layer", "second", "into", "filter"] as const),
    ...HELD_OUT_OPTIONS,
  ],
  help: {
    ...HELD_OUT_HELP,
    layer:
      'The last layer of the first network, or several with commas between; "vitrine layers" lists them.',
    into: "The layer of the second network whose values are replaced; as many as --layer has. Default: those of the same names.",
    second: "The network that goes on, with what its own files declare. Default: the first again.",
  },
  examples: [
    "vitrine stitch --data synthetic:24 --layer conv1,conv2_2 --out stitched.png",
    "vitrine stitch --data photos --model squeezenet --layer conv1 --second mobilenet --into conv2_2",
  ],
  run: stitchCommand,
};

async function stitchCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  assertNoArguments("stitch", words);
  const layers = layersIn(values, "stitch", "layer");
  const into = values.has("into") ? layersIn(values, "stitch", "into") : layers;
  if (into.length !== layers.length) {
    throw new UsageError(
      `--into expects as many layers as --layer has, ${layers.length}, got ${into.length}`,
    );
  }
  const options = { ...heldOutOf(values, io), size: values.whole("filter", 1, 3) };
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io);
  const second = values.text("second");
  const other = second === undefined ? undefined : await openAlone(second, io);
  const source = await openData("stitch", graph, values, io);
  const found = await withPool(graph, values, io, async (networks) => {
    const end = other ? createNetworks(networks.device, other) : networks;
    try {
      const reports = [];
      for (const [i, layer] of layers.entries()) {
        const target = into[i] ?? layer;
        const name = layer === target ? layer : `${layer} → ${target}`;
        reports.push({
          name,
          layer,
          into: target,
          ...(await stitching(networks, layer, end, target, source, options)),
        });
      }
      return reports;
    } finally {
      if (other) end.destroy();
    }
  });
  const names = other ? `${graph.name} → ${other.name}` : graph.name;
  const about = `${names} · ${source.name} · fitted to ${found[0]?.train} pictures, judged on ${found[0]?.test}`;
  if (out !== undefined) {
    const rows = found.map((one) => [one]);
    const draw = () =>
      composeLayerBars({
        ...{ title: "Stitched networks", subtitle: about, rows: found.map(({ name }) => name), series: [""] },
        panels: [
          {
            heading: "Relative error: 0 says the same, 1 as the mean",
            rows: rows.map((row) => row.map(({ error }) => ({ value: error }))),
          },
          {
            heading: "Share with the answer of the second alone",
            rows: rows.map((row) => row.map(({ agreement }) => ({ value: agreement }))),
          },
        ],
      });
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) {
    printJson(io, {
      ...{ model: graph.name, preprocessing: preprocessingReport(graph), second: (other ?? graph).name },
      data: source.name,
      pairs: found.map(({ name: _, fit, ...report }) => ({
        ...report,
        ...{ weights: [...fit.weights], bias: [...fit.bias] },
      })),
      out,
    });
    return;
  }
  io.out(about);
  const head = ["  layers", "error", "same answer", "right", "first alone", "second alone"];
  const rows = found.map((one) => [
    ...[`  ${one.name}`, numberText(one.error), shareText(one.agreement), shareText(one.accuracy)],
    ...[shareText(one.accuracyBegin), shareText(one.accuracyEnd)],
  ]);
  for (const line of columns([head, ...rows])) io.out(line);
  for (const { name, notes } of found) for (const note of notes) io.out(`${name}: ${note}`);
}

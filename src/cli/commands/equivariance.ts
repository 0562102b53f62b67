import { composeLayerBars } from "../../figures/layer-bars.ts";
import { type EquivarianceReport, equivariance } from "../../lab/equivariance.ts";
import { PLACE_TRANSFORMS, type PlaceTransform } from "../../lab/place-maps.ts";
import {
  columns,
  gathered,
  HELD_OUT_HELP,
  HELD_OUT_OPTIONS,
  heldOutOf,
  layersOf,
  numberText,
  openData,
  positive,
  shareText,
} from "../held-out.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { withPool } from "../made-pictures.ts";
import { openModel, preprocessingReport } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const EQUIVARIANCE: CliCommand = {
  name: "equivariance",
  usage: "--data DATA",
  summary: "Measure whether layers follow when pictures are mirrored, turned or enlarged.",
  details: [
    "For each transform g of the pictures, a map A is fitted with φ(gx) ≈ A φ(x) for the values φ of each layer: it moves the layer's places as g moves pixels, and then applies one bank of filters (Lenc & Vedaldi 2015).",
    "error is ‖φ(gx) − A φ(x)‖² / ‖φ(gx) − mean‖² on other pictures: 0 where the layer follows, 1 where the mean does as well. unfitted is the same where places only move. same answer: how often the rest of the network says of A φ(x) what it says of φ(gx); right: how often that is the label. A layer that a shortcut goes around has no answer.",
  ],
  options: [
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    ...(["layers", "transform", "enlarge", "filter"] as const),
    ...HELD_OUT_OPTIONS,
  ],
  help: {
    ...HELD_OUT_HELP,
    layers:
      "Layers that have places, with commas between. Default: every one as it leaves its activation, but for those that a shortcut goes around.",
  },
  examples: [
    "vitrine equivariance --data synthetic:24 --layers conv1,conv3_3 --out figure.png",
    "vitrine equivariance --data photos --transform flip,identity --layers conv2_2 --filter 3",
  ],
  run: equivarianceCommand,
};

async function equivarianceCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  assertNoArguments("equivariance", words);
  const transforms = transformsOf(values);
  const scale = positive(values, "enlarge");
  const options = {
    ...{ ...heldOutOf(values, io), layers: layersOf(values), transforms },
    ...{ size: values.whole("filter", 1, 3), scale },
  };
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io);
  const source = await openData("equivariance", graph, values, io);
  const report = await withPool(graph, values, io, (networks) => equivariance(networks, source, options));
  const about = `${graph.name} · ${source.name} · fitted to ${report.train} pictures, judged on ${report.test}`;
  if (out !== undefined) {
    const draw = () => figureOf(report, about);
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) {
    printJson(io, {
      ...{ model: graph.name, preprocessing: preprocessingReport(graph), data: source.name },
      ...report,
      out,
    });
    return;
  }
  io.out(about);
  for (const { transform, agreement, accuracy } of report.answers) {
    const kept = agreement === undefined ? "" : `: ${shareText(agreement)} of the pictures keep their answer`;
    const right =
      accuracy === undefined ? "" : `, ${shareText(accuracy)} right, ${shareText(report.accuracy)} before`;
    io.out(`${transform}${kept}${right}`);
    const head = ["  layer", "error", "unfitted", "same answer", "unfitted", "right", "unfitted"];
    const rows = report.layers
      .filter((one) => one.transform === transform)
      .map((one) => [
        ...[`  ${one.layer}`, numberText(one.error), numberText(one.unfitted)],
        ...[shareText(one.agreement), shareText(one.unfittedAgreement)],
        ...[shareText(one.accuracy), shareText(one.unfittedAccuracy)],
      ]);
    for (const line of columns([head, ...rows])) io.out(line);
  }
  for (const note of notesOf(report)) io.out(note);
}

function notesOf({ layers, notes }: EquivarianceReport): string[] {
  return [...notes, ...gathered(layers.map(({ layer, notes: own }) => ({ name: layer, notes: own })))];
}

function transformsOf(values: Values): PlaceTransform[] | undefined {
  return values
    .text("transform")
    ?.split(",")
    .map((word) => {
      const found = PLACE_TRANSFORMS.find((name) => name === word.trim().toLowerCase());
      if (found !== undefined) return found;
      throw new UsageError(`--transform expects ${PLACE_TRANSFORMS.join(", ")}, got "${word}"`);
    });
}

function figureOf(report: EquivarianceReport, subtitle: string) {
  const layers = [...new Set(report.layers.map(({ layer }) => layer))];
  const series = report.answers.map(({ transform }) => transform);
  const rows = layers.map((layer) =>
    series.map((transform) =>
      report.layers.find((one) => one.layer === layer && one.transform === transform),
    ),
  );
  const answered = report.layers.some(({ agreement }) => agreement !== undefined);
  return composeLayerBars({
    title: "Equivariance of layers",
    ...{ subtitle, rows: layers, series, mark: "places moved, nothing fitted" },
    panels: [
      {
        heading: "Relative error: 0 follows exactly, 1 as the mean",
        rows: rows.map((row) => row.map((one) => ({ value: one?.error, mark: one?.unfitted }))),
      },
      ...(answered
        ? [
            {
              heading: "Share with the same answer from there on",
              rows: rows.map((row) =>
                row.map((one) => ({ value: one?.agreement, mark: one?.unfittedAgreement })),
              ),
            },
          ]
        : []),
    ],
    notes: answered
      ? [
          `Moved pictures that keep their answer: ${report.answers.map(({ transform, agreement }) => `${transform} ${shareText(agreement)}`).join(", ")}.`,
        ]
      : [],
  });
}

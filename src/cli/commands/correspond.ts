import { basename } from "node:path";
import { METRICS } from "../../embedding/points.ts";
import { composeMatches } from "../../figures/correspondence.ts";
import { formatShape } from "../../gpu/tensor.ts";
import { deprocess } from "../../images/preprocess.ts";
import { correspondence } from "../../lab/correspondence.ts";
import { columns, numberText } from "../held-out.ts";
import { Images } from "../images.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { withPool } from "../made-pictures.ts";
import { openModel, preprocessingReport, warnOfGuess } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const CORRESPOND: CliCommand = {
  name: "correspond",
  usage: "IMAGE IMAGE --layer NAME",
  summary: "Find the parts of a second picture that look to a layer like parts of the first.",
  details: [
    "For places of the first picture the one of the second with the nearest channels is found (Long et al. 2014). A match is mutual if no other place of the first looks more like the second's; most of those that are not are wrong.",
    "--out draws both pictures, with the same number at places that match: on a color where mutual, on white where not.",
  ],
  options: [
    "image",
    ...MODEL_OPTIONS,
    "layer",
    ...(["points", "grid", "metric", "memory", "seed", "out", "json"] as const),
  ],
  help: {
    seed: "Seed of the pictures of synthetic:N. Default 1.",
    out: "File for the figure (.png or .svg).",
  },
  examples: [
    "vitrine correspond a.jpg b.jpg --layer conv3_3 --out matches.png",
    "vitrine correspond synthetic:3 synthetic:19 --layer conv2_2 --points '3,4;6,2'",
  ],
  run: correspondCommand,
};

async function correspondCommand(names: readonly string[], values: Values, io: Io): Promise<void> {
  const layer = values.text("layer");
  if (layer === undefined) {
    throw new UsageError('correspond expects --layer NAME, got none; "vitrine layers" lists the names');
  }
  values.exclusive("points", "grid");
  const points = pointsOf(values);
  const options = {
    ...{ layer, points, grid: values.whole("grid", 1, 64), metric: values.choice("metric", METRICS) },
    signal: io.signal,
  };
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io, names);
  const inputs = await new Images(graph, values, io, names).all();
  const [from, to, ...more] = inputs;
  if (!from || !to || more.length > 0) {
    throw new UsageError(`correspond expects two IMAGEs, got ${inputs.length}`);
  }
  warnOfGuess(graph, io, inputs);
  const { matches, size, notes } = await withPool(graph, values, io, (networks) =>
    correspondence(networks, from.values, to.values, options),
  );
  const mutual = matches.filter((match) => match.mutual).length;
  if (out !== undefined) {
    const draw = () =>
      composeMatches({
        title: `What looks alike to ${layer}`,
        subtitle: `${graph.name} · ${formatShape(size)} places`,
        pictures: [deprocess(from.values, graph), deprocess(to.values, graph)],
        names: [basename(from.name), basename(to.name)],
        matches: matches.map((match) => ({
          from: match.from.pixel,
          to: match.to.pixel,
          mutual: match.mutual,
        })),
      });
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) {
    const preprocessing = preprocessingReport(graph);
    printJson(io, {
      model: graph.name,
      preprocessing,
      images: [from.name, to.name],
      layer,
      size,
      matches,
      notes,
      out,
    });
    return;
  }
  io.out(
    `${layer} of ${graph.name}, ${formatShape(size)} places: ${mutual} of ${matches.length} matches are mutual`,
  );
  const head = ["  ", "place", "match", "distance", ""];
  const rows = matches.map((match, i) => [
    ...[`  ${i + 1}`, `${match.from.y},${match.from.x}`, `${match.to.y},${match.to.x}`],
    ...[numberText(match.distance), match.mutual ? "mutual" : ""],
  ]);
  for (const line of columns([head, ...rows])) io.out(line);
  for (const note of notes) io.out(note);
}

/** The places that --points names. */
function pointsOf(values: Values): { y: number; x: number }[] | undefined {
  return values
    .text("points")
    ?.split(";")
    .map((text) => {
      const [, y, x] = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(text) ?? [];
      if (y !== undefined && x !== undefined) return { y: Number(y), x: Number(x) };
      throw new UsageError(`--points expects Y,X with semicolons between, such as '3,4;7,2', got "${text}"`);
    });
}

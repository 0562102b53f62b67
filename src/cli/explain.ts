import { basename } from "node:path";
import { formatShape } from "../gpu/tensor.ts";
import { renderFigure } from "../images/figure.ts";
import { formatNumber } from "../images/layout.ts";
import { deprocess } from "../images/preprocess.ts";
import { type Graph, inputOf, layerOf, shapesOf } from "../network/graph.ts";
import type { Network, Target } from "../network/network.ts";
import { sweepOver } from "../ops/occlusion.ts";
import { lastMaps } from "../techniques/grad-cam.ts";
import { sumOverColour } from "../techniques/input-gradient.ts";
import { type OcclusionOptions, occlusion } from "../techniques/occlusion.ts";
import { type Io, progressOf, UsageError } from "./io.ts";
import { openModel, preprocessingReport, readInputs, warnOfGuess } from "./model.ts";
import { withNetwork } from "./network.ts";
import { findObjective, neuronsOf, type Objective, probabilityTarget } from "./objective.ts";
import { nearest } from "./options.ts";
import { outOf, placeOf, summaryOf, writeResult } from "./output.ts";
import { type Found, type RunOptions, TECHNIQUES, type Technique } from "./techniques.ts";
import type { Values } from "./values.ts";

/** `vitrine explain TECHNIQUE [IMAGE]`: which pixels decided. */
export async function explainCommand(
  [name, ...images]: readonly string[],
  values: Values,
  io: Io,
): Promise<void> {
  const technique = techniqueOf(name);
  for (const { options } of TECHNIQUES) {
    const foreign = options.find((option) => values.has(option) && !technique.options.includes(option));
    if (foreign) throw new UsageError(`${technique.name} takes no --${foreign}`);
  }
  const out = outOf(values, [".png", ".npy"]);
  const sweep = technique.name === "occlusion" ? sweepOptions(values) : undefined;
  const graph = await openModel(values, io);
  const cam = technique.weighsMaps ? camLayer(graph, values) : undefined;
  const neurons = cam === undefined ? neuronsOf(graph, values) : undefined;
  if (neurons && technique.name === "cam")
    throw new UsageError("cam takes no --layer: its maps are those before the pooling");
  const batch = technique.samples ? (values.whole("batch", 1, 1024) ?? 16) : 1;
  const layout = sweep && sweepOf(graph, sweep);
  const [input, ...others] = await readInputs(graph, values, io, images);
  if (!input || others.length > 0) throw new UsageError(`${technique.name} expects one image, got several`);
  warnOfGuess(graph, io);

  const kept = [cam, neurons?.layer].filter((layer) => layer !== undefined);
  const options = { keep: kept, gradients: !technique.forwardOnly, batch };
  const { objective, found } = await withNetwork(await io.device(), graph, options, async (network) => {
    const objective = await findObjective(network, input, neurons, values, io.signal);
    const setting = { cam, neurons, sweep, values, io };
    return { objective, found: await run(technique, network, input.values, objective, setting) };
  });
  io.progress();

  const { data, shape } = found;
  const summary = summaryOf(data);
  const about = [
    graph.name,
    ...(cam === undefined ? [] : [`layer ${cam}, ${formatShape(shape)}`]),
    ...(layout ? [`patch ${layout.patch[0]}, stride ${layout.stride[0]}, ${layout.images - 1} patches`] : []),
    basename(input.name),
  ];
  const { figure, unit } = technique;
  const drawn = figure === "attribution" && shape.length === 3 ? sumOverColour(found) : found;
  const draw = () =>
    renderFigure({
      image: deprocess(input.values, graph),
      map: drawn.data,
      shape: drawn.shape,
      technique: figure,
      title: `${technique.title}: ${objective.title}`,
      subtitle: about.join(" · "),
      ...(unit === undefined ? {} : { unit }),
      ...(layout ? { unit: `fall of the ${scoreOf(technique, neurons, values)} where covered` } : {}),
    });
  if (out !== undefined) await writeResult(out, { data, shape, draw }, io);

  const place = placeOf(data.indexOf(summary.max), shape).slice(0, 2);
  if (values.has("json")) {
    const report = {
      technique: technique.name,
      model: graph.name,
      preprocessing: preprocessingReport(graph),
      image: input.name,
      target: objective.report,
      of: scoreOf(technique, neurons, values),
      layer: cam,
      patch: layout?.patch[0],
      stride: layout?.stride[0],
      fill: sweep?.fill,
      shape,
      ...summary,
      maxAt: place,
      ...found.account,
      out,
    };
    io.out(JSON.stringify(report, null, 2));
    return;
  }
  io.out(`${technique.title}: ${objective.title}`);
  io.out(`  ${about.join(", ")}`);
  io.out(
    `  ${formatShape(shape)}: min ${summary.min.toPrecision(4)}, max ${summary.max.toPrecision(4)} at ${place.join(",")}, mean ${summary.mean.toPrecision(4)}`,
  );
  if (found.account) {
    const words = Object.entries(found.account).map(([name, value]) => `${name} ${formatNumber(value)}`);
    io.out(`  ${words.join(", ")}`);
  }
  if (out === undefined) io.err("vitrine: --out map.png draws it, --out map.npy keeps the numbers");
}

function techniqueOf(name: string | undefined): Technique {
  const names = TECHNIQUES.map((technique) => technique.name);
  const found = TECHNIQUES.find((technique) => technique.name === name);
  if (found) return found;
  const near = name === undefined ? undefined : nearest(name, names);
  throw new UsageError(
    `explain expects a technique (${names.join(", ")}), got ${name === undefined ? "none" : `"${name}"`}${near ? `; did you mean ${near}?` : ""}`,
  );
}

/** What an occlusion sweep is told. */
type SweepOptions = Pick<OcclusionOptions, "patch" | "stride" | "fill">;

function sweepOptions(values: Values): SweepOptions {
  const patch = values.whole("patch", 1, Number.MAX_SAFE_INTEGER);
  const stride = values.whole("stride", 1, Number.MAX_SAFE_INTEGER);
  const fill = values.text("fill") === "mean" ? undefined : values.numbers("fill");
  const [one] = fill ?? [];
  return {
    ...(patch === undefined ? {} : { patch }),
    ...(stride === undefined ? {} : { stride }),
    fill: fill === undefined ? "mean" : fill.length === 1 && one !== undefined ? one : fill,
  };
}

/** The sweep as the technique will lay it out, so that a patch that cannot be fails before anything is loaded. */
function sweepOf(graph: Graph, { patch, stride }: SweepOptions) {
  const { shape } = inputOf(graph);
  const side = patch ?? Math.max(1, Math.round(Math.min(shape[0], shape[1]) / 7));
  const step = stride ?? Math.max(1, Math.floor(side / 2));
  return sweepOver(shape, [side, side], [step, step]);
}

function camLayer(graph: Graph, values: Values): string {
  const layer = values.text("layer");
  return layer === undefined ? lastMaps(graph, shapesOf(graph)) : layerOf(graph, layer).name;
}

function scoreOf(
  { on }: Technique,
  neurons: Target | undefined,
  values: Values,
): "activation" | "probability" | "logit" {
  if (neurons) return "activation";
  return on === "probability" || values.has("probability") ? "probability" : "logit";
}

interface Setting {
  readonly cam: string | undefined;
  readonly neurons: Target | undefined;
  readonly sweep: SweepOptions | undefined;
  readonly values: Values;
  readonly io: Io;
}

function run(
  technique: Technique,
  network: Network,
  image: Float32Array,
  { target }: Objective,
  { cam, neurons, sweep, values, io }: Setting,
): Promise<Found> {
  const on = scoreOf(technique, neurons, values) === "probability" ? "probability" : "logit";
  const loop = { signal: io.signal, onProgress: progressOf(io, technique.name) };
  if (!technique.run) return occlusion(network, image, { ...sweep, ...loop, target, on });
  // What only runs forward takes the softmax itself; a backward pass starts at it.
  const start =
    on === "probability" && !technique.forwardOnly ? probabilityTarget(network.graph, target) : target;
  const options: RunOptions = { ...loop, target: start, on, ...(cam === undefined ? {} : { layer: cam }) };
  return technique.run(network, image, options, values);
}

import { basename } from "node:path";
import { composeFigure, FIGURE_PANELS, type FigurePanel } from "../figures/figure.ts";
import { formatNumber } from "../figures/format-number.ts";
import { renderOverlay } from "../figures/overlay.ts";
import { formatShape } from "../gpu/tensor.ts";
import { type Graph, pictureOf } from "../graph/graph.ts";
import { headOf } from "../graph/heads.ts";
import { deprocess } from "../images/preprocess.ts";
import type { PatchSweep } from "../kernels/occlusion.ts";
import { formatTrust } from "../metrics/format.ts";
import { SharedScores } from "../metrics/scores.ts";
import { sweepWith } from "../techniques/attribution/occlusion-sweep.ts";
import { FILL } from "../techniques/attribution/options.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import { type Asking, askTechnique, type Explaining, type Setting, scoreOf } from "./explanation.ts";
import { headNotes, headReport } from "./heads.ts";
import type { Input } from "./images.ts";
import { printLines, progressOf, UsageError } from "./io.ts";
import { shadingOf } from "./map-colors.ts";
import { preprocessingReport, provenance } from "./model.ts";
import { type CommandNetworks, needsOf } from "./networks.ts";
import { findObjective } from "./objective.ts";
import { placeOf, summaryOf, writeResult } from "./output.ts";
import { techniqueSettings, toleranceOf } from "./technique-settings.ts";
import { legendOf, measureTrust, trustPlanOf, trustReport } from "./trust-measures.ts";
import type { Values } from "./values.ts";

/** One technique about one class, or about some neurons. */
export function explainOne(
  technique: AttributionTechnique,
  asking: Asking,
  { graph, values, io, out, overlay }: Setting,
): Explaining {
  const {
    neurons,
    layers: [layer],
  } = asking;
  if (values.has("scale")) throw new UsageError("--scale expects several maps to share it, got one");
  const layout = sweepOf(technique, graph, values);
  const panels = panelsOf(values);
  const plan = trustPlanOf(values, false);
  const kept = [layer, neurons?.layer].filter((name) => name !== undefined);
  const needs = needsOf([technique], kept, plan);
  const shading = shadingOf(values);
  const settings = {
    ...toleranceOf(technique, values),
    ...techniqueSettings(technique, values),
    layer,
  };
  return { needs, explain };

  async function explain(
    networks: CommandNetworks,
    input: Input,
  ): Promise<Readonly<Record<string, unknown>>> {
    const network = await networks.of(technique);
    const objective = await findObjective(network, input, asking, values, io.signal);
    const onProgress = progressOf(io, technique.name);
    onProgress(0);
    const asked = { settings: { ...settings, ...networks.memoryFor(network) }, io, onProgress };
    const [found] = await askTechnique(technique, network, input, [objective], asked);
    if (!found) throw new Error(`${technique.name}: expected an answer, got none`);
    const loop = () => ({
      objective,
      settings,
      networks,
      shared: new SharedScores(),
      io,
      onProgress: progressOf(io, "its trust"),
    });
    const judged = plan && (await measureTrust(network, input.values, technique, found, plan, loop()));
    io.progress();

    const { data, shape } = found;
    const summary = summaryOf(data);
    const about = [
      graph.name,
      ...(layer === undefined ? [] : [`layer ${layer}, ${formatShape(shape)}`]),
      ...(layout
        ? [`patch ${layout.patch[0]}, stride ${layout.stride[0]}, ${layout.images - 1} patches`]
        : []),
      ...headNotes(graph),
      basename(input.name),
      ...provenance(graph, input),
    ];
    const { kind, unit } = technique;
    const score = scoreOf(technique, neurons, graph, values);
    const map = {
      map: data,
      shape,
      gaps: found.gaps,
      kind,
      ...shading,
    };
    const image = deprocess(input.values, graph);
    const draw = () =>
      composeFigure({
        ...map,
        image,
        title: `${technique.title}: ${objective.title}`,
        subtitle: about.join(" · "),
        unit: layout ? `fall of the ${score} where covered` : unit,
        panels,
      });
    const file = out?.fileFor(input.name);
    if (file !== undefined) await writeResult(file, { data, shape, draw }, io);
    const over = overlay?.fileFor(input.name);
    if (over !== undefined) {
      const drawOver = () => renderOverlay(input.photo ?? image, graph, map);
      await writeResult(over, { data, shape, draw: drawOver }, io);
    }

    const place = placeOf(data.indexOf(summary.max), shape).slice(0, 2);
    const { fill } = layout ? { fill: FILL.default, ...techniqueSettings(technique, values) } : {};
    const report = {
      technique: technique.name,
      model: graph.name,
      preprocessing: preprocessingReport(graph),
      output: headReport(headOf(graph)),
      image: input.name,
      fitted: input.fitted,
      target: objective.report,
      of: score,
      layer,
      patch: layout?.patch[0],
      stride: layout?.stride[0],
      fill,
      shape,
      ...summary,
      maxAt: place,
      gaps: found.gaps,
      notes: found.notes,
      ...found.account,
      trust: judged && trustReport(judged),
      out: file,
      overlay: over,
    };
    if (values.has("json")) return report;
    io.out(`${technique.title}: ${objective.title}`);
    io.out(`  ${about.join(", ")}`);
    io.out(
      `  ${formatShape(shape)}: min ${summary.min.toPrecision(4)}, max ${summary.max.toPrecision(4)} at ${place.join(",")}, mean ${summary.mean.toPrecision(4)}`,
    );
    if (found.account) {
      const words = Object.entries(found.account).map(([name, value]) => `${name} ${formatNumber(value)}`);
      io.out(`  ${words.join(", ")}`);
    }
    for (const note of found.notes ?? []) io.out(`  note: ${note}`);
    if (judged)
      printLines(io, `\n${formatTrust({ target: undefined, rows: [{ ...technique, trust: judged }] })}\n`);
    if (judged && plan) for (const line of legendOf(plan.measures)) io.out(`  ${line}`);
    return report;
  }
}

/** The sweep as occlusion will lay it out, so that a patch that cannot be fails before anything runs. */
function sweepOf(technique: AttributionTechnique, graph: Graph, values: Values): PatchSweep | undefined {
  if (!("patch" in technique.options)) return undefined;
  const { shape } = pictureOf(graph, technique.title);
  return sweepWith(shape, techniqueSettings(technique, values));
}

function panelsOf(values: Values): FigurePanel[] | undefined {
  const text = values.text("show");
  if (text === undefined) return undefined;
  return text.split(",").map((part) => {
    const found = FIGURE_PANELS.find((panel) => panel === part.trim());
    if (found) return found;
    throw new UsageError(`--show expects ${FIGURE_PANELS.join(", ")} with commas between, got "${text}"`);
  });
}

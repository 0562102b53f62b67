import { basename } from "node:path";
import { formatNumber } from "../figures/format-number.ts";
import { composeMultiples, type Multiple, type MultiplesRow } from "../figures/multiples.ts";
import { headOf } from "../graph/heads.ts";
import { deprocess } from "../images/preprocess.ts";
import { formatTrust } from "../metrics/format.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import { type Answer, answerAll, type MapRequest } from "./answers.ts";
import { type Asking, type Explaining, type Setting, scoreOf } from "./explanation.ts";
import { headNotes, headReport } from "./heads.ts";
import type { Input } from "./images.ts";
import { printLines, UsageError } from "./io.ts";
import { scaleOf, shadingOf } from "./map-colors.ts";
import { preprocessingReport, provenance } from "./model.ts";
import { type CommandNetworks, needsOf } from "./networks.ts";
import { type ChosenObjective, findObjective } from "./objective.ts";
import { placeOf, type Summary, summaryOf, writeResult } from "./output.ts";
import { drawnTrust, trustPlanOf, trustReport } from "./trust-measures.ts";
import type { Values } from "./values.ts";

/** Several techniques, classes or layers side by side. */
export function explainSeveral(asking: Asking, setting: Setting): Explaining {
  const { graph, values, io, out } = setting;
  const { techniques, targets, layers, neurons } = asking;
  if (out?.arrays) {
    throw new UsageError(
      `--out expects a .png or .svg for several maps, whose shapes differ, got "${out.path}"`,
    );
  }
  if (setting.overlay)
    throw new UsageError("--overlay expects one map to lay over the photograph, got several");
  const flat = layers.length > 1 ? techniques.find(({ weighsMaps }) => !weighsMaps) : undefined;
  if (flat) {
    throw new UsageError(
      `--layer names several layers, and ${flat.name} weighs the maps of none; leave it out`,
    );
  }
  if (techniques.length > 1 && layers.length > 1 && targets.length > 1) {
    throw new UsageError("expected several techniques, layers or targets, two of the three at most, got all");
  }
  const show = showOf(values);
  const scale = scaleOf(values) ?? (techniques.length === 1 && targets.length > 1 ? "row" : "own");
  const shading = shadingOf(values);
  const plan = trustPlanOf(values, values.has("all"));
  const kept = [...new Set([...layers, ...(neurons ? [neurons.layer] : [])])];
  const needs = needsOf(techniques, kept, plan);
  return { needs, explain };

  async function explain(
    networks: CommandNetworks,
    input: Input,
  ): Promise<Readonly<Record<string, unknown>>> {
    const network = await networks.first();
    const objectives: ChosenObjective[] = [];
    for (const target of targets) {
      objectives.push(await findObjective(network, input, asking, values, io.signal, target));
    }
    const answers = await answerAll(networks, asking, objectives, { ...setting, input, plan });
    io.progress();

    const image = deprocess(input.values, graph);
    const multiple = ({ technique, found, samples }: Answer): Multiple | string => {
      if (typeof found === "string") return found;
      const { kind, unit } = technique;
      const note = noteOf(technique, found, samples);
      return {
        ...{ map: found.data, shape: found.shape, kind, ...shading },
        ...{ gaps: found.gaps, unit, note },
      };
    };
    const cellsOf = (wanted: (answer: Answer) => boolean) => answers.filter(wanted).map(multiple);
    const [only] = objectives;
    const judged = answers.flatMap(({ trust, ...about }) =>
      trust ? [{ name: rowName(about, asking, objectives), trust }] : [],
    );
    const across = targets.length === 1 && layers.length > 1;
    const rows: MultiplesRow[] =
      techniques.length === 1 && layers.length > 1 && !across
        ? layers.map((layer) => ({ label: layer, cells: cellsOf((answer) => answer.layer === layer) }))
        : techniques.map((technique) => {
            const cells = cellsOf((answer) => answer.technique === technique);
            return { label: techniques.length === 1 ? "" : technique.title, cells };
          });
    const columns = across
      ? layers.map((layer) => `at ${layer}`)
      : targets.length > 1
        ? objectives.map(headingOf)
        : [""];
    const what = techniques.length === 1 ? `${techniques[0]?.title}: ` : "";
    const draw = () =>
      composeMultiples({
        image,
        title: `${what}${objectives.length === 1 ? only?.title : objectives.map(nameOf).join(", ")}`,
        subtitle: [
          graph.name,
          ...(layers.length === 1 ? [`CAMs weigh ${layers[0]}`] : []),
          ...headNotes(graph),
          basename(input.name),
          ...provenance(graph, input),
        ].join(" · "),
        ...{ columns, rows, scale, show },
        wrap: techniques.length > 1 && !across,
        table: plan && judged.length > 0 ? drawnTrust(judged, plan) : undefined,
      });
    const file = out?.fileFor(input.name);
    if (file !== undefined) await writeResult(file, { data: new Float32Array(), shape: [0], draw }, io);
    return report(answers, objectives, { ...setting, input, file }, asking);
  }
}

function report(
  answers: readonly Answer[],
  objectives: readonly ChosenObjective[],
  { graph, input, values, io, file }: Setting & { readonly input: Input; readonly file: string | undefined },
  asking: Asking,
): Readonly<Record<string, unknown>> {
  const results = answers.map(({ technique, layer, objective, found, samples, trust }) => {
    const of = scoreOf(technique, asking.neurons, graph, values);
    const asked = { technique: technique.name, target: objective.report, of, layer };
    if (typeof found === "string") return { ...asked, refused: found };
    const { data, shape, account, gaps, notes } = found;
    const summary: Summary = summaryOf(data);
    const counted = "samples" in technique.options ? { samples } : {};
    return {
      ...asked,
      ...counted,
      shape,
      ...summary,
      maxAt: placeOf(data.indexOf(summary.max), shape).slice(0, 2),
      ...{ gaps, notes },
      ...account,
      trust: trust && trustReport(trust),
    };
  });
  const output = headReport(headOf(graph));
  const about = {
    model: graph.name,
    preprocessing: preprocessingReport(graph),
    output,
    image: input.name,
    fitted: input.fitted,
  };
  const whole = { ...about, results, out: file };
  if (values.has("json")) return whole;
  io.out(`${objectives.map(({ title }) => title).join("; ")}`);
  const names = answers.map((answer) => rowName(answer, asking, objectives));
  const widest = Math.max(...names.map((name) => name.length));
  for (const [i, result] of results.entries()) {
    const name = (names[i] ?? "").padEnd(widest);
    if ("refused" in result) io.out(`  ${name}  ${result.refused}`);
    else {
      const { min, max, maxAt, notes = [] } = result;
      io.out(`  ${name}  min ${min.toPrecision(4)}, max ${max.toPrecision(4)} at ${maxAt.join(",")}`);
      for (const note of notes) io.out(`  ${"".padEnd(widest)}  note: ${note}`);
    }
  }
  const rows = answers.flatMap(({ technique: { name }, trust }, i) =>
    trust ? [{ name, title: names[i] ?? name, trust }] : [],
  );
  if (rows.length > 0) printLines(io, `\n${formatTrust({ target: undefined, rows })}`);
  return whole;
}

/** A technique, with the layer and the class where there are several. */
function rowName(
  { technique, layer, objective }: MapRequest,
  { layers }: Asking,
  objectives: readonly ChosenObjective[],
): string {
  const several = objectives.length > 1 ? [nameOf(objective)] : [];
  const at = layer === undefined || layers.length === 1 ? [] : [`at ${layer}`];
  return [technique.title, ...at, ...several].join(", ");
}

/** A class's first name, of several with commas between; or its layer. */
function nameOf({ report: { label, index, layer } }: ChosenObjective): string {
  const [name = ""] = String(label ?? (index === undefined ? layer : `class ${index}`)).split(",");
  return name;
}

/** The objective's title with the class's first name only. */
function headingOf(objective: ChosenObjective): string {
  const { label } = objective.report;
  return label === undefined ? objective.title : objective.title.replace(String(label), nameOf(objective));
}

/** The note below a map of a sheet: the number of its samples, and how far its account is off. */
function noteOf({ options }: AttributionTechnique, { account }: Attribution, samples: number | undefined) {
  const { relative, r2, score, residual, steps } = account ?? {};
  if (relative !== undefined) return `${steps} steps, residual ${formatNumber(100 * relative)} %`;
  if (r2 !== undefined) return `${samples} samples, R² ${r2.toFixed(2)}`;
  if (score && residual !== undefined)
    return `residual ${formatNumber((100 * Math.abs(residual)) / Math.abs(score))} %`;
  const counts = options.samples?.counts;
  return counts && `${samples} ${counts}`;
}

function showOf(values: Values): "overlay" | "map" {
  const text = values.text("show") ?? "overlay";
  if (text === "overlay" || text === "map") return text;
  throw new UsageError(`--show expects overlay or map for several maps, got "${text}"`);
}

import { basename } from "node:path";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import { layerOf, shapesOf } from "../../graph/graph.ts";
import { headOf } from "../../graph/heads.ts";
import { formatTrust, TRUST_LEGEND } from "../../metrics/format.ts";
import { MEASURES, type Measure } from "../../metrics/measures.ts";
import {
  type NamedTechnique,
  type TrustSummary,
  type TrustTable,
  trustSummary,
  trustTable,
} from "../../metrics/table.ts";
import { Objective } from "../../objectives/objective.ts";
import { lastMaps } from "../../techniques/attribution/layer-maps.ts";
import { ATTRIBUTIONS } from "../../techniques/attribution/list.ts";
import type { AttributionTechnique } from "../../techniques/attribution/technique.ts";
import { messageOf } from "../error-messages.ts";
import { headNotes, headReport, warnOfHead } from "../heads.ts";
import { Images } from "../images.ts";
import { type Io, printJson, printLines, progressOf, UsageError } from "../io.ts";
import { openModel, preprocessingReport, provenance, warnOfGuess } from "../model.ts";
import { type CommandNetworks, needsOf, withNetworks } from "../networks.ts";
import { techniqueSettings, techniquesNamed } from "../technique-settings.ts";
import { inWords, passesOf, secondsOfPass } from "../time-estimate.ts";
import { LIGHTLY, pace, trustPlanOf, trustReport } from "../trust-measures.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS, TECHNIQUE_OPTION_NAMES } from "./command.ts";

/** The first picture that the shipped network has not seen. */
const UNSEEN = 1_000_000;
/** Techniques that run more images than this for one map are measured when they are named, or with --all. */
const MANY = 100;
/** Passes that need no estimate, and seconds that need no word. */
const [FEW, SOON] = [500, 10];

export const TRUST: CliCommand = {
  name: "trust",
  usage: "[TECHNIQUE,…]",
  summary: "Measure how far the maps of techniques can be trusted.",
  rows: TRUST_LEGEND.map((line) => {
    const [measure = "", text = ""] = line.split(/: (.*)/s);
    return [measure, text];
  }),
  details: [
    "Without names, every quick technique is measured; with --all, every one. Techniques of many samples take fewer here than alone; see --samples. Sensitivity makes ten more maps; for techniques of more than a hundred samples it is left out, unless --measures names it. If the work will take more than ten seconds, an estimate is printed first. Insertion and deletion take 20 steps and 2 random baselines; for one technique and one image, 50 and 4. Over several images, or with --dataset N, the table shows mean ± standard deviation. Below it, words say what speaks against a map.",
  ],
  options: [
    "image",
    "dataset",
    ...MODEL_OPTIONS,
    "all",
    "target",
    "measures",
    "layer",
    ...TECHNIQUE_OPTION_NAMES,
    "batch",
    "memory",
    "seed",
    "json",
    "markdown",
  ],
  examples: [
    "vitrine trust saliency,guided-backprop,grad-cam --image synthetic:4",
    "vitrine trust --dataset 20 --measures insertion,deletion,runnerUp --markdown",
    "vitrine trust --all --image dog.jpg --model squeezenet --labels imagenet.json --samples 500 --json",
  ],
  leading: () => Number.POSITIVE_INFINITY,
  run: trustCommand,
};

async function trustCommand(positionals: readonly string[], values: Values, io: Io): Promise<void> {
  const techniques = techniquesOf(positionals, values);
  if (values.text("measures") === "none") throw new UsageError("trust expects measures to take, got none");
  const { measures } = trustPlanOf(values, false) ?? { measures: MEASURES, settings: {} };
  const count = values.whole("dataset", 2, 100_000);
  if (count !== undefined && values.has("image"))
    throw new UsageError("expected --image or --dataset, got both");
  values.exclusive("json", "markdown");
  const unseen = Array.from({ length: count ?? 0 }, (_, i) => `synthetic:${UNSEEN + i}`);
  const graph = await openModel(values, io, unseen);
  const images = new Images(graph, values, io, unseen);
  const inputs = await images.all();
  warnOfGuess(graph, io, inputs);
  warnOfHead(graph, io);

  const target = values.text("target");
  const layer = values.text("layer");
  const seed = values.whole("random", 0, LARGEST_U32);
  const settings = inputs.length * techniques.length > 1 ? LIGHTLY : {};
  const measuresOf = (technique: NamedTechnique): readonly Measure[] =>
    values.has("measures") || !isDear(technique)
      ? measures
      : measures.filter((name) => name !== "sensitivity");
  const notes = notesOf(techniques, measuresOf, values);
  let [show, done] = [progressOf(io, "measuring"), 0];
  const options = {
    ...settings,
    measures: measuresOf,
    signal: io.signal,
    onProgress(fraction: number) {
      done = fraction;
      show(fraction);
    },
    onTechnique({ name }: NamedTechnique, place: number, image: number) {
      const which = inputs.length > 1 ? `image ${image + 1} of ${inputs.length}, ` : "";
      show = progressOf(io, `${which}${place + 1} of ${techniques.length}, ${name}, in all`);
      show(done);
    },
    target,
    seed,
  };
  const keep = [layer === undefined ? lastMaps(graph, shapesOf(graph)) : layerOf(graph, layer).name];
  const [first] = inputs;
  const device = await io.device();
  const needs = needsOf(techniques, keep, { measures });
  const work = async (networks: CommandNetworks): Promise<TrustTable | TrustSummary> => {
    const network = await networks.first();
    const perturbationNetwork = await networks.several();
    const told = (technique: NamedTechnique) => ({
      ...settingsOf(technique, layer, values),
      ...networks.memoryFor(technique.passes === undefined ? network : perturbationNetwork),
    });
    const all = { ...options, perturbationNetwork, settings: told };
    const works = techniques.map((technique) => {
      const own = settingsOf(technique, layer, values);
      return { technique, settings: own, measures: measuresOf(technique) };
    });
    const passes = inputs.length * passesOf(works, settings);
    if (passes > FEW) {
      io.progress("estimating");
      const seconds = passes * (await secondsOfPass(perturbationNetwork, io.signal));
      const less = "--measures, --samples or fewer techniques make it less";
      if (seconds > SOON)
        io.err(
          `vitrine: about ${passes} passes through the network, ${inWords(seconds)} on this machine; ${less}`,
        );
    }
    const pictures = inputs.map((input) => input.values);
    if (inputs.length === 1 && first) {
      const table = await trustTable(network, first.values, techniques, all);
      return { ...table, rows: table.rows.map(worded) };
    }
    const summary = await trustSummary(network, pictures, techniques, all);
    return { ...summary, rows: summary.rows.map(worded) };
  };
  const table = await withNetworks(device, graph, needs, values, work);
  io.progress();
  const about = {
    model: graph.name,
    preprocessing: preprocessingReport(graph),
    output: headReport(headOf(graph)),
  };
  if (values.has("json")) {
    const names = inputs.map(({ name }) => name);
    const report =
      "target" in table
        ? { images: names, notes, ...tableReport(table) }
        : { images: names, notes, rows: table.rows };
    printJson(io, { ...about, ...report });
    images.assertWhole();
    return;
  }
  if (values.has("markdown")) {
    printLines(io, formatTrust(table, "markdown"));
    images.assertWhole();
    return;
  }
  const [image] = inputs.length === 1 ? inputs.map(({ name }) => basename(name)) : [];
  const of =
    "target" in table
      ? [nameOf(table), ...headNotes(graph)]
      : target === undefined
        ? ["each for its top class"]
        : [target];
  io.out(
    [
      "How far each map can be trusted",
      graph.name,
      image ?? `${inputs.length} images`,
      ...of,
      ...provenance(graph, inputs.length === 1 ? (inputs[0] ?? {}) : {}),
    ].join(" · "),
  );
  io.out("");
  printLines(io, formatTrust(table));
  io.out("");
  for (const line of [...TRUST_LEGEND, ...pace(settings), ...notes]) io.out(`  ${line}`);
  images.assertWhole();
}

/** The techniques that are named; else those that are quick, or with --all every one. */
function techniquesOf(positionals: readonly string[], values: Values): readonly AttributionTechnique[] {
  if (values.has("all")) {
    if (positionals.length > 0) throw new UsageError("expected names of techniques or --all, got both");
    return ATTRIBUTIONS;
  }
  if (positionals.length > 0) return positionals.flatMap((text) => techniquesNamed("trust", text));
  return ATTRIBUTIONS.filter(({ passes = 1 }) => passes <= MANY);
}

function settingsOf(technique: NamedTechnique, layer: string | undefined, values: Values) {
  const known = ATTRIBUTIONS.find(({ name }) => name === technique.name);
  if (!known) return {};
  const weighed = known.weighsMaps && layer !== undefined ? { layer } : {};
  return { ...known.quick, ...techniqueSettings(known, values), ...weighed };
}

/** A row whose refusal is in the command line's words. */
function worded<T extends { readonly unsupported?: string | undefined }>(row: T): T {
  return row.unsupported === undefined ? row : { ...row, unsupported: messageOf(row.unsupported) };
}

/** Tells whether ten more maps for the sensitivity take too long. */
function isDear({ passes = 1 }: NamedTechnique): boolean {
  return passes > MANY;
}

/** Notes on what was measured with fewer samples or less finely, and on the options that say otherwise. */
function notesOf(
  techniques: readonly AttributionTechnique[],
  measuresOf: (technique: NamedTechnique) => readonly Measure[],
  values: Values,
): string[] {
  const sketched = techniques.flatMap(({ title, quick = {} }) => {
    const { samples, steps } = quick;
    if (samples !== undefined && !values.has("samples")) return [`${title} by ${samples} samples`];
    return steps !== undefined && !values.has("steps") ? [`${title} by ${steps} steps`] : [];
  });
  const without = techniques.filter(
    (technique) => isDear(technique) && !measuresOf(technique).includes("sensitivity"),
  );
  const left = without.map(({ title }) => title).join(", ");
  return [
    ...(sketched.length > 0 ? [`${sketched.join(", ")}; --samples and --steps take others`] : []),
    ...(without.length > 0 && !values.has("measures")
      ? [`no sensitivity of ${left}, whose maps it makes ten times over; --measures all takes it`]
      : []),
  ];
}

function nameOf({ rows }: TrustTable): string {
  const found = rows.find((row) => row.trust)?.trust;
  return found ? (found.asked?.name ?? "neurons") : "no technique is defined";
}

function tableReport({ target, rows }: TrustTable) {
  const asked = rows.find((row) => row.trust)?.trust?.asked;
  return {
    // An objective is no number to report: what it asks is.
    target: target instanceof Objective ? (asked ?? "objective") : target,
    rows: rows.map(({ trust, ...row }) => ({ ...row, ...(trust ? trustReport(trust) : {}) })),
  };
}

import { basename } from "node:path";
import { layerOf, shapesOf } from "../network/graph.ts";
import { headOf } from "../network/heads.ts";
import { Objective } from "../objectives/objective.ts";
import { ATTRIBUTIONS, type AttributionTechnique } from "../techniques/catalogue.ts";
import { lastMaps } from "../techniques/grad-cam.ts";
import { formatTrust, TRUST_LEGEND } from "../trust/format.ts";
import { MEASURES } from "../trust/measures.ts";
import {
  type NamedTechnique,
  type TrustSummary,
  type TrustTable,
  trustSummary,
  trustTable,
} from "../trust/table.ts";
import { headNotes, headReport, warnOfHead } from "./heads.ts";
import { Images } from "./inputs.ts";
import { type Io, printJson, printLines, progressOf, UsageError } from "./io.ts";
import { openModel, preprocessingReport, provenance, warnOfGuess } from "./model.ts";
import { type Networks, needsOf, withNetworks } from "./networks.ts";
import { attributionOptions, techniquesNamed } from "./techniques.ts";
import { LIGHTLY, pace, trustPlanOf, trustReport } from "./trust.ts";
import type { Values } from "./values.ts";

/** The first picture that the shipped network has not seen. */
const UNSEEN = 1_000_000;
/** Techniques that run more images than this for one map are measured when they are named, or with --all. */
const MANY = 100;

/** `vitrine trust [TECHNIQUE,…]`: how far the maps of techniques can be trusted, for an image or over several. */
export async function trustCommand(positionals: readonly string[], values: Values, io: Io): Promise<void> {
  const techniques = techniquesOf(positionals, values);
  if (values.text("measures") === "none") throw new UsageError("trust expects measures to take, got none");
  const { measures } = trustPlanOf(values, false) ?? { measures: MEASURES, settings: {} };
  const count = values.whole("dataset", 2, 100_000);
  if (count !== undefined && values.has("image"))
    throw new UsageError("expected --image or --dataset, got both");
  values.exclusive("json", "markdown");
  const drawn = Array.from({ length: count ?? 0 }, (_, i) => `synthetic:${UNSEEN + i}`);
  const graph = await openModel(values, io, drawn);
  const unseen = Array.from({ length: count ?? 0 }, (_, i) => `synthetic:${UNSEEN + i}`);
  const images = new Images(graph, values, io, unseen);
  const inputs = await images.all();
  warnOfGuess(graph, io, inputs);
  warnOfHead(graph, io);

  const target = values.text("target");
  const layer = values.text("layer");
  const seed = values.whole("random", 0, 2 ** 32 - 1);
  const settings = inputs.length > 1 ? LIGHTLY : {};
  let [show, done] = [progressOf(io, "measuring"), 0];
  const options = {
    ...settings,
    measures,
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
    ...(target === undefined ? {} : { target }),
    ...(seed === undefined ? {} : { seed }),
  };
  const keep = [layer === undefined ? lastMaps(graph, shapesOf(graph)) : layerOf(graph, layer).name];
  const [first] = inputs;
  const device = await io.device();
  const needs = needsOf(techniques, keep, { measures });
  const work = async (networks: Networks): Promise<TrustTable | TrustSummary> => {
    const network = await networks.first();
    const sweep = await networks.several();
    const told = (technique: NamedTechnique) => ({
      ...settingsOf(technique, layer, values),
      ...networks.memoryFor(technique.samples === undefined ? network : sweep),
    });
    const all = { ...options, sweep, settings: told };
    const pictures = inputs.map((input) => input.values);
    return inputs.length === 1 && first
      ? trustTable(network, first.values, techniques, all)
      : trustSummary(network, pictures, techniques, all);
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
      "target" in table ? { images: names, ...tableReport(table) } : { images: names, rows: table.rows };
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
  for (const line of [...TRUST_LEGEND, ...pace(settings)]) io.out(`  ${line}`);
  images.assertWhole();
}

/** The techniques that are named; else those that are quick, or with --all every one. */
function techniquesOf(positionals: readonly string[], values: Values): readonly AttributionTechnique[] {
  if (values.has("all")) {
    if (positionals.length > 0) throw new UsageError("expected names of techniques or --all, got both");
    return ATTRIBUTIONS;
  }
  if (positionals.length > 0) return positionals.flatMap((text) => techniquesNamed(text));
  return ATTRIBUTIONS.filter(({ samples = 1 }) => samples <= MANY);
}

function settingsOf(technique: NamedTechnique, layer: string | undefined, values: Values) {
  const known = ATTRIBUTIONS.find(({ name }) => name === technique.name);
  if (!known) return {};
  const weighed = known.weighsMaps && layer !== undefined ? { layer } : {};
  return { ...attributionOptions(known, values), ...weighed };
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

import { composeDistributions } from "../../figures/distributions.ts";
import { InputError } from "../../gpu/errors.ts";
import { type Redundancy, redundancy } from "../../lab/redundancy.ts";
import { readSurvey } from "../../node/survey-folder.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import type { CliCommand } from "./command.ts";

/** Twins, and groups, that are listed. */
const LISTED = 12;

export const REDUNDANCY: CliCommand = {
  name: "redundancy",
  usage: "SURVEY",
  summary: "List the channels that a network could do without. Needs no GPU.",
  details: [
    "SURVEY is a folder that vitrine survey wrote. A channel is dead that was zero everywhere, constant that had one other value, saturated that lies mostly at its largest value. Twins vary together: |correlation| above --twins over all places of all pictures; for them the survey is made with --correlation.",
    "--out draws the layer's distributions: of each channel how often it had each value, in heights of the logarithm.",
  ],
  options: ["layer", "twins", "out", "json"],
  help: {
    layer: "One layer of the survey. Default: all; the last that is no logits for --out.",
    out: "A figure of one layer's distributions (.png, .svg).",
    json: "Print all lists as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine redundancy surveyed",
    "vitrine redundancy surveyed --layer conv1 --out wall.png --json",
  ],
  async run([folder, ...more], values, io) {
    if (folder === undefined || more.length > 0) {
      throw new UsageError(
        `redundancy expects one folder of a survey, got ${folder === undefined ? "none" : more.length + 1}`,
      );
    }
    await redundancyCommand(folder, values, io);
  },
};

async function redundancyCommand(folder: string, values: Values, io: Io): Promise<void> {
  const out = await outOf(values, [".png", ".svg"]);
  const [threshold] = values.numbers("twins") ?? [];
  const survey = await readSurvey(folder);
  const asked = values.text("layer");
  const known = survey.layers.map(({ layer }) => layer);
  if (asked !== undefined && !known.includes(asked)) {
    throw new InputError(`redundancy: expected a layer of the survey (${known.join(", ")}), got "${asked}"`);
  }
  const layers = survey.layers.filter(({ layer }) => asked === undefined || layer === asked);
  const found = layers.map((layer) => redundancy(layer, { threshold }));
  if (out !== undefined) {
    const places = layers.filter(({ shape }) => shape.length > 2);
    const drawn = asked === undefined ? (places.at(-1) ?? layers.at(-1)) : layers[0];
    const own = found.find(({ layer }) => layer === drawn?.layer);
    if (!drawn?.histogram || !own) {
      throw new InputError(
        `redundancy: expected histograms in the survey, got none; make it without --bins 0`,
      );
    }
    const { histogram, statistics } = drawn;
    const draw = () =>
      composeDistributions({
        title: `Distributions of ${drawn.layer}`,
        subtitle: `${survey.model} on ${survey.pictures} pictures of ${survey.data}`,
        channels: histogram.counts.map((counts, channel) => ({
          ...{
            channel,
            counts,
            range: [histogram.ranges[channel]?.[0] ?? 0, statistics.max[channel] ?? 0] as const,
          },
          zeros: (statistics.zeros[channel] ?? 0) / statistics.count,
          fault: faultOf(own, channel),
          remark: twinOf(own, channel),
        })),
        notes: [
          "How often each channel had each value, in heights of the logarithm; beneath, its share of zeros and its largest value.",
        ],
      });
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) printJson(io, { model: survey.model, data: survey.data, layers: found, out });
  else for (const own of found) for (const line of linesOf(own)) io.out(line);
  if (found.some(({ twins }) => twins === undefined)) {
    io.err("vitrine: the survey kept no correlations; vitrine survey --correlation does, for twins");
  }
}

function faultOf({ dead, constant, saturated = [] }: Redundancy, channel: number): string | undefined {
  if (dead.includes(channel)) return "dead";
  if (constant.includes(channel)) return "constant";
  return saturated.includes(channel) ? "saturated" : undefined;
}

function twinOf({ twins = [] }: Redundancy, channel: number): string | undefined {
  const found = twins.find(({ a, b }) => a === channel || b === channel);
  return found && `like ${found.a === channel ? found.b : found.a} (${found.correlation.toFixed(2)})`;
}

function linesOf({
  layer,
  channels,
  dead,
  constant,
  saturated,
  twins,
  groups,
  standardisedMeans,
}: Redundancy): string[] {
  const list = (name: string, numbers: readonly number[] = []) =>
    numbers.length > 0 ? [`  ${name}: ${numbers.join(", ")}`] : [];
  const pairs =
    twins?.slice(0, LISTED).map(({ a, b, correlation }) => `${a}–${b} (${correlation.toFixed(2)})`) ?? [];
  const weak = [...(standardisedMeans?.keys() ?? [])]
    .sort((a, b) => (standardisedMeans?.[a] ?? 0) - (standardisedMeans?.[b] ?? 0) || a - b)
    .slice(0, 5)
    .map((c) => `${c} (${standardisedMeans?.[c]?.toFixed(1)})`);
  return [
    `${layer}: ${channels} channels, ${dead.length} dead, ${constant.length} constant${saturated ? `, ${saturated.length} saturated` : ""}${twins ? `, ${twins.length} pairs of twins` : ""}`,
    ...list("dead", dead),
    ...list("constant", constant),
    ...list("saturated", saturated),
    ...(pairs.length > 0
      ? [`  twins: ${pairs.join(", ")}${(twins?.length ?? 0) > LISTED ? ", …" : ""}`]
      : []),
    ...(groups && groups.length > 0
      ? [
          `  groups: ${groups
            .slice(0, LISTED)
            .map((group) => group.join("+"))
            .join(", ")}${groups.length > LISTED ? ", …" : ""}`,
        ]
      : []),
    ...(weak.length > 0 ? [`  weakest over all labels, by standardised means: ${weak.join(", ")}`] : []),
  ];
}

import { corruptedSource } from "../../dataset/corrupted-source.ts";
import { labelsOfTable } from "../../dataset/file-table.ts";
import type { Source } from "../../dataset/source.ts";
import { composePerformance } from "../../figures/performance.ts";
import { type AttributeTable, attributeTable } from "../../lab/attribute-table.ts";
import { compareLabellers, type ErrorTable, type LabellerReport } from "../../lab/labeller.ts";
import {
  type AnsweredPicture,
  type AttributePerformance,
  performanceBy,
  type Share,
  wilsonInterval,
} from "../../lab/performance.ts";
import {
  PICTURE_ATTRIBUTES,
  type PictureAttribute,
  pictureAttributes,
} from "../../lab/picture-attributes.ts";
import { readRegular } from "../../node/read.ts";
import { corruptionOf } from "../corruption-choice.ts";
import { columns, gathered, openData, shareText } from "../held-out.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { type Judged, judgedPictures } from "../judged-pictures.ts";
import { openModel } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import { isSyntheticObject, OBJECT_ATTRIBUTES, objectAttributes } from "../synthetic-objects.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

const USUAL = ["contrast", "sharpness", "clutter", "brightness"] as const;

export const PERFORMANCE: CliCommand = {
  name: "performance",
  usage: "--data DATA",
  summary: "Tell which pictures a network is right about: by contrast, clutter, size, or your own table.",
  rows: [...Object.entries(PICTURE_ATTRIBUTES), ...Object.entries(OBJECT_ATTRIBUTES)],
  details: [
    "Pictures are put into bins of as many pictures each, words of a table into groups; the interval of each accuracy is Wilson's, of 95 %. r is Spearman's correlation of the attribute and being right.",
    "With --human it tells as well how often the network and a human are right and agree (Cohen's kappa), and who errs where.",
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    ...([
      "survey",
      "by",
      "attributes",
      "bins",
      "human",
      "corrupt",
      "batch",
      "memory",
      "seed",
      "out",
      "json",
    ] as const),
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    survey:
      "The folder of a survey of the same data set, whose answers are taken. Default: the network is asked.",
    bins: "Bins of each attribute of numbers, 1 to 100. Default 5.",
    seed: "Seed of the pictures of synthetic:N, and of --corrupt. Default 1, and 0.",
    out: "File for the figure (.png or .svg).",
  },
  examples: [
    "vitrine performance --data synthetic:160 --by object-size,contrast --out figure.png",
    "vitrine performance --data synthetic:160 --corrupt gaussian-noise:5 --by clutter --json",
  ],
  run: performanceCommand,
};

async function performanceCommand(words: readonly string[], values: Values, io: Io): Promise<void> {
  assertNoArguments("performance", words);
  const corruption = corruptionOf(values);
  const bins = values.whole("bins", 1, 100);
  const out = await outOf(values, [".png", ".svg"]);
  const tables = { attributes: await tableOf(values, "attributes"), human: await tableOf(values, "human") };
  const graph = await openModel(values, io);
  const plain = await openData("performance", graph, values, io);
  const seed = values.whole("seed", 0, 2 ** 32 - 1);
  const source = corruption ? corruptedSource(await io.device(), plain, { ...corruption, seed }) : plain;
  const judged = await judgedPictures(graph, source, values, io);
  const ids = [...judged.pictures.values()].map(({ id }) => id);
  const table = tables.attributes && attributeTable(ids, tables.attributes);
  const human = tables.human && labelsOfTable(ids, tables.human);
  const by = attributesOf(values, table, ids);
  const pictures = await measured(judged, by, table, source, values, io);
  const compared = human && compareLabellers(pictures, (id) => human.labelOf(id));
  const performance = performanceBy(pictures, { by, bins });
  const right = pictures.filter((picture) => picture.right).length;
  const whole = { pictures: pictures.length, right, accuracy: wilsonInterval(right, pictures.length) };
  const notes = [
    ...(judged.unlabelled > 0
      ? [`${judged.unlabelled} pictures have no label that is a class of the network, and are not counted`]
      : []),
    ...(table?.notes ?? []),
    ...(compared?.notes ?? []),
    ...gathered(
      performance
        .filter(({ without }) => without > 0)
        .map(({ attribute, without }) => ({
          name: attribute,
          notes: [`not known of ${without} pictures`],
        })),
    ),
    ...(right === 0 || right === pictures.length
      ? [`the network is ${right === 0 ? "never" : "always"} right: no attribute can tell when`]
      : []),
  ];
  const about = `${judged.model} · ${source.name} · ${whole.pictures} pictures, ${intervalText(whole.accuracy)} right`;
  if (out !== undefined) {
    const draw = () => figureOf(performance, about, notes);
    await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
  }
  if (values.has("json")) {
    printJson(io, {
      ...{ model: judged.model, data: source.name, ...whole, attributes: performance, human: compared },
      ...{ notes, out },
    });
    return;
  }
  io.out(about);
  for (const line of linesOf(performance)) io.out(line);
  if (compared) for (const line of labellerLines(compared)) io.out(line);
  for (const note of notes) io.err(`vitrine: ${note}`);
}

async function tableOf(values: Values, option: "attributes" | "human") {
  const name = values.text(option);
  if (name === undefined) return undefined;
  return { name, text: (await readRegular(name, `--${option}`)).toString() };
}

const isMeasured = (name: string): name is PictureAttribute => Object.hasOwn(PICTURE_ATTRIBUTES, name);
const isOfObject = (name: string): boolean => Object.hasOwn(OBJECT_ATTRIBUTES, name);

/** The attributes that are wanted, each known. */
function attributesOf(
  values: Values,
  table: AttributeTable | undefined,
  ids: readonly string[],
): readonly string[] {
  const own = table?.columns ?? [];
  const drawn = ids.some(isSyntheticObject) ? Object.keys(OBJECT_ATTRIBUTES) : [];
  const given = values.text("by")?.split(",");
  if (given === undefined) return [...USUAL, ...drawn, ...own.filter((name) => !isMeasured(name))];
  const known = [...Object.keys(PICTURE_ATTRIBUTES), ...drawn, ...own];
  return given.map((word) => {
    const name = known.find((one) => one === word.trim());
    if (name !== undefined) return name;
    throw new UsageError(`--by expects ${known.join(", ")}, got "${word}"`);
  });
}

/** The pictures with their attributes; the pixels are looked at in a stream where one of them needs it. A column of the table comes first. */
async function measured(
  { pictures }: Judged,
  by: readonly string[],
  table: AttributeTable | undefined,
  source: Source,
  values: Values,
  io: Io,
): Promise<AnsweredPicture[]> {
  const others = by.filter((name) => !(table?.columns.includes(name) ?? false));
  const wanted = others.filter(isMeasured);
  const objects = others.some(isOfObject) ? await objectAttributes(values, io) : undefined;
  const found: AnsweredPicture[] = [];
  const add = async (index: number, own: Readonly<Record<string, number>>): Promise<void> => {
    const picture = pictures.get(index);
    if (picture === undefined) return;
    const attributes = { ...own, ...(await objects?.(picture.id)), ...table?.attributesOf(picture.id) };
    found.push({ ...picture, attributes });
  };
  if (wanted.length === 0) {
    for (const index of pictures.keys()) await add(index, {});
    return found;
  }
  for await (const { index, pixels } of source.read({ signal: io.signal, onBroken: () => {} })) {
    if (pictures.has(index)) await add(index, pictureAttributes(pixels, wanted));
    io.progress(`measured ${found.length} of ${pictures.size} pictures`);
  }
  io.progress();
  return found;
}

function intervalText({ share, low, high }: Share): string {
  return `${shareText(share)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
}

function linesOf(performance: readonly AttributePerformance[]): string[] {
  return performance.flatMap(({ attribute, bins, correlation }) => [
    `${attribute}${correlation === undefined ? "" : `, r ${correlation.toFixed(2)}`}`,
    ...columns(
      bins.map(({ name, pictures, accuracy }) => [`  ${name}`, `${pictures}`, intervalText(accuracy)]),
    ),
  ]);
}

function labellerLines({
  network,
  human,
  agreement,
  kappa,
  labels,
  table,
  ...more
}: LabellerReport): string[] {
  const number = (value: number | undefined): string => value?.toFixed(2) ?? "–";
  const row = (name: string, { both, onlyNetwork, onlyHuman, neither }: ErrorTable): string[] => [
    `  ${name}`,
    ...[both, onlyNetwork, onlyHuman, neither].map(String),
  ];
  return [
    `beside the human, ${more.pictures} pictures: network ${intervalText(network)} right, human ${intervalText(human)}`,
    `same answer ${shareText(agreement)}, kappa ${number(kappa)}; kappa of being right ${number(more.errorConsistency)}`,
    ...columns([
      ["  right", "both", "only network", "only human", "neither"],
      row("all", table),
      ...labels.map(({ label, table: own }) => row(label, own)),
    ]),
  ];
}

function figureOf(performance: readonly AttributePerformance[], subtitle: string, notes: readonly string[]) {
  return composePerformance({
    title: "Accuracy by attribute, in per cent",
    subtitle,
    panels: performance.map(({ attribute, kind, bins, correlation }) => ({
      title: attribute,
      remark: correlation === undefined ? undefined : `r ${correlation.toFixed(2)}`,
      ordered: kind === "numbers",
      points: bins.map(({ name, pictures, accuracy }) => ({ name, pictures, ...accuracy })),
    })),
    notes: [
      "Bars: 95 % intervals (Wilson). Grey line: all of a panel. r: Spearman's correlation with being right.",
      ...notes.map((note) => `${note}.`),
    ],
  });
}

import { basename } from "node:path";
import { composeAttacks, type DrawnAttack } from "../../figures/attacks.ts";
import type { FigureTable } from "../../figures/table.ts";
import { nearest } from "../../gpu/options.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { className } from "../../graph/classes.ts";
import { headOf } from "../../graph/heads.ts";
import { createNetworks } from "../../network/pool.ts";
import { citationOf } from "../../techniques/attribution/technique.ts";
import type { Prediction } from "../../techniques/predict.ts";
import type { Attack, AttackTechnique } from "../../techniques/robustness/attack.ts";
import { type DefenceResult, defend } from "../../techniques/robustness/defend.ts";
import { ATTACKS } from "../../techniques/robustness/list.ts";
import type { AttackOptions } from "../../techniques/robustness/options.ts";
import { ATTACK_OPTIONS, type AttackOptionName, attackSettings } from "../attack-options.ts";
import { headNotes, warnOfHead } from "../heads.ts";
import { Images, type Input } from "../images.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { openModel, preprocessingReport, provenance, warnOfGuess } from "../model.ts";
import { Outputs, writeResult } from "../output.ts";
import { optionValue } from "../technique-settings.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const ATTACK: CliCommand = {
  name: "attack",
  usage: "METHOD [IMAGE...]",
  summary: "Change pictures so little that nobody sees it, until the network sees something else.",
  rows: ATTACKS.map(({ name, summary }) => [name, summary]),
  details: [
    "Distances are in units of 1/255: --epsilon 8 changes no value of a picture by more than 8 of 255 levels. The change is made in the pixels; the model's own preprocessing is part of what is attacked.",
    "What is found is rounded to 8 bits and run through the network again; that answer is reported. An attack that fails is shown like any other, marked as failed: it is a finding, and the exit code is 0.",
    "--out sheet.png draws each picture, what was found, and the difference ten times as strong. --out DIR writes what was found as PNG files, which hold the very pixels. --out FILE.npy keeps them as one array [images,H,W,3] of 0…1.",
  ],
  options: [
    "image",
    ...MODEL_OPTIONS,
    "target",
    "label",
    ...(Object.keys(ATTACK_OPTIONS) as AttackOptionName[]),
    "defences",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    ...Object.fromEntries(Object.values(ATTACK_OPTIONS).map(({ name, help }) => [name, help])),
    target: "The class that the network shall see, by number or label. Default: any other than it sees.",
    memory: "The most GPU memory that the network and the attack may hold together, in MiB. Default 512.",
    out: "A sheet (.png, .svg), a folder for the pictures that were found (.png), or all of them as an array (.npy).",
  },
  examples: [
    "vitrine attack pgd synthetic:3 --epsilon 8 --defences --out attack.png",
    "vitrine attack fgsm a.jpg b.jpg --model mobilenet --labels imagenet.json --epsilon 2 --json",
    "vitrine attack pgd dog.jpg --model squeezenet --labels imagenet.json --target tabby --steps 40 --out attacked/",
  ],
  leading: () => 1,
  run: attackCommand,
};

async function attackCommand([name, ...names]: readonly string[], values: Values, io: Io): Promise<void> {
  const technique = techniqueNamed(name);
  const settings = settingsFor(technique, values);
  const outputs = await Outputs.of(values, "out", [".png", ".svg", ".npy"]);
  const mebibytes = values.whole("memory", 1, 2 ** 20);
  const graph = await openModel(values, io, names);
  const images = new Images(graph, values, io, names);
  const inputs = await images.all();
  warnOfGuess(graph, io, inputs);
  warnOfHead(graph, io);
  const memory = mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
  const networks = createNetworks(await io.device(), graph, { memory });
  let attacks: Attack[];
  let defences: readonly DefenceResult[] | undefined;
  try {
    const { signal } = io;
    const pictures = inputs.map((input) => input.values);
    attacks = await technique.run(networks, pictures, {
      ...settings,
      signal,
      onProgress: progressOf(io, `attacking by ${technique.name}`),
    });
    if (values.has("defences")) {
      const onProgress = progressOf(io, "defending");
      defences = await defend(networks, attacks, undefined, { signal, onProgress });
    }
  } finally {
    networks.destroy();
  }
  io.progress();
  const said = (prediction: Prediction) => className(headOf(graph), prediction.index);
  const report = { technique, inputs, attacks, defences, said };
  if (outputs) {
    const subtitle = [
      ...[graph.name, `${technique.title} (${citationOf(technique)})`, ...inWords(technique, settings)],
      ...headNotes(graph),
      ...(inputs.length === 1 ? provenance(graph, inputs[0] ?? {}) : []),
    ].join(" · ");
    await write(outputs, report, subtitle, io);
  }
  if (values.has("json")) {
    const results = attacks.map(({ original: _, picture: __, difference: ___, ...about }, i) => ({
      image: inputs[i]?.name,
      ...about,
    }));
    const about = { model: graph.name, preprocessing: preprocessingReport(graph), technique: technique.name };
    printJson(io, {
      ...about,
      settings,
      succeeded: countOf(attacks),
      results,
      ...(defences ? { defences } : {}),
    });
    images.assertWhole();
    return;
  }
  print(report, io);
  images.assertWhole();
}

interface Report {
  readonly technique: AttackTechnique;
  readonly inputs: readonly Input[];
  readonly attacks: readonly Attack[];
  readonly defences: readonly DefenceResult[] | undefined;
  /** The name of a prediction's class. */
  said(prediction: Prediction): string;
}

/** @throws UsageError that lists the names. */
function techniqueNamed(name = ""): AttackTechnique {
  const found = ATTACKS.find((technique) => technique.name === name);
  if (found) return found;
  const names = ATTACKS.map((technique) => technique.name);
  const near = name === "" ? undefined : nearest(name, names);
  throw new UsageError(
    `attack expects a method (${names.join(", ")}), got ${name === "" ? "none" : `"${name}"`}${near ? `; did you mean ${near}?` : ""}`,
  );
}

/** The settings that the command line gives an attack. @throws UsageError for an option that it does not read. */
function settingsFor(technique: AttackTechnique, values: Values): AttackOptions {
  const own = attackSettings(technique);
  for (const option of Object.keys(ATTACK_OPTIONS) as AttackOptionName[]) {
    if (values.has(option) && !own.some(({ name }) => name === option)) {
      throw new UsageError(`${technique.name} takes no --${option}`);
    }
  }
  if (technique.untargetedOnly && values.has("target")) {
    throw new UsageError(`${technique.name} takes no --target: it goes to the nearest boundary`);
  }
  const given = [
    ...own.map(
      ({ name, option, definition }) => [option, optionValue(name, definition.type, values)] as const,
    ),
    ...(["target", "label", "output"] as const).map((name) => [name, values.text(name)] as const),
  ];
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** The settings that a caption names. */
function inWords(technique: AttackTechnique, settings: AttackOptions): string[] {
  return Object.entries(technique.options).flatMap(([name, option]) => {
    const value = settings[name as keyof AttackOptions] ?? option.default;
    if (value === undefined || typeof value === "object") return [];
    if (name === "epsilon" && settings.epsilon === undefined && settings.norm === "l2")
      return ["epsilon 128/255"];
    return [name === "epsilon" || name === "step" ? `${name} ${value}/255` : `${name} ${value}`];
  });
}

function countOf(attacks: readonly Attack[]): number {
  return attacks.filter(({ succeeded }) => succeeded).length;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const sureOf = ({ probability = 0 }: Prediction): string => percent(probability);
const distanceOf = ({ linf, l2 }: Attack): string =>
  `largest change ${linf}/255, length ${l2.toFixed(1)}/255`;

function print({ technique, inputs, attacks, defences, said }: Report, io: Io): void {
  for (const [i, attack] of attacks.entries()) {
    const { before, after, succeeded, steps, notes = [] } = attack;
    io.out(
      `${inputs[i]?.name}: ${succeeded ? "succeeded" : "failed"}, ${said(before)} ${sureOf(before)} became ${said(after)} ${sureOf(after)}; ${distanceOf(attack)}; ${steps} ${steps === 1 ? "step" : "steps"}`,
    );
    for (const note of notes) io.out(`  ${note}`);
  }
  io.out(`${technique.title}: ${countOf(attacks)} of ${attacks.length} succeeded`);
  if (!defences) return;
  const { columns, rows, notes = [] } = tableOf(defences, attacks);
  io.out("");
  const widths = columns.map((_, c) => Math.max(...[columns, ...rows].map((row) => row[c]?.length ?? 0)));
  for (const row of [columns, ...rows]) {
    io.out(
      row
        .map((text, c) => text.padEnd(widths[c] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
  io.out("");
  for (const note of notes) io.out(`  ${note}`);
}

/** What each defence restores, and what it costs. */
function tableOf(defences: readonly DefenceResult[], attacks: readonly Attack[]): FigureTable {
  const succeeded = countOf(attacks);
  return {
    title: "Defences",
    columns: ["defence", "restored", "kept without an attack"],
    rows: defences.map(({ defence, pictures, restored, kept }) => [
      defence,
      succeeded === 0 ? "–" : `${Math.round(restored * succeeded)} of ${succeeded}`,
      `${Math.round(kept * pictures.length)} of ${pictures.length}`,
    ]),
    notes: [
      "Restored: attacked pictures that have their class again behind the defence. The attack did not know of it; one that does may pass it.",
    ],
  };
}

async function write(outputs: Outputs, report: Report, subtitle: string, io: Io): Promise<void> {
  const { inputs, attacks, defences, said, technique } = report;
  const [first] = attacks;
  if (!first) return;
  const nothing = { data: new Float32Array(), shape: [0] };
  if (outputs.isFolder && !outputs.arrays) {
    for (const [i, { picture }] of attacks.entries()) {
      await writeResult(outputs.fileFor(inputs[i]?.name ?? ""), { ...nothing, draw: () => picture }, io);
    }
    return;
  }
  const { width, height } = first.picture;
  const shape = [attacks.length, height, width, 3];
  const data = new Float32Array(sizeOf(shape));
  for (const [i, { picture }] of attacks.entries()) {
    data.set(
      Float32Array.from(picture.data, (value) => value / 255),
      i * sizeOf(shape.slice(1)),
    );
  }
  const draw = () =>
    composeAttacks({
      title: `${technique.title}: ${countOf(attacks)} of ${attacks.length} succeeded`,
      subtitle,
      attacks: attacks.map((attack, i): DrawnAttack => {
        const { original, picture, difference, before, after, succeeded } = attack;
        return {
          ...{ original, picture, difference },
          label: attacks.length > 1 ? basename(inputs[i]?.name ?? "") : undefined,
          captions: [
            [`${said(before)} ${sureOf(before)}`],
            [`${said(after)} ${sureOf(after)}`, succeeded ? "succeeded" : "failed"],
            ["difference ×10", `largest ${attack.linf}/255`, `length ${attack.l2.toFixed(1)}/255`],
          ],
        };
      }),
      ...(defences ? { table: tableOf(defences, attacks) } : {}),
    });
  await writeResult(outputs.isFolder ? outputs.fileFor("attacks") : outputs.path, { data, shape, draw }, io);
}

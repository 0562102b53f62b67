import { extname } from "node:path";
import { nearest } from "../../gpu/options.ts";
import { formatShape, LARGEST_U32, sizeOf } from "../../gpu/tensor.ts";
import type { Graph } from "../../graph/graph.ts";
import { isOutputRange } from "../../graph/output-range.ts";
import type { Honesty } from "../../metrics/honesty.ts";
import { createNetworks } from "../../network/pool.ts";
import { type NpyArray, readNpy } from "../../node/npy.ts";
import type { Magnitude } from "../../optimise/image/magnitude.ts";
import { SYNTHESES } from "../../techniques/synthesis/list.ts";
import type { SynthesisOption, SynthesisOptions } from "../../techniques/synthesis/options.ts";
import type { SynthesisRequest } from "../../techniques/synthesis/plan.ts";
import type { LiveSynthesis, SyntheticPicture } from "../../techniques/synthesis/synthesis.ts";
import type { SynthesisTechnique } from "../../techniques/synthesis/technique.ts";
import { sizeFor } from "../../techniques/synthesis/unit-pictures.ts";
import { channelsOf, type Wanted } from "../../techniques/synthesis/wanted.ts";
import { Images } from "../images.ts";
import { sizeOption } from "../input-size.ts";
import { type Io, printJson, progressOf, UsageError } from "../io.ts";
import { openAlone, openModel, preprocessingReport, shippedModel } from "../model.ts";
import { Outputs } from "../output.ts";
import {
  assertEvidence,
  evidenceFor,
  evidenceReport,
  facetReport,
  naturalsOf,
} from "../synthesis-evidence.ts";
import { SYNTHESIS_OPTIONS, synthesisSettings } from "../synthesis-options.ts";
import { captionOf, writeSynthesis } from "../synthesis-sheet.ts";
import { optionValue } from "../technique-settings.ts";
import type { Values } from "../values.ts";
import { type CliCommand, MODEL_OPTIONS } from "./command.ts";

const USUAL = "feature-visualization";
const OWN = Object.keys(SYNTHESIS_OPTIONS) as SynthesisOption[];

export const VISUALIZE: CliCommand = {
  name: "visualize",
  usage: "[TECHNIQUE] [IMAGE]",
  summary: "Make pictures of what a class, a channel or a neuron would like to see.",
  rows: SYNTHESES.map(({ name, summary }) => [name, summary]),
  details: [
    "--target star,ring asks for classes, --layer L --channel 3,5 for channels, with --at Y,X for one neuron of each, --layer L --wall for every channel. Each gets a picture. accentuation takes a photograph beside, caricature a photograph and a --layer.",
    "multifaceted makes --clusters pictures of each unit: it sorts the pictures of --data that excite the unit most by what is seen in them, and begins with the mean of each kind.",
    "gan-prior and unit-samples vary the code of --generator: the one for the picture that excites most, the other for --samples pictures drawn at random from those that excite. maco keeps the spectrum of --magnitude, of a law of photographs otherwise.",
    "The value, the class and its probability are those of the picture rounded to 8 bits, without transforms. A unit that does not fire for its picture is said, and no picture is drawn.",
    "--data FOLDER finds the natural pictures that excite each unit most, and tells how much the picture's way through the network resembles theirs, layer by layer. --second MODEL asks another network what it sees.",
    "--out sheet.png draws all pictures with captions (those of --wall as a wall), --out DIR writes each by itself, --out FILE.npy all as one array [pictures,H,W,3] of 0…1. --out film.gif shows how they came about, a frame every --every steps.",
    "To follow a climb step by step: --init start.npy, --transforms none, --out x.npy --save-every 1.",
  ],
  options: [
    "image",
    ...MODEL_OPTIONS,
    ...["target", "layer", "channel", "at", "wall"],
    ...OWN,
    ...[
      "generator",
      "gives",
      "magnitude",
      "data",
      "second",
      "init",
      "seed",
      "every",
      "save-every",
      "memory",
      "out",
      "json",
    ],
  ] as CliCommand["options"],
  help: {
    ...Object.fromEntries(OWN.map((name) => [name, SYNTHESIS_OPTIONS[name].help])),
    target: "The classes that pictures are made for, by number or label, with commas between.",
    channel: "Channels of --layer, from 0, with commas between. Default: the mean of the whole layer.",
    at: "One place of --layer, from 0,0 at the top left: a picture for one neuron, and not for the channel's mean.",
    size: "Size of the pictures in pixels; the network's where its file leaves that free. Default: the network's.",
    seed: "Seed of the pictures, and of the picture of synthetic:N. Default 0, and 1.",
    memory: "The most GPU memory that networks may hold together, in MiB. Default 512.",
    out: "A sheet (.png, .svg), a folder for the pictures, all of them as an array (.npy), or a film (.gif).",
  },
  examples: [
    "vitrine visualize --target star,ring --steps 256 --out sheet.png",
    "vitrine visualize --layer conv3_3 --wall --steps 64 --out wall.png",
    "vitrine visualize class-image --target 3 --steps 100 --out maps/",
    "vitrine visualize accentuation photo.jpg --target gear --steps 64 --json",
    "vitrine visualize --layer conv2_2 --channel 0,2 --data photos/ --second mobilenet --steps 40 --out beside.png",
    "vitrine visualize --layer conv2_2 --channel 0,2 --steps 40 --every 4 --out film.gif",
    "vitrine visualize unit-samples --target star --samples 4 --steps 200 --out samples.png",
    "vitrine visualize multifaceted --target star --data photos/ --clusters 2 --steps 370 --out facets.png",
  ],
  leading: () => 1,
  run: visualizeCommand,
};

async function visualizeCommand(
  [name = USUAL, ...names]: readonly string[],
  values: Values,
  io: Io,
): Promise<void> {
  const technique = techniqueNamed(name);
  const settings = settingsFor(technique, values);
  const { every, ...watching } = watchingOf(values);
  const size = sizeOption(values);
  const seed = values.whole("seed", 0, LARGEST_U32);
  const mebibytes = values.whole("memory", 1, 2 ** 20);
  const outputs = await Outputs.of(values, "out", [".png", ".svg", ".npy", ".gif"]);
  assertWatchable(values, outputs);
  assertEvidence(technique, values);
  const init = values.text("init");
  if (init !== undefined && !technique.startable) throw new UsageError(`${technique.name} takes no --init`);
  const spectrum = values.text("magnitude");
  if (spectrum !== undefined && !technique.spectral) {
    throw new UsageError(`${technique.name} takes no --magnitude`);
  }
  const magnitude = spectrum === undefined ? undefined : await magnitudeIn(spectrum);
  const start = init === undefined ? undefined : await readNpy(init);
  const graph = await openModel(values, io, names);
  if (start) assertStart(start, sizeFor(technique.name, graph, size));
  const request = await requestFor(technique, graph, values, io, names);
  const memory = mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
  const networks = createNetworks(await io.device(), graph, { memory });
  const frames: LiveSynthesis[] = [];
  let made: readonly SyntheticPicture[];
  let evidence: readonly Honesty[];
  try {
    const found = await technique.run(networks, request, {
      ...settings,
      ...{ size, seed, every, signal: io.signal, onProgress: progressOf(io, technique.name) },
      ...(start ? { start: start.data } : {}),
      ...(magnitude ? { magnitude } : {}),
      ...(every === undefined ? {} : { onPicture: (live: LiveSynthesis) => frames.push(live) }),
    });
    made = found.pictures;
    evidence = await evidenceFor(networks, request, made, values, io);
  } finally {
    networks.destroy();
  }
  io.progress();
  const report = {
    ...{ technique, settings, seed: seed ?? 0, graph },
    ...{ pictures: made, evidence, wall: values.has("wall") },
  };
  if (outputs) await writeSynthesis(outputs, report, frames, watching.saved, io);
  if (values.has("json")) {
    printJson(io, {
      ...{ model: graph.name, preprocessing: preprocessingReport(graph), technique: technique.name },
      settings: { ...settings, seed: seed ?? 0 },
      results: made.map(({ data: _, alpha: __, curve, facet, ...about }, n) => ({
        ...{ ...about, curve: [...curve] },
        ...(facet ? { facet: facetReport(facet) } : {}),
        ...evidenceReport(evidence[n]),
      })),
    });
    return;
  }
  for (const [n, picture] of made.entries()) {
    io.out([picture.name, ...captionOf(picture, graph, evidence[n])].join(" · "));
    for (const note of picture.notes ?? []) io.out(`  ${note}`);
  }
}

/** The magnitudes that a file holds. */
async function magnitudeIn(path: string): Promise<Magnitude> {
  const { shape, data } = await readNpy(path);
  return { shape, data: Float32Array.from(data) };
}

/** @throws UsageError where a picture to begin with has another size, or its axes in another order. */
function assertStart({ shape }: NpyArray, expected: readonly number[]): void {
  if (sizeOf(shape) === sizeOf(expected) && shape.slice(-3).join() === expected.join()) return;
  throw new UsageError(`--init expects an array of ${formatShape(expected)}, got ${formatShape(shape)}`);
}

/** @throws UsageError that lists the names. */
function techniqueNamed(name: string): SynthesisTechnique {
  const found = SYNTHESES.find((technique) => technique.name === name);
  if (found) return found;
  const names = SYNTHESES.map((technique) => technique.name);
  const near = nearest(name, names);
  throw new UsageError(
    `visualize expects a technique (${names.join(", ")}), got "${name}"${near ? `; did you mean ${near}?` : ""}`,
  );
}

/** @throws UsageError for an option that the technique does not read. */
function settingsFor(technique: SynthesisTechnique, values: Values): SynthesisOptions {
  const own = synthesisSettings(technique);
  const foreign = OWN.find((option) => values.has(option) && !own.some(({ name }) => name === option));
  if (foreign) throw new UsageError(`${technique.name} takes no --${foreign}`);
  const given = own.map(
    ({ name, definition }) => [name, optionValue(name, definition.type, values)] as const,
  );
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Steps after which pictures are taken on the way: for a film, or to be saved. */
function watchingOf(values: Values): { readonly every: number | undefined; readonly saved: boolean } {
  values.exclusive("every", "save-every");
  const most = 100_000;
  const saved = values.whole("save-every", 1, most);
  return { every: saved ?? values.whole("every", 1, most), saved: saved !== undefined };
}

/** @throws UsageError where pictures on the way have no place. */
function assertWatchable(values: Values, outputs: Outputs | undefined): void {
  const kind = outputs && !outputs.isFolder ? extname(outputs.path).toLowerCase() : undefined;
  if (values.has("save-every") && kind !== ".npy") {
    throw new UsageError(`--save-every expects --out FILE.npy, got ${outputs?.path ?? "none"}`);
  }
  if (values.has("every") !== (kind === ".gif")) {
    throw new UsageError(
      kind === ".gif"
        ? "a film expects --every N, the steps from frame to frame, got none"
        : `--every expects --out FILE.gif, got ${outputs?.path ?? "none"}`,
    );
  }
}

/** What the technique is asked. @throws UsageError where the command line says too little, or too much. */
async function requestFor(
  { name, asks }: SynthesisTechnique,
  graph: Graph,
  values: Values,
  io: Io,
  names: readonly string[],
): Promise<SynthesisRequest> {
  const images = asks.includes("picture") ? await new Images(graph, values, io, names).all() : [];
  if (asks.includes("picture") && images.length !== 1) {
    throw new UsageError(`${name} expects one IMAGE, got ${images.length}`);
  }
  if (!asks.includes("picture") && (names.length > 0 || values.has("image"))) {
    throw new UsageError(`${name} takes no IMAGE, got "${names[0] ?? values.text("image")}"`);
  }
  const layer = values.text("layer");
  if (asks.includes("layer") && layer === undefined)
    throw new UsageError(`${name} expects --layer, got none`);
  for (const option of ["generator", "gives"] as const) {
    if (values.has(option) && !asks.includes("generator"))
      throw new UsageError(`${name} takes no --${option}`);
  }
  if (asks.includes("pictures") && !values.has("data")) {
    throw new UsageError(`${name} expects --data FOLDER with natural pictures, got none`);
  }
  return {
    ...(asks.includes("objective") ? { objective: wantedOf(name, graph, values) } : {}),
    ...(asks.includes("layer") ? { layer } : {}),
    ...(images[0] ? { picture: images[0].values } : {}),
    ...(asks.includes("generator") ? { generator: await generatorFor(name, values, io) } : {}),
    ...(asks.includes("pictures") ? { pictures: naturalsOf(graph, values, io) } : {}),
  };
}

/** The generator of --generator, or the shipped one, with its numbers for black and white. @throws UsageError */
async function generatorFor(name: string, values: Values, io: Io): Promise<Graph> {
  const path = values.text("generator");
  const graph = await openAlone(path ?? shippedModel("helpers/generator"), io);
  const range = values.numbers("gives") ?? graph.outputRange;
  if (isOutputRange(range)) return { ...graph, outputRange: range };
  const got = values.text("gives") ?? "none, and its file declares none";
  throw new UsageError(`${name} expects --gives BLACK,WHITE, the generator's numbers for them, got ${got}`);
}

function wantedOf(name: string, graph: Graph, values: Values): Wanted[] {
  values.exclusive("target", "layer");
  values.exclusive("wall", "channel");
  const target = values.text("target");
  const layer = values.text("layer");
  if (target !== undefined) {
    return target.split(",").map((part) => ({ class: part.trim(), output: values.text("output") }));
  }
  if (layer === undefined) {
    throw new UsageError(
      `${name} expects --target CLASS,… or --layer NAME with --channel K,… or --wall, got none`,
    );
  }
  if (values.has("wall")) return channelsOf(graph, layer);
  const [y, x, ...more] = values.numbers("at") ?? [];
  if (values.has("at") && (x === undefined || more.length > 0)) {
    throw new UsageError(`--at expects Y,X, got "${values.text("at")}"`);
  }
  const channels = values.numbers("channel") ?? [undefined];
  return channels.map((channel) => ({ layer, channel, y, x }));
}

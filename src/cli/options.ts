import { parseArgs } from "node:util";
import { nearest } from "../gpu/options.ts";
import type { SynthesisOption } from "../techniques/synthesis/options.ts";
import { ATTACK_OPTIONS, type AttackOptionName } from "./attack-options.ts";
import { UsageError } from "./io.ts";
import { LAB_OPTIONS } from "./lab-options.ts";
import { MAP_OPTIONS } from "./map-options.ts";
import type { Option } from "./option.ts";
import { PICTURE_OPTIONS, type PictureOptionName } from "./picture-options.ts";
import { SURVEY_OPTIONS } from "./survey-options.ts";
import { SYNTHESIS_OPTIONS } from "./synthesis-options.ts";
import { TECHNIQUE_OPTIONS } from "./technique-options.ts";

/** The options that are no technique's own: one meaning each, whatever the command. */
const OWN = {
  model: {
    name: "model",
    value: "DIR|FILE",
    help: "The network: a tfjs model.json, .onnx, .keras or .h5, a .zip of one of these, or the folder that holds it. Names of classes beside it are taken. Default: the network shipped with Vitrine, which tells 16 kinds of drawn pictures apart.",
  },
  image: {
    name: "image",
    value: "FILE",
    many: true,
    help: "An image: PNG, JPEG or TIFF of up to 64 megapixels, WebP, GIF or AVIF of up to 32. An .npy file of bytes [H,W,C] is a picture; one of floats is taken as the network's input, unless --preprocess is given; [N,H,W,C] is several images. FILE.npz means all its arrays, FILE.npz:NAME one of them. A folder means all its pictures; a pattern in quotes ('shots/**/*.jpg') all files that match; - standard input; synthetic:N picture N of the shipped data set. A broken one among several is named and skipped; the exit code is then 1.",
  },
  input: {
    name: "input",
    value: "NAME=FILE|X,…",
    many: true,
    help: "The values of an input of the network beside its picture: an .npy file, numbers with commas between, or a picture where it takes one. Once for each such input; the same for every picture.",
  },
  preprocess: {
    name: "preprocess",
    value: "NAME",
    help: "How values of 0…255 become the network's input: unit (0…1), signed (−1…1), imagenet (mean and standard deviation) or none (0…255). Default: what the model declares or its own layers do, or else a guess, which is printed. Arrays of floats are then scaled too. For sizes see --fit.",
  },
  mean: {
    name: "mean",
    value: "R,G,B",
    help: "In place of --preprocess: the mean that is subtracted from values of 0…1 (of 0…255 with --range 1).",
  },
  std: {
    name: "std",
    value: "R,G,B",
    help: "The standard deviation that the result is divided by. Default 1,1,1.",
  },
  range: {
    name: "range",
    value: "255|1",
    help: "The number that values of 0…255 are divided by before --mean and --std. Default 255.",
  },
  fit: {
    name: "fit",
    value: "cover|stretch|contain",
    help: "How a picture is fitted to an input of other proportions: cover cuts out its centre, stretch squashes it, contain pads it with black. Default: what the model declares, or what its kind of training does: ImageNet's classifiers and Teachable Machine cut, Keras's and tfjs's loaders squash.",
  },
  layout: {
    name: "layout",
    value: "hwc|chw|nhwc|nchw",
    help: "The order of an array's axes. Default hwc, or nhwc for four axes.",
  },
  resize: {
    name: "resize",
    value: "PX",
    help: "The length that a picture's shorter side gets before its centre is cut out; implies --fit cover. Default: what the model declares, or the least that covers the input. A picture of the input's own size stays as it is.",
  },
  labels: {
    name: "labels",
    value: "FILE",
    help: "The names of the classes: a JSON array, text with one name a line, imagenet_class_index.json, Teachable Machine's metadata.json or Hugging Face's config.json. Default: the model's own, or those beside it. For a yes or no, two names, the no first.",
  },
  output: {
    name: "output",
    value: "NAME",
    help: 'The output to use, of a network that has several; "vitrine layers" lists them. Default: the first.',
  },
  head: {
    name: "head",
    value: "KIND",
    help: "The meaning of the output's numbers: softmax (classes that exclude each other), sigmoid (independent labels; a single one is a yes or no), values (a regression) or places (scores at every place). Default: what the layers say. Several numbers without any activation are read as the logits of a softmax, and a line says so.",
  },
  target: {
    name: "target",
    value: "CLASS,…",
    help: "The class to explain, by number or by label; a part of a label is enough if it fits only one. Its logit is explained, the score before the softmax or sigmoid. A single sigmoid has two sides, no and yes (0 and 1). For scores at every place, the sum over the places that have the class is explained. Several classes, separated by commas, are drawn side by side. Default: the top class.",
  },
  layer: {
    name: "layer",
    value: "NAME",
    help: 'A layer of the network; "vitrine layers" lists them.',
  },
  channel: { name: "channel", value: "K", help: "One channel of --layer, from 0." },
  threshold: {
    name: "threshold",
    value: "T",
    help: "Cut the channel's map, and show where the unit is active: above mean + N standard deviations (2sigma), in the strongest part (top0.5%), or above a value. For several images, mean, deviation and quantile are taken over all of them.",
  },
  at: {
    name: "at",
    value: "Y,X",
    help: "One place of --layer, from 0,0 at the top left; without --layer, of an output with scores at every place, one pixel of the network's input: why this class here? Without --target the class that it has there is explained.",
  },
  region: {
    name: "region",
    value: "MASK",
    help: "A picture that says where, of an output with scores at every place: white counts, black does not. It is fitted to the input as photographs are. The sum of the class's scores over it is explained; without --target, of the class that most of it has.",
  },
  all: { name: "all", help: "Every technique, side by side on one sheet." },
  trust: { name: "trust", help: "Measure how far the map can be trusted, by all measures." },
  measures: {
    name: "measures",
    value: "M,…",
    help: "The measures to take: insertion, deletion, muFidelity, infidelity, sensitivity, modelRandomisation, randomLogit, runnerUp; or all, or none. With --all the default is insertion, deletion, muFidelity, modelRandomisation and runnerUp, in few steps.",
  },
  scale: {
    name: "scale",
    value: "own|row|column|all",
    help: "The maps that share one scale of colours. Default own; row where one technique shows several classes; all for the maps of a layer.",
  },
  show: {
    name: "show",
    value: "P,…",
    help: "The pictures of a figure: image, overlay, map, separated by commas. Default: all three. With several maps, overlay (the default) or map.",
  },
  clip: {
    name: "clip",
    value: "PERCENTILE",
    help: "The percentile of the magnitudes at which the colour scale ends; the caption says what was clipped. Default 99 for gradients and attributions, 100 (nothing clipped) for the others.",
  },
  colors: {
    name: "colors",
    value: "NAME",
    help: "The colour map: inferno, magma, viridis or cividis; for signed maps polar or rdbu. A map of the other kind keeps its own. Also jet and turbo, to compare with older pictures: they are not perceptually uniform and show bands that the map does not have, which the caption says.",
  },
  batch: {
    name: "batch",
    value: "N",
    help: "Images in one forward pass. The numbers stay the same. Default: as many as --memory allows, up to 16, for techniques that run many; 8 for several images.",
  },
  memory: {
    name: "memory",
    value: "MIB",
    help: "The most GPU memory that networks and techniques may hold together, in MiB. Default 512, or more where a network alone takes more than half of that.",
  },
  dataset: {
    name: "dataset",
    value: "N",
    help: "In place of --image: N pictures of the shipped data set that the shipped network has not seen.",
  },
  markdown: { name: "markdown", help: "Print the table as Markdown." },
  top: { name: "top", value: "K", help: "Number of entries to list. Default 5." },
  strongest: {
    name: "strongest",
    value: "N",
    help: "Combine the first layer's filters by the N strongest of a filter's weights only. Default: all weights.",
  },
  index: {
    name: "index",
    value: "I",
    help: "The picture's number, from 0; of several pictures, the first. Default 0.",
  },
  seed: {
    name: "seed",
    value: "S",
    help: "Seed of the shipped data set's pictures, for synthetic:N. Default 1, with which the shipped network was trained.",
  },
  count: { name: "count", value: "N", help: "Number of pictures. Default 1." },
  size: {
    name: "size",
    value: "N|HxW",
    help: "The size of the network's input in pixels, where the model leaves it free. Default: the image's own, at most 1 megapixel, rounded to what the layers allow.",
  },
  label: {
    name: "label",
    value: "CLASS",
    help: "The class that the pictures have and shall lose, by number or label. Default: what the network says of each.",
  },
  defences: {
    name: "defences",
    help: "Also show what JPEG, a blur, fewer bits and a median restore, and what they cost.",
  },
  method: { name: "method", value: "NAME", help: "The method of a command that has several." },
  from: { name: "from", value: "IMAGE", help: "The picture to begin with." },
  guide: {
    name: "guide",
    value: "IMAGE",
    help: "A second picture: what excites the layer becomes more like what excites it there.",
  },
  frames: { name: "frames", value: "N", help: "Number of frames of a film." },
  zoom: {
    name: "zoom",
    value: "X",
    help: "Share of the picture by which each frame of a film is drawn larger. Default 0.05.",
  },
  longest: {
    name: "longest",
    value: "PX",
    help: "The most pixels that the picture's longer side may have; a larger picture is made smaller first.",
  },
  gives: {
    name: "gives",
    value: "BLACK,WHITE",
    help: "The numbers that the network gives for black and for white: 0,255, 0,1 or -1,1. Default: what its file declares.",
  },
  data: {
    name: "data",
    value: "FOLDER",
    many: true,
    help: "Natural pictures: a folder, a pattern in quotes ('shots/**/*.jpg'), a file, or synthetic:N. They are read one after another.",
  },
  second: {
    name: "second",
    value: "MODEL",
    help: "Another network, which is asked what it sees in the pictures; with the names and the preprocessing that its own files declare.",
  },
  generator: {
    name: "generator",
    value: "MODEL",
    help: "A network that draws a picture from a code. Default: the one that is shipped, of drawings like those of the shipped network.",
  },
  magnitude: {
    name: "magnitude",
    value: "FILE.npy",
    help: 'The spectrum that pictures have, as "vitrine spectrum" measures it. Default: a law of photographs.',
  },
  wall: { name: "wall", help: "Every channel of --layer, each with a picture." },
  init: {
    name: "init",
    value: "FILE.npy",
    help: "The picture to begin with, [H,W,3] of 0…1 at the size of the pictures. Default: noise.",
  },
  every: { name: "every", value: "N", help: "Steps from one frame of a film to the next." },
  "save-every": {
    name: "save-every",
    value: "N",
    help: "Also write the pictures after every N steps, beside --out FILE.npy: FILE-20.npy after 20.",
  },
  "content-layers": {
    name: "content-layers",
    value: "L,…",
    help: "The layers, with commas between, whose activations are those of CONTENT.",
  },
  "style-layers": {
    name: "style-layers",
    value: "L,…",
    help: "The layers, with commas between, whose Gram matrices are those of STYLE.",
  },
  kind: { name: "kind", value: "NAME", help: "The kind of corruption; the table above lists them." },
  severity: { name: "severity", value: "1…5", help: "How strongly a picture is corrupted." },
  constants: {
    name: "constants",
    value: "imagenet|cifar",
    help: "The published constants: for pictures of about 224 pixels, or of 32. Default imagenet.",
  },
  pair: { name: "pair", help: "Draw two objects side by side." },
  out: {
    name: "out",
    value: "FILE|DIR",
    help: "File for the result: a picture (.png), a vector figure (.svg: its words are text, its maps pixels), or the array (.npy). Whether it can be written is checked before any work; it is written whole or not at all.",
  },
  overlay: {
    name: "overlay",
    value: "FILE|DIR",
    help: "File for the photograph with the map over it (.png), at the photograph's own size and without words. Parts that the network did not see stay as they are. For several images a folder.",
  },
  json: {
    name: "json",
    help: "Print the numbers as JSON to standard output, and nothing else there.",
  },
  help: { name: "help", short: "h", help: "Print this help." },
  version: { name: "version", short: "v", help: "Print the version." },
} as const satisfies Record<string, Option>;

export type OptionName =
  | keyof typeof OWN
  | keyof typeof SURVEY_OPTIONS
  | keyof typeof MAP_OPTIONS
  | keyof typeof LAB_OPTIONS
  | keyof typeof TECHNIQUE_OPTIONS
  | AttackOptionName
  | SynthesisOption
  | PictureOptionName;

/** Every option of every command. */
export const OPTIONS: Readonly<Record<OptionName, Option>> = {
  ...SYNTHESIS_OPTIONS,
  ...ATTACK_OPTIONS,
  ...PICTURE_OPTIONS,
  ...SURVEY_OPTIONS,
  ...MAP_OPTIONS,
  ...LAB_OPTIONS,
  ...OWN,
  ...TECHNIQUE_OPTIONS,
};

/** A command line, taken apart. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Values of each option that was given; a switch has an empty one. */
  readonly values: ReadonlyMap<OptionName, readonly string[]>;
}

const ALL: readonly Option[] = Object.values(OPTIONS);

/** The options as Node's parser takes them; it refuses a `short` that is there and undefined. */
const FOR_NODE = Object.fromEntries(
  ALL.map(({ name, value, short }) => [
    name,
    { type: value === undefined ? "boolean" : "string", ...(short === undefined ? {} : { short }) },
  ]),
) as Record<string, { type: "boolean" | "string"; short?: string }>;

/**
 * Splits a command line. Values stay text: `--name value` or `--name=value`; a value may begin with one minus, and `--`
 * ends the options.
 * @throws UsageError for an unknown option (with the nearest known), a missing value, or an option given twice.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { tokens } = parseArgs({ args: [...argv], options: FOR_NODE, strict: false, tokens: true });
  const positionals: string[] = [];
  const values = new Map<OptionName, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { rawName: written, value: given, inlineValue } = token;
    const option = optionWritten(written);
    if (option.value === undefined) {
      if (given !== undefined) throw new UsageError(`${written} takes no value, got "${given}"`);
    } else if (given === undefined || (!inlineValue && given.startsWith("--"))) {
      throw new UsageError(`${written} expects a value (${option.value}), got ${given ?? "nothing"}`);
    }
    const name = option.name as OptionName;
    const before = values.get(name) ?? [];
    if (before.length > 0 && !option.many) throw new UsageError(`${written} was given twice`);
    values.set(name, [...before, given ?? ""]);
  }
  return { positionals, values };
}

function optionWritten(written: string): Option {
  const found = ALL.find(({ name, short }) => written === `--${name}` || written === `-${short}`);
  if (found) return found;
  const near = nearest(
    written.replace(/^-+/, ""),
    ALL.map(({ name }) => name),
  );
  throw new UsageError(`unknown option ${written}${near ? `; did you mean --${near}?` : ""}`);
}

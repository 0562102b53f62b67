import { nearest } from "../gpu/options.ts";
import { UsageError } from "./io.ts";

/** One option of the command line. */
export interface Option {
  readonly name: string;
  /** What follows it; absent for a switch. */
  readonly value?: string;
  /** One letter that means the same. */
  readonly short?: string;
  /** May be given more than once. */
  readonly many?: boolean;
  readonly help: string;
}

/** Every option of every command: one meaning each, whatever the command. */
export const OPTIONS = {
  model: {
    name: "model",
    value: "DIR|FILE",
    help: "A tfjs LayersModel: its model.json, or the folder of it. Default: the network shipped with Vitrine, which tells 16 kinds of drawn pictures apart.",
  },
  image: {
    name: "image",
    value: "FILE",
    many: true,
    help: "PNG, JPEG, WebP, TIFF, GIF or AVIF, of at most 64 megapixels (WebP, GIF and AVIF 32); or .npy: an array of bytes [H,W,C] is a picture, one of floats the network's input exactly as it stands (unless --preprocess is given), [N,H,W,C] several; or .npz, every array in it, or FILE.npz:NAME one; a folder, all its pictures; a pattern in quotes ('shots/**/*.jpg'); - for standard input; or synthetic:N, picture N of the shipped data set. Of several, one that is broken is named, the others go on, and the exit code is 1.",
  },
  preprocess: {
    name: "preprocess",
    value: "NAME",
    help: "What turns 0…255 into the network's input: unit (0…1), signed (−1…1), imagenet (mean and standard deviation) or none (0…255). Default: what the model declares or its own layers say, or a guess that is printed. An array of floats is scaled by it too. Says nothing of size: see --fit.",
  },
  mean: {
    name: "mean",
    value: "R,G,B",
    help: "In place of --preprocess: subtracted from values of 0…1 (of 0…255 with --range 1).",
  },
  std: { name: "std", value: "R,G,B", help: "What the result is divided by. Default 1,1,1." },
  range: {
    name: "range",
    value: "255|1",
    help: "What 0…255 is divided by before --mean and --std. Default 255.",
  },
  fit: {
    name: "fit",
    value: "cover|stretch|contain",
    help: "How a picture of other proportions is brought to the network's: its centre cut out (cover), squashed (stretch) or padded with black (contain). Default: what the model declares, or what its kind of training does: ImageNet's classifiers and Teachable Machine cut, Keras's and tfjs's loaders squash.",
  },
  layout: {
    name: "layout",
    value: "hwc|chw|nhwc|nchw",
    help: "The order of an array's axes. Default hwc, or nhwc where there are four.",
  },
  resize: {
    name: "resize",
    value: "PX",
    help: "With --fit cover (which it implies), length that a picture's shorter side gets before its centre is cut out. Default: what the model declares, or as small as covers the input. A picture of the input's own size stays as it is.",
  },
  labels: {
    name: "labels",
    value: "FILE",
    help: "Names of the classes: a JSON array, or text with one name a line. Two name the sides of a yes or no, the no first.",
  },
  output: {
    name: "output",
    value: "NAME",
    help: 'The output that is asked, of a network that has several; "vitrine layers" lists them. Default: the first.',
  },
  head: {
    name: "head",
    value: "KIND",
    help: "What the output's numbers are: softmax (classes that exclude each other), sigmoid (labels by themselves; one alone is a yes or no), values (no scores, as of a regression) or places (scores at every place). Default: what the layers say; a bare vector of several numbers is read as logits of a softmax, and that is said.",
  },
  target: {
    name: "target",
    value: "CLASS,…",
    help: "What is explained: a class's number, or its label (a part of it that fits only one is enough). Its logit is taken, the score before the softmax or sigmoid. Of one sigmoid both sides can be asked: yes and no (0 and 1), or by two labels, the no's first (0 and 1). Of scores at every place, the sum over the places that have the class. Several, with commas between, stand side by side. Default: the top class.",
  },
  probability: {
    name: "probability",
    help: "Explain the class's probability, after the softmax or sigmoid, instead.",
  },
  layer: {
    name: "layer",
    value: "NAME",
    help: 'A layer of the network; "vitrine layers" lists them.',
  },
  channel: {
    name: "channel",
    value: "K",
    help: "One channel of --layer, from 0; of filters, several with commas between.",
  },
  threshold: {
    name: "threshold",
    value: "T",
    help: "Cut the channel's map and show where the unit is on: above mean + N standard deviations (2sigma), in the strongest part (top0.5%), or above a value. Of several images, mean, deviation and quantile are those of all together.",
  },
  at: { name: "at", value: "Y,X", help: "One place of --layer, from 0,0 at the top left." },
  patch: {
    name: "patch",
    value: "P",
    help: "Occlusion: side of the square patch in pixels of the network's input. Default: a seventh of its shorter side; of field, 11 at 224 pixels, in proportion.",
  },
  stride: {
    name: "stride",
    value: "S",
    help: "Occlusion: pixels from one patch to the next. Default: half the patch; of field, 3 at 224 pixels, in proportion.",
  },
  samples: {
    name: "samples",
    value: "N",
    help: "How many noisy copies (SmoothGrad and its kin, default 50), random masks (RISE, 4000) or copies with hidden segments (LIME, 1000). Of several maps on a sheet 25, 500 and 300.",
  },
  noise: {
    name: "noise",
    value: "S",
    help: "SmoothGrad and its kin: standard deviation of the noise, as a fraction of the input's max − min. Default 0.15.",
  },
  steps: {
    name: "steps",
    value: "N",
    help: "Integrated gradients: nodes of the Gauss–Legendre rule. Default 50 (of several maps 20), and explain doubles them, at most four times, until the map's sum is within 1 % of what it explains.",
  },
  baseline: {
    name: "baseline",
    value: "V|black|mean|blur|…",
    help: "Integrated gradients: where the path begins, a colour in units of the network's input (a number, or one a channel), black, grey, white, mean, or the image blurred (blur). Default black.",
  },
  rules: {
    name: "rules",
    value: "NAME",
    help: "LRP: how layers share relevance: composite (z-box at the image, gamma in convolutions, epsilon above), epsilon, gamma or z-plus. Default composite.",
  },
  all: { name: "all", help: "Every technique, side by side on one sheet." },
  trust: { name: "trust", help: "Measure how far the map can be trusted, by all measures." },
  measures: {
    name: "measures",
    value: "M,…",
    help: "Which: insertion, deletion, muFidelity, infidelity, sensitivity, modelRandomisation, randomLogit, runnerUp; or all, or none. --all takes insertion, deletion, muFidelity, modelRandomisation and runnerUp, in few steps, unless this says otherwise.",
  },
  scale: {
    name: "scale",
    value: "own|row|column|all",
    help: "Several maps: which share the ends of their colours. Default own; row where one technique shows several classes; all for the maps of a layer.",
  },
  show: {
    name: "show",
    value: "P,…",
    help: "What a figure shows: image, overlay, map, with commas between (default: all three); of several maps, overlay (the default) or map.",
  },
  clip: {
    name: "clip",
    value: "PERCENTILE",
    help: "Where the colours end, among the magnitudes; the caption says what was clipped. Default 99 for gradients and attributions, 100 (nothing clipped) for the others.",
  },
  colors: {
    name: "colors",
    value: "NAME",
    help: "Colour map, where its kind fits: inferno, magma, viridis or cividis; for signed maps polar or rdbu. Also jet and turbo, to compare with pictures made in them: they are not perceptually uniform and show bands where the map has none, which the caption says.",
  },
  random: {
    name: "random",
    value: "S",
    help: "Seed of noise and masks, a whole number of 32 bits; the same seed gives the same result. Default 0.",
  },
  fill: {
    name: "fill",
    value: "V|mean|black|…",
    help: "Occlusion and RISE: what covers: black, grey, white, a number or one a channel (r,g,b) in units of the network's input, or mean, the data set's mean pixel (where the preprocessing subtracts none, the image's own). Default mean.",
  },
  hide: {
    name: "hide",
    value: "V|segment|black|…",
    help: "LIME: what hides a segment: segment (its own mean colour), mean, black, grey or white, or a colour in units of the network's input (a number, or one a channel). Default segment, which changes nothing in a drawing of flat colours.",
  },
  batch: {
    name: "batch",
    value: "N",
    help: "Images a forward pass takes at once. The numbers stay the same. Default: for techniques that run many, as many as --memory allows, up to 16; 8 for several images.",
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
  top: { name: "top", value: "K", help: "How many to list. Default 5; of filters, 8." },
  strongest: {
    name: "strongest",
    value: "N",
    help: "How many of a filter's weights its combination of first-layer filters is made of, the strongest. Default: all.",
  },
  index: {
    name: "index",
    value: "I",
    help: "The picture's number, from 0; of several, the first. Default 0.",
  },
  seed: {
    name: "seed",
    value: "S",
    help: "Which of the 2³² data sets; the shipped network's is 1. Default 1.",
  },
  count: { name: "count", value: "N", help: "How many pictures. Default 1." },
  size: {
    name: "size",
    value: "N|HxW",
    help: "Size of the network's input in pixels, where the model leaves it free; default: the image's own, at most 1 megapixel, rounded to what the layers allow. Of dataset, side of a picture, default 96.",
  },
  pair: { name: "pair", help: "Two objects side by side." },
  out: {
    name: "out",
    value: "FILE|DIR",
    help: "Where the result goes: .png is a picture, .svg the same as a vector figure (its words are text, its maps pixels), .npy the array (of predict, the logits). Of explain and activations also a folder, with a .png for each image, or 'DIR/*.svg', 'DIR/*.npy'. For dataset, .png, .svg or a folder. It is tried before any work, and written whole or not at all.",
  },
  overlay: {
    name: "overlay",
    value: "FILE|DIR",
    help: "The photograph with the map over it, .png, at the photograph's own size and without words; what the network did not see of it stays as it is. Of several images a folder.",
  },
  json: {
    name: "json",
    help: "Print the numbers as JSON to standard output, and nothing else there.",
  },
  help: { name: "help", short: "h", help: "Print this." },
  version: { name: "version", short: "v", help: "Print the version." },
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof OPTIONS;

/** What a command line said. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** Values of each option that was given; a switch has an empty one. */
  readonly values: ReadonlyMap<OptionName, readonly string[]>;
}

/**
 * Splits a command line. Values stay text: `--name value` or `--name=value`; a value may begin with one minus, and `--`
 * ends the options.
 * @throws UsageError for an unknown option (with the nearest known), a missing value, or an option given twice.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const positionals: string[] = [];
  const values = new Map<OptionName, string[]>();
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    if (argument === "--") {
      positionals.push(...argv.slice(i + 1));
      break;
    }
    if (!argument.startsWith("-") || argument === "-") {
      positionals.push(argument);
      continue;
    }
    const [written = "", ...rest] = argument.split("=");
    const given = rest.length > 0 ? rest.join("=") : undefined;
    const option = optionOf(written);
    let value = given ?? "";
    if (option.value === undefined) {
      if (given !== undefined) throw new UsageError(`${written} takes no value, got "${given}"`);
    } else if (given === undefined) {
      const next = argv[i + 1];
      if (next === undefined || next.startsWith("--")) {
        throw new UsageError(`${written} expects a value (${option.value}), got ${next ?? "nothing"}`);
      }
      value = next;
      i++;
    }
    const name = option.name as OptionName;
    const before = values.get(name) ?? [];
    if (before.length > 0 && !option.many) throw new UsageError(`${written} was given twice`);
    values.set(name, [...before, value]);
  }
  return { positionals, values };
}

function optionOf(written: string): Option {
  const options: readonly Option[] = Object.values(OPTIONS);
  const found = options.find(({ name, short }) => written === `--${name}` || written === `-${short}`);
  if (found) return found;
  const near = nearest(
    written.replace(/^-+/, ""),
    options.map(({ name }) => name),
  );
  throw new UsageError(`unknown option ${written}${near ? `; did you mean --${near}?` : ""}`);
}

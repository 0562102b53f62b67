import { TRUST_LEGEND } from "../metrics/format.ts";
import { ATTRIBUTIONS } from "../techniques/attribution/list.ts";
import { citationOf } from "../techniques/attribution/technique.ts";
import { activationsCommand } from "./activations.ts";
import { datasetCommand } from "./dataset.ts";
import { explainCommand } from "./explain.ts";
import { fieldCommand } from "./field.ts";
import { filtersCommand } from "./filters.ts";
import { type Io, UsageError } from "./io.ts";
import { layersCommand } from "./layers.ts";
import type { OptionName } from "./options.ts";
import { predictCommand } from "./predict.ts";
import { trustCommand } from "./trust-table.ts";
import type { Values } from "./values.ts";

/** One command: what it takes, what it says about itself, what it does. */
export interface CliCommand {
  readonly name: string;
  /** What follows the name, for the help. */
  readonly usage: string;
  readonly summary: string;
  /** More about it, one paragraph a line. */
  readonly details: readonly string[];
  readonly options: readonly OptionName[];
  readonly examples: readonly string[];
  /** How many arguments come before those that name images; of a command that takes images. Default 0. */
  leading?(values: Values): number;
  run(positionals: readonly string[], values: Values, io: Io): Promise<void>;
}

const MODEL: readonly OptionName[] = [
  "model",
  "preprocess",
  "mean",
  "std",
  "range",
  "fit",
  "resize",
  "size",
  "layout",
  "labels",
  "output",
  "head",
];

export const COMMANDS: readonly CliCommand[] = [
  {
    name: "predict",
    usage: "[IMAGE...]",
    summary: "What the network says of images: classes, labels, a yes or no, or values.",
    details: [
      "Probabilities are those that the network's own softmax or sigmoid makes; values have none. Of several outputs, each is listed; --output picks one.",
      "--out scores.npy keeps the logits (or values) of one output, [images, classes].",
    ],
    options: ["image", ...MODEL, "top", "batch", "seed", "out", "json"],
    examples: [
      "vitrine predict --image synthetic:4",
      "vitrine predict a.jpg b.jpg --model mobilenet --preprocess signed --labels imagenet.json --json",
    ],
    run: predictCommand,
  },
  {
    name: "activations",
    usage: "--layer NAME [IMAGE...]",
    summary: "What a layer answers to images.",
    details: [
      "--out maps.png is a sheet of all the layer's maps on one scale, or with --scale own each on its own; --clip 99 keeps a few large values from darkening the rest. With --channel, one map over the image.",
      "--out maps.npy is the array: [h,w,c], [h,w] with --channel, [c] for a layer without pixels.",
      "With --threshold, the channel's map is enlarged to the image, cell by cell at the centre of what it sees, and cut: --out mask.png shows each image where the unit is on, --out mask.npy is [images,H,W] of 0 and 1.",
    ],
    options: [
      "image",
      ...MODEL,
      "layer",
      "channel",
      "threshold",
      "scale",
      "clip",
      "colors",
      "top",
      "seed",
      "out",
      "overlay",
      "json",
    ],
    examples: [
      "vitrine activations --image synthetic:4 --layer conv2_2 --out maps.png",
      "vitrine activations dog.jpg --model squeezenet --layer fire5_concat --channel 12 --out map.npy",
      "vitrine activations a.jpg b.jpg c.jpg --layer conv3_3 --channel 5 --threshold top2% --out masks.png",
    ],
    run: activationsCommand,
  },
  {
    name: "explain",
    usage: "TECHNIQUE,… | --all [IMAGE...]",
    summary: "Which pixels decided.",
    details: [
      ...ATTRIBUTIONS.map(
        (technique) =>
          `${technique.name.padEnd(20)}  ${technique.summary}, ${technique.shape} (${citationOf(technique)})`,
      ),
      "",
      "S is the logit of the class (of values, the value; of scores at every place, the sum over the places that have the class), x the network's input. --layer (with --channel, --at) makes S the sum of those neurons; for the CAMs, --layer is the layer whose maps are weighed (default: the last with more than one pixel).",
      "--out map.png draws the image, the map over it and the map with its colour bar; --out map.npy keeps the numbers, float32, in the shape above.",
      "Several techniques, several classes (--target a,b) or several layers of a CAM (--layer a,b) are set side by side in one picture; --all is every technique, with a table of how far each map can be trusted beneath. With several, --layer is the CAMs' layer, and neurons are explained with --channel or --at beside it.",
    ],
    options: [
      "image",
      ...MODEL,
      "all",
      "target",
      "probability",
      "layer",
      "channel",
      "at",
      "samples",
      "noise",
      "steps",
      "baseline",
      "rules",
      "random",
      "patch",
      "stride",
      "fill",
      "hide",
      "batch",
      "memory",
      "trust",
      "measures",
      "scale",
      "show",
      "clip",
      "colors",
      "seed",
      "out",
      "overlay",
      "json",
    ],
    examples: [
      "vitrine explain grad-cam --image synthetic:4 --out cam.png",
      "vitrine explain --all --image synthetic:4 --out sheet.png",
      "vitrine explain grad-cam photo.jpg --model squeezenet --labels imagenet.json --target tabby,beagle --out two.png",
      "vitrine explain saliency dog.jpg --model squeezenet --labels imagenet.json --target beagle --out map.npy",
      "vitrine explain occlusion x.npy --target 7 --patch 16 --stride 8 --fill 0 --json",
      "vitrine explain deconvnet --image synthetic:3 --layer conv3_3 --channel 5 --out pattern.png",
      "vitrine explain grad-cam a.jpg b.jpg c.jpg --out maps/",
      "vitrine explain grad-cam photo.jpg --colors turbo --overlay over.png",
    ],
    leading: (values) => (values.has("all") ? 0 : 1),
    run: explainCommand,
  },
  {
    name: "trust",
    usage: "[TECHNIQUE,…]",
    summary: "How far the maps of techniques can be trusted.",
    details: [
      ...TRUST_LEGEND,
      "",
      "Without names, every technique that is quick; --all is every one. Techniques of many samples take fewer here than alone (RISE 500, LIME 300; see --samples), and those of more than a hundred have no sensitivity, which makes ten more maps, unless --measures asks for it. What takes longer than ten seconds is said before it begins. Curves have 20 steps beside 2 random rankings, of one technique and one image 50 and 4. Over several images, or --dataset N, mean ± standard deviation. What speaks against a map is said in words below.",
    ],
    options: [
      "image",
      "dataset",
      ...MODEL,
      "all",
      "target",
      "measures",
      "layer",
      "probability",
      "samples",
      "noise",
      "steps",
      "baseline",
      "rules",
      "random",
      "patch",
      "stride",
      "fill",
      "hide",
      "batch",
      "memory",
      "seed",
      "json",
      "markdown",
    ],
    examples: [
      "vitrine trust saliency,guided-backprop,grad-cam --image synthetic:4",
      "vitrine trust --dataset 20 --measures insertion,deletion,classSwap --markdown",
      "vitrine trust --all --image dog.jpg --model squeezenet --labels imagenet.json --samples 500 --json",
    ],
    leading: () => Number.POSITIVE_INFINITY,
    run: trustCommand,
  },
  {
    name: "field",
    usage: "--layer NAME [IMAGE...]",
    summary: "What of the image a unit sees: in theory, and with images measured.",
    details: [
      "Without images, the exact rectangle that the unit at --at (default: the middle) can see; needs no GPU.",
      "With images and --channel, the empirical field: a square covers each image place by place, the change of the unit (at --at, or where it answers most) is averaged over the images, centred on the unit (Zhou et al. 2015). --out field.png draws it with the theoretical rectangle, --out field.npy keeps it.",
    ],
    options: [
      "image",
      ...MODEL,
      "layer",
      "channel",
      "at",
      "patch",
      "stride",
      "fill",
      "batch",
      "seed",
      "out",
      "json",
    ],
    examples: [
      "vitrine field --layer conv3_3 --at 5,5",
      "vitrine field a.jpg b.jpg c.jpg --layer conv2_2 --channel 7 --out field.png",
    ],
    run: fieldCommand,
  },
  {
    name: "filters",
    usage: "",
    summary: "A convolution's weights, as pictures. Needs no GPU.",
    details: [
      "Filters of the first layer are small pictures on one scale, grey for zero. Of a later layer (--layer), rows are the --top filters of the largest norm, or those of --channel, columns their inputs; beside them the combination of first-layer filters that each makes, of all its weights or the --strongest.",
      "A filter is dead when its norm is below a hundredth of the layer's largest. --out w.npy keeps the weights, [kh,kw,inputs,outputs].",
    ],
    options: [...MODEL, "layer", "channel", "top", "strongest", "out", "json"],
    examples: [
      "vitrine filters --out filters.png",
      "vitrine filters --model squeezenet --layer fire2_squeeze1x1 --top 16 --out fire2.png",
    ],
    run(positionals, values, io) {
      none("filters", positionals);
      return filtersCommand(values, io);
    },
  },
  {
    name: "layers",
    usage: "",
    summary: "The network's layers and their shapes. Needs no GPU.",
    details: [],
    options: [...MODEL, "json"],
    examples: ["vitrine layers", "vitrine layers --model squeezenet/model.json --json"],
    run(positionals, values, io) {
      none("layers", positionals);
      return layersCommand(values, io);
    },
  },
  {
    name: "dataset",
    usage: "",
    summary: "Draws pictures of the shipped data set.",
    details: [
      "A picture follows from its seed and index; its class is index modulo 16. --out picture.png is one picture, or a sheet of --count; --out folder is a file each.",
      "The shipped network learned from indices 0 to 23999 of seed 1; it has not seen those from 1000000 on.",
    ],
    options: ["index", "seed", "count", "size", "pair", "out", "json"],
    examples: [
      "vitrine dataset --index 4 --out ring.png",
      "vitrine dataset --index 1000000 --count 32 --out sheet.png",
      "vitrine dataset --count 1000 --out pictures",
    ],
    run(positionals, values, io) {
      none("dataset", positionals);
      return datasetCommand(values, io);
    },
  },
];

function none(name: string, positionals: readonly string[]): void {
  if (positionals.length > 0)
    throw new UsageError(`${name} expects options only, got "${positionals.join(" ")}"`);
}

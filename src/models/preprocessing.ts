import { ModelError } from "../gpu/errors.ts";
import type { Graph } from "../network/graph.ts";
import { namedPreprocessing, type Preprocessing } from "../network/preprocessing.ts";
import { isObject, show } from "./json.ts";

/**
 * The preprocessing that a model declares for itself: `{ mean, std, range?, resize? }`, the first two as one number or
 * one for each channel.
 * @throws ModelError when it is there but cannot be right.
 */
export function declaredPreprocessing(value: unknown, who: string): Preprocessing | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value))
    throw new ModelError(`${who}: expected preprocessing { mean, std }, got ${show(value)}`);
  const numbers = (key: "mean" | "std") => {
    const list: unknown[] = Array.isArray(value[key]) ? value[key] : [value[key]];
    if (
      list.length === 0 ||
      !list.every((v) => typeof v === "number" && Number.isFinite(v) && (key === "mean" || v !== 0))
    ) {
      throw new ModelError(
        `${who}: expected preprocessing.${key} of ${key === "std" ? "numbers other than 0" : "numbers"}, got ${show(value[key])}`,
      );
    }
    return list as number[];
  };
  const { range = 255, resize } = value;
  if (range !== 255 && range !== 1) {
    throw new ModelError(`${who}: expected preprocessing.range 255 or 1, got ${show(range)}`);
  }
  if (resize !== undefined && !(typeof resize === "number" && Number.isInteger(resize) && resize >= 1)) {
    throw new ModelError(`${who}: expected preprocessing.resize as a number of pixels, got ${show(resize)}`);
  }
  return {
    range,
    mean: numbers("mean"),
    std: numbers("std"),
    ...(resize === undefined ? {} : { resize }),
    source: "declared by the model",
  };
}

/** ImageNet networks are fed the 224² centre of a picture whose shorter side is 256. */
const RESIZE = 256;

/** The means that Caffe's networks subtract from 0…255, in RGB order: GoogLeNet's, and VGG's as Keras has them. */
const GOOGLENET = { range: 1, mean: [123, 117, 104], std: [1, 1, 1] } as const;
const VGG = { range: 1, mean: [123.68, 116.779, 103.939], std: [1, 1, 1] } as const;

/**
 * Whether this is one of Keras's own ImageNet networks with weights from Caffe, which were trained on blue, green, red:
 * VGG16, VGG19 and ResNet50 to 152 (not V2).
 */
export function takesBgr(graph: Pick<Graph, "layers">, classes: number): boolean {
  if (classes !== 1000) return false;
  const names = new Set(graph.layers.map(({ name }) => name.split("/").at(-1)));
  const all = (...wanted: string[]) => wanted.every((name) => names.has(name));
  const resnet = all("conv1_conv", "conv5_block3_out") && !names.has("conv2_block1_preact_bn");
  return all("block1_conv1", "block5_conv3", "fc1") || resnet || all("res2a_branch2a", "bn5c_branch2c");
}

/**
 * What networks of a family are fed, told by the model's and layers' names: MobileNet −1…1, SqueezeNet and ResNet with
 * torchvision's names ImageNet's statistics, GoogLeNet, VGG and ResNet of Keras Caffe's mean; everything else 0…1.
 */
export function guessPreprocessing(graph: Pick<Graph, "name" | "layers">, classes: number): Preprocessing {
  const [input, first] = graph.layers;
  const names = new Set(graph.layers.map(({ name }) => name));
  const has = (pattern: RegExp) => [...names].some((name) => pattern.test(name));
  const size = input?.op === "input" ? input.shape[0] : 0;
  const resize = size === 224 && (classes === 1000 || classes === 1001) ? { resize: RESIZE } : {};
  const guess = (name: Parameters<typeof namedPreprocessing>[0], family: string) => ({
    ...namedPreprocessing(name, `guessed: ${family}`),
    ...resize,
  });

  if (input?.op === "input" && input.shape[2] !== 1 && input.shape[2] !== 3)
    return guess("unit", "no family has such channels");
  if (first && /(^|\/)(rescaling|normalization)(_\d+)?$/i.test(first.name))
    return guess("none", "the network scales its own input");
  if (takesBgr(graph, classes)) return { ...VGG, ...resize, source: "guessed: VGG or ResNet of Keras" };
  if (/resnet\d+v2/i.test(graph.name)) return guess("signed", "ResNet V2");
  if (/mobilenet/i.test(graph.name) || has(/(^|\/)conv_dw_1$/) || has(/(^|\/)mobilenet/i))
    return guess("signed", "MobileNet");
  if (/inception_?(v3|resnet)|xception|nasnet/i.test(graph.name)) return guess("signed", "Inception");
  if (/squeezenet/i.test(graph.name) || has(/(^|\/)fire2_squeeze/)) return guess("imagenet", "SqueezeNet");
  if (/densenet/i.test(graph.name)) return guess("imagenet", "DenseNet");
  if (has(/(^|\/)layer1[._]0[._]/)) return guess("imagenet", "ResNet of torchvision");
  if (/googlenet/i.test(graph.name) || has(/(^|\/)inception_3a[_/]/)) {
    return { ...GOOGLENET, ...resize, source: "guessed: GoogLeNet of Caffe" };
  }
  return guess("unit", "0…1, as most networks have it");
}

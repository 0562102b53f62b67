import type { Graph, Layer } from "../graph/graph.ts";
import { PREPROCESSINGS, type Preprocessing } from "../graph/preprocessing.ts";
import { isScaling } from "./own-scaling.ts";

type Values = Pick<Preprocessing, "range" | "mean" | "std">;

/** Networks that were trained on ImageNet in the same way. */
export interface Family {
  readonly name: string;
  /** Values that the body takes. */
  readonly values: Values;
  /** Trained on blue, green, red. */
  readonly bgr?: true;
  /** Members scale their own input in several ways. */
  readonly scalesItself?: true;
}

interface Signs extends Family {
  /** Names of the model, or of one nested in it. */
  readonly called?: RegExp;
  /** Names of layers, of which each must be there. */
  readonly layers?: readonly RegExp[];
  /** Test of the layers. */
  readonly built?: (layers: readonly Layer[]) => boolean;
}

const { signed, imagenet } = PREPROCESSINGS;

/** The means that Caffe's networks subtract from 0…255, in RGB order: GoogLeNet's, and VGG's as Keras has them. */
const GOOGLENET = { range: 1, mean: [123, 117, 104], std: [1, 1, 1] } as const;
const VGG = { range: 1, mean: [123.68, 116.779, 103.939], std: [1, 1, 1] } as const;

/** Each family by its own layers' names, as its authors' code gives them; the model's name where those say nothing. */
const FAMILIES: readonly Signs[] = [
  { name: "Xception", values: signed, layers: [/^block\d+_sepconv\d/] },
  { name: "ResNet V2", values: signed, layers: [/^conv\d_block\d+_preact_bn/] },
  { name: "DenseNet", values: imagenet, layers: [/^conv\d_block\d+_concat/] },
  {
    name: "ResNet of Keras",
    values: VGG,
    bgr: true,
    layers: [/^conv1_conv/, /^conv\d_block\d+_(\d_conv|out)/],
  },
  { name: "ResNet of Keras", values: VGG, bgr: true, layers: [/^res2a_branch2a/] },
  { name: "ResNet of torchvision", values: imagenet, layers: [/^layer1[._]0[._]/] },
  { name: "VGG of torchvision", values: imagenet, layers: [/^features[._]0/], built: isVgg },
  { name: "VGG of Keras", values: VGG, bgr: true, built: isVgg },
  {
    name: "VGG of Keras",
    values: VGG,
    bgr: true,
    layers: [/^block1_conv1$/, /^(block1_pool|block3_conv3|block5_conv3)$/, /^block[2-5]_conv\d$/],
    built: isPlain,
  },
  {
    name: "MobileNet",
    values: signed,
    layers: [/^(conv_(dw|pw)_1|expanded_conv|block_1_(expand|depthwise)|bn_Conv1|Conv1_relu)(_|$)/],
  },
  { name: "MobileNet", values: signed, built: isMobileNet },
  { name: "Inception V3", values: signed, layers: [/^mixed\d+$/] },
  { name: "Inception-ResNet", values: signed, layers: [/^(block35_1|mixed_5b|conv_7b)(_|$)/] },
  { name: "NASNet", values: signed, layers: [/^stem_conv1/, /^(normal|adjust|reduction)_/] },
  {
    name: "EfficientNet V2",
    values: signed,
    scalesItself: true,
    layers: [/^stem_conv/, /^block\d+[a-z]_dwconv2/],
  },
  {
    name: "EfficientNet",
    values: imagenet,
    scalesItself: true,
    layers: [/^stem_conv/, /^block\d+[a-z]_(dwconv|expand_conv|project_conv)/],
  },
  { name: "SqueezeNet", values: imagenet, layers: [/^fire2([_/]|$)/] },
  { name: "GoogLeNet of Caffe", values: GOOGLENET, layers: [/^inception_3a([_/]|$)/] },
  { name: "ResNet V2", values: signed, called: /resnet_?\d+_?v2/i },
  { name: "MobileNet", values: signed, called: /mobilenet/i },
  { name: "Inception", values: signed, called: /inception_?(v3|resnet)|xception|nasnet/i },
  { name: "SqueezeNet", values: imagenet, called: /squeezenet/i },
  { name: "DenseNet", values: imagenet, called: /densenet/i },
  { name: "EfficientNet V2", values: signed, scalesItself: true, called: /efficientnet_?v2/i },
  { name: "EfficientNet", values: imagenet, scalesItself: true, called: /efficientnet/i },
  { name: "GoogLeNet of Caffe", values: GOOGLENET, called: /googlenet/i },
];

/**
 * The family that a network's body belongs to, by its layers first and its name last, however many its classes.
 * @param producer the program that wrote the file. What PyTorch wrote was trained as torchvision trains, whatever it is
 *   built like.
 */
export function familyOf(graph: Pick<Graph, "name" | "layers">, producer = ""): Family | undefined {
  const family = builtLike(graph);
  if (!family || !/^pytorch/i.test(producer) || family.values === imagenet) return family;
  return { name: `${family.name.replace(/ of .*/, "")} of PyTorch`, values: imagenet };
}

function builtLike(graph: Pick<Graph, "name" | "layers">): Family | undefined {
  const parts = new Set(graph.layers.flatMap(({ name }) => name.split("/")));
  const models = [graph.name, ...graph.layers.flatMap(({ name }) => name.split("/").slice(0, -1))];
  const some = (words: Iterable<string>, pattern: RegExp) => [...words].some((word) => pattern.test(word));
  return FAMILIES.find(
    ({ called, layers = [], built }) =>
      (called === undefined || some(models, called)) &&
      layers.every((pattern) => some(parts, pattern)) &&
      (built === undefined || built(graph.layers)),
  );
}

/** The five blocks of VGG16 or VGG19: 3×3 convolutions without batch norm between 2×2 maxima. */
function isVgg(layers: readonly Layer[]): boolean {
  let blocks = "";
  for (const layer of layers) {
    if (layer.op === "conv2d" && layer.w.shape[0] === 3 && layer.w.shape[1] === 3) blocks += "c";
    else if (layer.op === "pool" && layer.mode === "max") blocks += "p";
    else if (!["input", "reshape", "pad", "activation"].includes(layer.op) && !isScaling(layer)) break;
  }
  return /^ccpccpcccpcccpccc|^ccpccpccccpccccpcccc/.test(blocks);
}

/** No batch norm: VGG has none, others that borrow its names do. */
function isPlain(layers: readonly Layer[]): boolean {
  return layers.every((layer) => layer.op !== "batchNorm" || isScaling(layer));
}

/** A first convolution that halves the image, and depthwise convolutions that end in ReLU6. */
function isMobileNet(layers: readonly Layer[]): boolean {
  const first = layers.find(({ op }) => op === "conv2d");
  return (
    first?.op === "conv2d" &&
    first.strides[0] === 2 &&
    layers.some((layer) => layer.op === "depthwiseConv2d" && endsInRelu6(layer, layers))
  );
}

function endsInRelu6(layer: Layer, layers: readonly Layer[]): boolean {
  if (layer.op === "input") return false;
  if ("activation" in layer && layer.activation?.kind === "relu6") return true;
  const next = layers.filter(({ inputs }) => inputs.includes(layer.name));
  return next.some(
    (follower) =>
      (follower.op === "batchNorm" || follower.op === "activation") && endsInRelu6(follower, layers),
  );
}

import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { show } from "../json.ts";
import { ACTIVATION_LAYERS, activationOf } from "./activations.ts";
import { activationBody, type Converter, paddingOf } from "./converter.ts";
import { centerCrop, cropping, sidesOf } from "./cropping-layers.ts";
import { add, average, concatenate, dot, extreme, multiply, subtract } from "./merging-layers.ts";
import {
  batchNormalization,
  groupNormalization,
  layerNormalization,
  normalization,
  rescaling,
  unitNormalization,
} from "./normalizations.ts";
import { operationLayer } from "./operations.ts";
import { resizing, upsampling } from "./resampling-layers.ts";
import {
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  prelu,
  separableConv2d,
} from "./weighted-layers.ts";

/** Does nothing when a network is used, only when it is trained. */
const identity: Converter = ({ weights }) => {
  weights.ignore();
  return { op: "reshape" };
};

/** Resizing and cropping to a size: nothing, of an image that has it. */
const toSize: Converter = ({ config, shapes: [x], weights }) => {
  weights.ignore();
  const size = [config.number("height", Number.NaN), config.number("width", Number.NaN)];
  if (x[1] === size[0] && x[2] === size[1]) return { op: "reshape" };
  throw new UnsupportedError(
    `${config.who}: expected an image of its own size, ${size.join("×")}, got ${x.slice(1, 3).join("×")}; run the network at that size`,
  );
};

function pool(mode: "max" | "average"): Converter {
  return ({ config }) => {
    const size = config.pair("pool_size", [2, 2]);
    return { op: "pool", mode, size, strides: config.pair("strides", size), padding: paddingOf(config) };
  };
}

function globalPool(mode: "max" | "average"): Converter {
  return ({ config }) => {
    return { op: "globalPool", mode, ...(config.flag("keepdims", false) ? { keepDims: true } : {}) };
  };
}

const softmax: Converter = ({ config, shapes: [x] }) => {
  const axes = Array.isArray(config.raw.axis) ? config.numbers("axis") : [config.number("axis", -1)];
  const [given = -1] = axes;
  const axis = given < 0 ? x.length + given : given;
  if (axes.length > 1) {
    throw new UnsupportedError(`${config.who}: expected one axis, got [${axes}]`);
  }
  return { op: "softmax", ...(axis === x.length - 1 ? {} : { axis }) };
};

const zeroPadding: Converter = ({ config }) => {
  const { top, bottom, left, right } = sidesOf(config, "padding", 1);
  return { op: "pad", before: [top, left, 0], after: [bottom, right, 0], mode: "constant" };
};

const flatten: Converter = ({ shapes: [x] }) => ({ op: "reshape", shape: [sizeOf(x.slice(1))] });

/** Axes of an array, at most, besides the batch. */
const MOST_AXES = 7;

/** Axes in another order, counted from 1: the batch stays first. */
const permute: Converter = ({ config }) => {
  const axes = [0, ...config.numbers("dims")];
  return axes.every((axis, i) => axis === i) ? { op: "reshape" } : { op: "permute", axes };
};

const reshape: Converter = ({ config, shapes: [x] }) => {
  const target = config.numbers("target_shape");
  const size = sizeOf(x.slice(1));
  const known = sizeOf(target.filter((axis) => axis !== -1));
  const shape = target.map((axis) => (axis === -1 ? size / known : axis));
  if (
    sizeOf(shape) !== size ||
    target.filter((axis) => axis === -1).length > 1 ||
    !shape.every(Number.isInteger)
  ) {
    throw new ModelError(`${config.who}: expected a target_shape of ${size} values, got ${show(target)}`);
  }
  if (shape.length > MOST_AXES) {
    throw new UnsupportedError(
      `${config.who}: expected at most ${MOST_AXES} axes besides the batch, got ${show(target)}`,
    );
  }
  return { op: "reshape", shape };
};

/** TensorFlow's local response normalisation, as Keras models that need it define it for themselves. */
const lrn: Converter = ({ config }) => ({
  op: "lrn",
  radius: config.number("depth_radius", 5),
  bias: config.number("bias", 1),
  alpha: config.number("alpha", 1),
  beta: config.number("beta", 0.5),
});

/** Classes of layers that do nothing when a network is used. */
export const IDENTITIES: readonly string[] = [
  "ActivityRegularization",
  "AlphaDropout",
  "Dropout",
  "GaussianDropout",
  "GaussianNoise",
  "SpatialDropout1D",
  "SpatialDropout2D",
  "AugMix",
  "AutoContrast",
  "CutMix",
  "Equalization",
  "MixUp",
  "RandAugment",
  "RandomBrightness",
  "RandomColorDegeneration",
  "RandomColorJitter",
  "RandomContrast",
  "RandomElasticTransform",
  "RandomErasing",
  "RandomFlip",
  "RandomGaussianBlur",
  "RandomGrayscale",
  "RandomHeight",
  "RandomHue",
  "RandomInvert",
  "RandomPerspective",
  "RandomPosterization",
  "RandomRotation",
  "RandomSaturation",
  "RandomSharpness",
  "RandomShear",
  "RandomTranslation",
  "RandomWidth",
  "RandomZoom",
  "Solarization",
];

/** Converters from each class of Keras layer to layers of a graph. */
export const CONVERTERS: ReadonlyMap<string, Converter> = new Map<string, Converter>([
  ["Activation", ({ config, writer }) => activationBody(activationOf(config, writer))],
  ["Add", add],
  ["Average", average],
  ["AveragePooling2D", pool("average")],
  ["BatchNormalization", batchNormalization],
  ["BatchNormalizationV1", batchNormalization],
  ["SyncBatchNormalization", batchNormalization],
  ["CenterCrop", centerCrop],
  ["Concatenate", concatenate],
  ["Conv2D", conv2d],
  ["Conv2DTranspose", conv2dTranspose],
  ["Cropping2D", cropping],
  ["Dense", dense],
  ["DepthwiseConv2D", depthwiseConv2d],
  ["Dot", dot],
  ["Flatten", flatten],
  ["GlobalAveragePooling2D", globalPool("average")],
  ["GlobalMaxPooling2D", globalPool("max")],
  ["GroupNormalization", groupNormalization],
  ["LRN", lrn],
  ["LayerNormalization", layerNormalization],
  ["MaxPooling2D", pool("max")],
  ["Maximum", extreme("maximum")],
  ["Minimum", extreme("minimum")],
  ["Multiply", multiply],
  ["Normalization", normalization],
  ["PReLU", prelu],
  ["Permute", permute],
  ["Rescaling", rescaling],
  ["RandomCrop", toSize],
  ["Reshape", reshape],
  ["Resizing", resizing],
  ["SeparableConv2D", separableConv2d],
  ["SlicingOpLambda", operationLayer],
  ["Softmax", softmax],
  ["Subtract", subtract],
  ["TFOpLambda", operationLayer],
  ["UnitNormalization", unitNormalization],
  ["UpSampling2D", upsampling],
  ["ZeroPadding2D", zeroPadding],
  ...Array.from(ACTIVATION_LAYERS, ([name, of]): [string, Converter] => [
    name,
    ({ config }) => activationBody(of(config)),
  ]),
  ...IDENTITIES.map((name): [string, Converter] => [name, identity]),
]);

import { UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import type { Config } from "../json.ts";
import { ACTIVATION_LAYERS } from "./activations.ts";
import type { LayerBody } from "./converter.ts";
import { IDENTITIES } from "./layers.ts";
import { isElementwise } from "./operations.ts";
import {
  type CallArguments,
  type DeclaredShape,
  InputAt,
  type KerasLayer,
  type KerasModel,
} from "./topology.ts";

/**
 * Files that have an image's channels before its pixels (`data_format` "channels_first"). Their images are stored N×H×W×C like
 * all others. A layer of theirs reads and writes them so wherever that changes nothing else, and what names its axis is given
 * the last; any other reads a copy in the file's order.
 */

/** Axes of an N×C×H×W image in the order of N×H×W×C, and those of that in the order of the first. */
const LAST = [0, 2, 3, 1] as const;
const FIRST = [0, 3, 1, 2] as const;

/** An input of a call as it is stored. */
export interface StoredInput {
  readonly shape: Shape;
  /** True if the file has it as N×C×H×W, while it is stored as N×H×W×C. */
  readonly channelsLast: boolean;
}

/** How a call reads its inputs and writes its output. */
export interface Reading {
  /** The layer's options, where they name axes by those of the storage. */
  readonly config: Config;
  /** True if it reads images of the file's N×C×H×W as N×H×W×C; else it reads everything as the file has it. */
  readonly channelsLast: boolean;
  /** The same of its output, if that is an image. */
  readonly writesChannelsLast: boolean;
}

/** Layers of several inputs that take them element by element. */
const MERGING = ["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"];

/** Layers that work along one axis, which their options name. */
const ALONG_AXIS = [
  "BatchNormalization",
  "BatchNormalizationV1",
  "Concatenate",
  "GroupNormalization",
  "LayerNormalization",
  "Normalization",
  "Softmax",
  "SyncBatchNormalization",
  "UnitNormalization",
];

const isSoftmax = ({ raw }: Config) =>
  typeof raw.activation === "string" && raw.activation.toLowerCase().endsWith("softmax");

/** True if a call was given no array: its inputs, numbers and words alone. */
function plain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((one) => one instanceof InputAt);
  return value instanceof InputAt || typeof value !== "object" || value === null;
}

/** True if each element of a layer's output is made of the elements at its place, whatever the order of the axes. */
function takesElements({ className, config }: KerasLayer, { args, kwargs }: CallArguments): boolean {
  if (![...args, ...Object.values(kwargs)].every(plain)) return false;
  if (className === "Activation") return !isSoftmax(config);
  if (className === "Rescaling") return !Array.isArray(config.raw.scale) && !Array.isArray(config.raw.offset);
  const activation = ACTIVATION_LAYERS.has(className) && className !== "Softmax";
  return (
    activation ||
    MERGING.includes(className) ||
    IDENTITIES.includes(className) ||
    isElementwise(className, config)
  );
}

/** True if the axis that a layer names is the channels' of N×C×H×W. */
function namesChannels({ className, config }: KerasLayer): boolean {
  const axes: unknown[] = [config.raw.axis].flat();
  return ALONG_AXIS.includes(className) && axes.length === 1 && (axes[0] === 1 || axes[0] === -3);
}

/** Reads everything as the file has it. */
export const asInFile = (config: Config): Reading => ({
  config,
  channelsLast: false,
  writesChannelsLast: false,
});

/**
 * How a call reads its inputs.
 * @param channelsFirst whether the file has such layers at all.
 * @throws UnsupportedError for channels first where they cannot be had.
 */
export function readingOf(
  layer: KerasLayer,
  given: CallArguments,
  inputs: readonly StoredInput[],
  channelsFirst: boolean,
): Reading {
  const { className, config } = layer;
  const likewise = (own = config) => ({ config: own, channelsLast: true, writesChannelsLast: true });
  const images = inputs.every(({ shape }) => shape.length === 4);
  const format = config.text("data_format", "channels_last");
  if (format === "channels_first") {
    // What has no pixels has its channels last.
    if (className === "Flatten" && inputs.every(({ shape }) => shape.length <= 2)) return asInFile(config);
    if (!images) {
      throw new UnsupportedError(
        `${config.who}: expected images (N×C×H×W) for data_format channels_first, got ${formatShape(inputs[0]?.shape ?? [])}`,
      );
    }
    if (isSoftmax(config)) {
      throw new UnsupportedError(
        `${config.who}: expected no softmax among channels_first, where it runs along the rows; give the network a Softmax layer of axis 1`,
      );
    }
    return likewise();
  }
  if (format !== "channels_last") {
    throw new UnsupportedError(
      `${config.who}: expected data_format channels_last or channels_first, got ${format}`,
    );
  }
  if (className === "Permute" && images && channelsFirst) return permuted(config, inputs);
  if (!images || !inputs.some(({ channelsLast }) => channelsLast)) return asInFile(config);
  if (takesElements(layer, given)) return likewise();
  return namesChannels(layer) ? likewise(config.with({ axis: -1 })) : asInFile(config);
}

/** A Permute of an image: of the storage, in one step; nothing, where it makes N×C×H×W of what is stored. */
function permuted(config: Config, [input]: readonly StoredInput[]): Reading {
  const channelsLast = input?.channelsLast ?? false;
  const dims = config.numbers("dims").map((axis) => (channelsLast ? (FIRST[axis] ?? axis) : axis));
  const becomesFirst = [0, ...dims].every((axis, i) => axis === FIRST[i]);
  const order = becomesFirst ? [1, 2, 3] : dims;
  return { config: config.with({ dims: order }), channelsLast, writesChannelsLast: becomesFirst };
}

/** The layer that stores an image the other way; a view where nothing moves. */
export function reordered({ shape, channelsLast }: StoredInput): LayerBody {
  const axes = channelsLast ? FIRST : LAST;
  const to = axes.map((axis) => shape[axis] ?? 1);
  const [, a = 1, b = 1, c = 1] = shape;
  const [pixels, channels] = channelsLast ? [a * b, c] : [b * c, a];
  return pixels === 1 || channels === 1 ? { op: "reshape", shape: to.slice(1) } : { op: "permute", axes };
}

/** True if a model has layers of channels first. */
export function usesChannelsFirst({ layers }: KerasModel): boolean {
  return layers.some(({ config, model }) =>
    model ? usesChannelsFirst(model) : config.raw.data_format === "channels_first",
  );
}

/** True if a model's images come with their channels first, by its first layer that says so or changes their order. */
function beginsWithChannels({ layers }: KerasModel): boolean | undefined {
  for (const { className, config, model } of layers) {
    const inner = model && beginsWithChannels(model);
    if (inner !== undefined) return inner;
    if (className === "Permute" || className === "Reshape") return false;
    if (config.has("data_format") && !IDENTITIES.includes(className)) {
      return config.raw.data_format === "channels_first";
    }
  }
  return undefined;
}

const turned = (shape: DeclaredShape | undefined): DeclaredShape | undefined => {
  const [channels = null, height = null, width = null, ...rest] = shape ?? [];
  return shape?.length === 3 && rest.length === 0 ? [height, width, channels] : shape;
};

/** The model with the shapes of its images as they are stored, height×width×channels, and a mark where the file has them otherwise. */
export function withStoredImages(model: KerasModel): KerasModel {
  if (!beginsWithChannels(model)) return model;
  const further =
    model.furtherShapes && new Map([...model.furtherShapes].map(([name, s]) => [name, turned(s)]));
  return { ...model, inputShape: turned(model.inputShape), furtherShapes: further, channelsFirst: true };
}

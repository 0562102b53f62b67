import { ModelError } from "../gpu/errors.ts";
import { type Graph, type Layer, pictureIn } from "../graph/graph.ts";
import { PICTURE_FITS, type PictureFit, PREPROCESSINGS, type Preprocessing } from "../graph/preprocessing.ts";
import { type Family, familyOf } from "./families.ts";
import { isObject, show } from "./json.ts";
import { type OwnScaling, ownScaling } from "./own-scaling.ts";
import { reorderToRgb } from "./rgb-order.ts";

/**
 * The preprocessing that a model declares for itself: `{ mean, std, range?, fit?, resize? }`, the first two as one
 * number or one for each channel. Fitted by "cover" unless it says otherwise.
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
  const { range = 255, resize, fit = "cover" } = value;
  if (range !== 255 && range !== 1) {
    throw new ModelError(`${who}: expected preprocessing.range 255 or 1, got ${show(range)}`);
  }
  if (resize !== undefined && !(typeof resize === "number" && Number.isInteger(resize) && resize >= 1)) {
    throw new ModelError(`${who}: expected preprocessing.resize as a number of pixels, got ${show(resize)}`);
  }
  if (fit !== undefined && !PICTURE_FITS.some((known) => known === fit)) {
    throw new ModelError(
      `${who}: expected preprocessing.fit of ${PICTURE_FITS.join(", ")}, got ${show(fit)}`,
    );
  }
  return {
    range,
    mean: numbers("mean"),
    std: numbers("std"),
    fit: fit as PictureFit,
    ...(resize === undefined ? {} : { resize }),
    source: "declared by the model",
  };
}

/** ImageNet networks are fed the 224² centre of a picture whose shorter side is 256. */
const RESIZE = 256;

/** The preprocessing of a loaded model, and its layers, which take red, green, blue. */
export interface DecidedPreprocessing {
  readonly layers: readonly Layer[];
  readonly preprocessing: Preprocessing;
}

/**
 * Decides what a network is fed: as the caller or the model says (`known`), as its own first layers scale what they read, or as
 * its family was trained, and if that is not known either, 0…1. What is not said by anybody is listed in `guessed`.
 *
 * A picture of other proportions is fitted as the kind of training does it: ImageNet's classifiers and Teachable Machine
 * cut out the centre; Keras's and tfjs's loaders squash it, and so does everything else here.
 *
 * The first convolutions of Keras's Caffe networks, trained on blue, green, red, are turned unless somebody says what
 * they are fed, or layers of their own scale it. What PyTorch wrote (`producer`) is none of Keras's.
 */
export function decidePreprocessing(
  graph: Pick<Graph, "name" | "layers">,
  classes: number,
  known?: Preprocessing,
  wanted: PictureFit | undefined = known?.fit,
  producer?: string,
): DecidedPreprocessing {
  const { layers } = graph;
  const picture = pictureIn(layers);
  if (!picture) {
    const source = known?.source ?? "no input takes a picture: values are taken as they stand";
    return { layers, preprocessing: { ...PREPROCESSINGS.none, ...known, source } };
  }
  const family = familyOf(graph, producer);
  const own = ownScaling(layers);
  const { fit, assumed, resize } = fitOf(layers, classes, family, wanted, known?.resize);
  const fill = (values: Omit<Preprocessing, "source">, source: string, guess: boolean, turned = false) => {
    const guessed = [...(guess ? (["values"] as const) : []), ...(assumed ? (["fit"] as const) : [])];
    const { resize: _, ...scaling } = values;
    return {
      ...scaling,
      fit,
      ...(resize === undefined ? {} : { resize }),
      source: guess ? `guessed: ${source}` : source,
      ...(guessed.length > 0 ? { guessed } : {}),
      ...(turned ? { turned: true as const } : {}),
    };
  };
  if (known) return { layers, preprocessing: fill(known, known.source, false) };

  if (own) {
    const found = own.classes.join(" and ");
    const values = PREPROCESSINGS[own.takes];
    const range = `${own.takes === "none" ? "0…255" : own.takes === "unit" ? "0…1" : "−1…1"}`;
    if (!own.sure) {
      return {
        layers,
        preprocessing: fill(values, `${range}, though its own ${found} gives unusual values`, true),
      };
    }
    if (family && !family.scalesItself && !agrees(own, family)) {
      const source = `${range} by the network's own ${found}, which gives ${family.name} other values than it was trained on`;
      return { layers, preprocessing: fill(values, source, true) };
    }
    return { layers, preprocessing: fill(values, `found: the network's own ${found} takes ${range}`, false) };
  }
  const channels = picture.shape[2];
  if (channels !== 1 && channels !== 3) {
    return { layers, preprocessing: fill(PREPROCESSINGS.unit, "no family has such channels", true) };
  }
  const turned = family?.bgr ? reorderToRgb(layers) : undefined;
  if (family && (!family.bgr || turned)) {
    return {
      layers: turned ?? layers,
      preprocessing: fill(family.values, family.name, true, turned !== undefined),
    };
  }
  return { layers, preprocessing: fill(PREPROCESSINGS.unit, "0…1, as most networks have it", true) };
}

/** Fit of pictures: as the options say, or as the kind of network is trained. */
function fitOf(
  layers: readonly Layer[],
  classes: number,
  family: Family | undefined,
  wanted: PictureFit | undefined,
  resize: number | undefined,
): { readonly fit: PictureFit; readonly assumed: boolean; readonly resize?: number | undefined } {
  const imagenet = classes === 1000 || classes === 1001;
  const usual = imagenet && pictureIn(layers)?.shape[0] === 224 ? RESIZE : undefined;
  if (wanted && wanted !== "cover") return { fit: wanted, assumed: false };
  if (wanted || resize !== undefined) return { fit: "cover", assumed: false, resize: resize ?? usual };
  if (imagenet) return { fit: "cover", assumed: true, resize: usual };
  const cuts = family?.name === "MobileNet" && isTeachableMachine(layers);
  return { fit: cuts ? "cover" : "stretch", assumed: true };
}

/** Teachable Machine's exports, by the names that tfjs gave their layers. */
function isTeachableMachine(layers: readonly Layer[]): boolean {
  const named = (pattern: RegExp) => layers.some(({ name }) => pattern.test(name));
  return (
    named(/(^|\/)global_average_pooling2d_GlobalAveragePooling2D\d+$/) &&
    named(/(^|\/)dense_Dense\d+(\/softmax)?$/)
  );
}

/** True if the values that a network's own layers make are those that its family was trained on. */
function agrees({ becomes }: OwnScaling, { values: { range, mean, std } }: Family): boolean {
  return becomes.every(([low, high], c) => {
    const [m = 0, s = 1] = [mean[c] ?? mean[0], std[c] ?? std[0]];
    const [a, b] = [(0 - m) / s, (255 / range - m) / s];
    const slack = (b - a) / 5;
    return Math.abs(low - a) <= slack && Math.abs(high - b) <= slack;
  });
}

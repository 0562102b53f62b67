import { InputError } from "../gpu/errors.ts";

/**
 * The way a picture of other proportions is brought to the network's:
 * - "cover": resized so that it covers the input, then its centre is cut out; the sides are lost;
 * - "stretch": squashed or stretched to the input's size; nothing is lost but the proportions;
 * - "contain": resized so that all of it lies within the input, the rest is black.
 */
export type PictureFit = "cover" | "stretch" | "contain";

export const PICTURE_FITS: readonly PictureFit[] = ["cover", "stretch", "contain"];

/**
 * The steps that turn a photograph's 0…255 RGB values into a network's input: v = (value / range − mean) / std per channel, after
 * the picture was brought to the network's size.
 */
export interface Preprocessing {
  /** The divisor of 0…255: 255 or 1. */
  readonly range: 255 | 1;
  /** Per channel of the network's input: three for RGB, one for grey. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Default "cover". A picture of the network's proportions is the same with each. */
  readonly fit?: PictureFit;
  /** With "cover", length that the shorter side is resized to before the centre crop; absent: the crop's own size. */
  readonly resize?: number;
  /** The source of range, mean and std, for people: "declared by the model", "guessed: MobileNet", "given". */
  readonly source: string;
  /**
   * The parts that are a guess, because neither the caller nor the model says them: how values are scaled ("values"), how a picture is
   * fitted ("fit"). A loader's `preprocessing` and `fit` settle them.
   */
  readonly guessed?: readonly ("values" | "fit")[];
  /** The network was trained on blue, green, red; its first weights were turned, so that it takes red, green, blue. */
  readonly turned?: true;
}

/** Preprocessings by the names people know. */
export const PREPROCESSINGS = {
  /** 0…1 */
  unit: { range: 255, mean: [0, 0, 0], std: [1, 1, 1] },
  /** −1…1, as Inception and MobileNet have it */
  signed: { range: 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  /** ImageNet's mean and standard deviation, as torchvision has it */
  imagenet: { range: 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** 0…255 as it stands */
  none: { range: 1, mean: [0, 0, 0], std: [1, 1, 1] },
} as const satisfies Record<string, Omit<Preprocessing, "source">>;

export type PreprocessingName = keyof typeof PREPROCESSINGS;

/**
 * Fits a preprocessing to an input's channels: one value serves all, three serve one channel by their mean.
 * @throws InputError when there are neither one value nor as many as channels.
 */
export function forChannels<P extends Pick<Preprocessing, "mean" | "std">>(
  preprocessing: P,
  channels: number,
): P {
  const spread = (name: string, values: readonly number[]) => {
    if (values.length === channels) return values;
    const [first = 0] = values;
    if (values.every((value) => value === first)) return Array<number>(channels).fill(first);
    if (channels === 1) return [values.reduce((sum, value) => sum + value, 0) / values.length];
    throw new InputError(
      `expected ${name} of ${channels} numbers (one a channel of the network), or one for all, got ${values.length}`,
    );
  };
  const { mean, std } = preprocessing;
  return { ...preprocessing, mean: spread("mean", mean), std: spread("std", std) };
}

/** The preprocessing of a name. @throws InputError that lists the names. */
export function namedPreprocessing(name: string, source = "given"): Preprocessing {
  const known = Object.hasOwn(PREPROCESSINGS, name) ? PREPROCESSINGS[name as PreprocessingName] : undefined;
  if (!known) {
    throw new InputError(
      `preprocessing: expected one of ${Object.keys(PREPROCESSINGS).join(", ")}, got "${name}"`,
    );
  }
  return { ...known, source };
}

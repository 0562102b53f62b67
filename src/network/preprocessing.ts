import { InputError } from "../gpu/errors.ts";

/**
 * What turns a photograph's 0…255 RGB values into a network's input: v = (value / range − mean) / std per channel, after
 * the shorter side was resized to `resize` and the centre cropped to the network's size.
 */
export interface Preprocessing {
  /** What 0…255 is divided by first: 255 or 1. */
  readonly range: 255 | 1;
  /** Per channel of the network's input: three for RGB, one for grey. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Length that the shorter side is resized to before the centre crop; absent: the crop's own size. */
  readonly resize?: number;
  /** Where this came from, for people: "declared by the model", "guessed: MobileNet", "given". */
  readonly source: string;
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

/** The preprocessing of a name. @throws InputError that lists the names. */
export function namedPreprocessing(name: string, source = "given"): Preprocessing {
  const known = (PREPROCESSINGS as Readonly<Record<string, Omit<Preprocessing, "source">>>)[name];
  if (!known) {
    throw new InputError(
      `preprocessing: expected one of ${Object.keys(PREPROCESSINGS).join(", ")}, got "${name}"`,
    );
  }
  return { ...known, source };
}

import type { SourcePicture } from "../dataset/source.ts";
import { syntheticParts } from "../dataset/synthetic.ts";
import { syntheticLabels, syntheticObjectCount } from "../dataset/synthetic-labels.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Pixels } from "../images/pixels.ts";

/** Where concepts are in a picture. */
export interface ConceptMasks {
  /** The masks' size: the picture's, or any other that covers it. */
  readonly width: number;
  readonly height: number;
  /** By concept, `height × width` values, row by row: other than 0 where the concept is. A concept that is not there may be absent. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
}

const HUES = ["red", "yellow", "green", "cyan", "blue", "magenta"] as const;
/** What is less saturated is grey; what is darker, black; what is lighter and grey, white. */
const [GREY, DARK, LIGHT] = [0.25, 0.2, 0.85] as const;

/** Concepts that the pixels themselves tell: the color of each, by hue ("color/red"), or "color/grey", "black" and "white". */
export function colorConcepts({ width, height, data }: Pixels): ConceptMasks {
  const masks = new Map<string, Uint8Array>();
  for (let i = 0; i < width * height; i++) {
    mark(
      masks,
      `color/${colorName(data[3 * i] ?? 0, data[3 * i + 1] ?? 0, data[3 * i + 2] ?? 0)}`,
      i,
      width * height,
    );
  }
  return { width, height, masks };
}

function colorName(r: number, g: number, b: number): string {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  if (most < 255 * DARK) return "black";
  if (most - least < GREY * most) return most > 255 * LIGHT ? "white" : "grey";
  const turn =
    most === r
      ? (g - b) / (most - least)
      : most === g
        ? 2 + (b - r) / (most - least)
        : 4 + (r - g) / (most - least);
  return HUES[(Math.round(turn) + 6) % 6] ?? "grey";
}

export interface SyntheticConceptOptions {
  /** Seed of the pictures. Default 1. */
  readonly seed?: number | undefined;
  /** Two objects in each. Default false. */
  readonly pair?: boolean | undefined;
}

const SYNTHETIC_CONCEPTS: Fields<SyntheticConceptOptions> = { seed: "may", pair: [true, false] };

/**
 * Concepts of the synthetic pictures: "object/star", the shape itself; "texture/dots", a picture that is of a texture; "background/dots", the faint
 * texture behind an object; "clutter"; the color of each pixel; and "place/top left" to "place/bottom right", where the object lies
 * in a third of the picture.
 * @param options those with which the pictures were drawn.
 */
export function syntheticConcepts(
  device: GPUDevice,
  options: SyntheticConceptOptions = {},
): (picture: SourcePicture) => Promise<ConceptMasks> {
  assertFields("synthetic concepts", options, SYNTHETIC_CONCEPTS);
  return async ({ id, pixels }) => {
    const [, number] = /^synthetic:(\d+)$/.exec(id) ?? [];
    const { width, height } = pixels;
    if (number === undefined || width !== height) {
      throw new InputError(
        `synthetic concepts: expected a square synthetic picture such as "synthetic:7", got "${id}" of ${width}×${height}`,
      );
    }
    for await (const parts of syntheticParts(device, { ...options, first: Number(number), size: width })) {
      const masks = new Map(colorConcepts(pixels).masks);
      for (let i = 0; i < width * height; i++) {
        const [item, behind] = [parts.item[i] ?? 0, parts.background[i] ?? 0];
        const kind = (of: number) => syntheticLabels[of - 1] ?? "";
        if (item > syntheticObjectCount) mark(masks, `texture/${kind(item)}`, i, width * height);
        else if (item > 0) {
          mark(masks, `object/${kind(item)}`, i, width * height);
          mark(masks, `place/${placeName(i % width, Math.floor(i / width), width)}`, i, width * height);
        }
        if (behind > 0) mark(masks, `background/${kind(behind)}`, i, width * height);
        if ((parts.clutter[i] ?? 0) > 0) mark(masks, "clutter", i, width * height);
      }
      return { width, height, masks };
    }
    throw new InputError(`synthetic concepts: expected parts of "${id}", got none`);
  };
}

function placeName(x: number, y: number, size: number): string {
  const third = (place: number): number => Math.min(2, Math.floor((3 * (place + 0.5)) / size));
  const [row, column] = [["top", "middle", "bottom"][third(y)], ["left", "middle", "right"][third(x)]];
  return row === column ? "middle" : `${row} ${column}`;
}

function mark(masks: Map<string, Uint8Array>, name: string, place: number, size: number): void {
  let mask = masks.get(name);
  if (mask === undefined) {
    mask = new Uint8Array(size);
    masks.set(name, mask);
  }
  mask[place] = 1;
}

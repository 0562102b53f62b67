import { InputError, ModelError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { type ChooseInputShape, channelsOf, type InputShape, shapesNear } from "../models/input-shape.ts";
import { imageSize } from "../node/image.ts";
import { imagesIn } from "./image-arrays.ts";
import { readSource } from "./image-files.ts";
import { isArray, isSynthetic, namesOf } from "./image-names.ts";
import { type Io, UsageError } from "./io.ts";
import type { Values } from "./values.ts";

type Size = readonly [height: number, width: number];

/** A network of free size runs on pictures of at most so many pixels, 1 Mpx; larger ones are made smaller. */
const MOST = 2 ** 20;

/** The size where no image is named: ImageNet's. */
const USUAL: Size = [224, 224];

/** The side of a drawn picture, as "vitrine dataset" has it. */
const SYNTHETIC_SIDE = 96;

/**
 * Chooses the size at which a network runs: --size; or, where its file leaves it free, that of the images, rounded to what
 * its layers allow and at most 1 Mpx; or 224 where there is no image. `explain` adds the remedy to what goes wrong.
 */
export function networkSize(
  values: Values,
  io: Io,
  more: readonly string[],
): { readonly inputShape: ChooseInputShape; explain(error: Error): Error } {
  const given = sizeOption(values);
  let chose = false;
  return {
    async inputShape(declared) {
      const [h, w, c] = declared;
      if (declared.length > 3 || h === undefined || w === undefined) return undefined;
      if (!given && h !== null && w !== null && c !== null) return undefined;
      chose = true;
      if (!given) return shapesNear(declared, await freeSize([h, w], values, io, more));
      return channelsOf(declared).map((count): InputShape => [...given, count]);
    },
    explain(error) {
      if (!chose || !(error instanceof ModelError)) return error;
      return new ModelError(
        given
          ? `${error.message}; this is what --size ${given.join("x")} makes of it`
          : `${error.message}; the network's size is free in its file, but its layers want another than the image's: --size HxW gives it`,
      );
    },
  };
}

/** The size that --size gives. @throws UsageError */
export function sizeOption(values: Values): Size | undefined {
  const text = values.text("size");
  if (text === undefined) return undefined;
  const [, height = "", width = height] = /^(\d{1,5})(?:[x×](\d{1,5}))?$/i.exec(text) ?? [];
  if (!(Number(height) >= 1 && Number(width) >= 1)) {
    throw new UsageError(`--size expects pixels as N or HxW, got "${text}"`);
  }
  return [Number(height), Number(width)];
}

/** The size of the images that are named, of which all must have one. */
async function freeSize(
  [h, w]: readonly [number | null, number | null],
  values: Values,
  io: Io,
  more: readonly string[],
): Promise<Size> {
  const names = namesOf(values, more);
  const sizes = new Map<string, Size>();
  let arrays = false;
  for (const name of names) {
    io.signal.throwIfAborted();
    arrays ||= isArray(name);
    try {
      for (const size of await sizesIn(name, values)) sizes.set(formatShape(size), size);
    } catch (error) {
      // Of several, one that is broken is named when it is read.
      if (names.length === 1 || !(error instanceof InputError)) throw error;
    }
  }
  const [first, ...others] = sizes.values();
  if (!first) {
    io.err(
      `vitrine: the network takes images of any size; this is for ${formatShape([h ?? USUAL[0], w ?? USUAL[1]])}, --size gives another`,
    );
    return USUAL;
  }
  if (others.length > 0) {
    throw new InputError(
      `expected images of one size, as the network takes any, got ${[...sizes.keys()].slice(0, 4).join(", ")}; --size HxW chooses one for all`,
    );
  }
  const [height, width] = first;
  if (height * width <= MOST || arrays) return first;
  const scale = Math.sqrt(MOST / (height * width));
  const smaller: Size = [Math.max(1, Math.floor(height * scale)), Math.max(1, Math.floor(width * scale))];
  io.err(
    `vitrine: the network takes images of any size; ${formatShape(first)} is run at about ${formatShape(smaller)}, --size gives another`,
  );
  return smaller;
}

async function sizesIn(name: string, values: Values): Promise<Size[]> {
  if (isSynthetic(name)) return [[SYNTHETIC_SIDE, SYNTHETIC_SIDE]];
  const source = await readSource(name);
  if ("arrays" in source) {
    const images = source.arrays.flatMap((own) => imagesIn(own.array, own.name, values));
    return images.map(({ height, width }) => [height, width]);
  }
  const { height, width } = await imageSize(source.bytes, name);
  return [[height, width]];
}

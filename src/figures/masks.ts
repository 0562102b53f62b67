import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { enlargeMap, enlargePixels, type Shown, shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import type { Color, Figure, PixelPicture } from "./drawing.ts";
import { drawnMap } from "./drawn-map.ts";
import { formatNumber } from "./format-number.ts";
import { barOf } from "./layout.ts";
import { mapPixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";
import { layOutTiles, type TileGroup } from "./tiles.ts";

/** A unit's mask of an image; `unitMask` gives all but the image. */
export interface MaskedImage {
  /** The image as the network saw it. */
  readonly image: Pixels;
  /** 1 where the unit is on, [H, W]. */
  readonly data: Float32Array;
  /** The unit's activation at the image, [H, W]. */
  readonly map: Float32Array;
  readonly threshold: number;
  readonly share: number;
  /** A line above. */
  readonly label?: string | undefined;
}

export interface MaskFigureOptions {
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** The masks: images of one unit, or units of one image. */
  readonly masks: readonly MaskedImage[];
  /** A line below the pictures: how the threshold was found. */
  readonly note?: string | undefined;
}

const MASK_FIGURE: Fields<MaskFigureOptions> = { title: "must", subtitle: "may", masks: "must", note: "may" };

const EDGE: Color = [255, 221, 51];
const SIDE = 208;
/** Width that the figure aims at. */
const SHEET = 1400;

/**
 * Draws what a unit answers to, as pixels: {@link composeMasks}, rasterised.
 * @throws InputError as {@link composeMasks} and {@link rasterize} do.
 */
export async function renderMasks(options: MaskFigureOptions, picture?: RasterizeOptions): Promise<Pixels> {
  return rasterize(composeMasks(options), picture);
}

/**
 * Composes a figure of what a unit answers to, an SVG document: each image with all but the mask darkened and the mask's edge drawn, and beside it the map that
 * was cut (Bau et al. 2017, figure 4).
 * @throws InputError when there is nothing to draw, or a mask is not as large as its image.
 */
export function composeMasks(options: MaskFigureOptions): Figure {
  assertFields("figure of masks", options, MASK_FIGURE);
  const { title, subtitle, masks, note } = options;
  const [first] = masks;
  if (!first) throw new InputError("masks: expected at least one, got none");
  const { width, height } = first.image;
  const shown = shownSize(width, height, SIDE);
  const drawn = masks.map(({ map, image }) => {
    const shape = [image.height, image.width];
    return { ...drawnMap({ map, shape, kind: "activation" }), smooth: false };
  });
  // One scale: what is bright in one image and not in another is so.
  const ends = [Math.min(...drawn.map(({ min }) => min)), Math.max(...drawn.map(({ max }) => max))] as const;
  const colors = ends[0] < 0 ? "rdbu" : "inferno";
  const scale = {
    min: ends[0] < 0 ? -Math.max(-ends[0], ends[1]) : 0,
    max: Math.max(-ends[0], ends[1]),
    colors,
  } as const;
  const groups = masks.map(({ image, data, threshold, share, label }, i): TileGroup => {
    if (image.width !== width || image.height !== height || data.length !== width * height) {
      throw new InputError(
        `masks: expected images and masks of ${height}×${width}, got ${image.height}×${image.width} and ${data.length} values`,
      );
    }
    const on = `${formatNumber(100 * share)} % of the image`;
    const caption = [share === 0 ? "on nowhere" : on, `activation > ${formatNumber(threshold)}`];
    return {
      heading: label,
      tiles: [
        { picture: masked(enlargePixels(image, shown), data, [height, width], shown), caption },
        ...drawn.slice(i, i + 1).map((map) => ({
          picture: mapPixels({ ...map, ...scale }, shown),
          bar: barOf({ ...map, ...scale }),
          caption: [masks.length > 1 ? "activation, one scale" : "activation"],
        })),
      ],
    };
  });
  const fit = Math.max(1, Math.floor(SHEET / (2 * shown.width + 42)));
  const lines = Array.from({ length: Math.ceil(groups.length / fit) }, (_, line) =>
    groups.slice(line * fit, (line + 1) * fit),
  );
  return layOutTiles({
    title,
    subtitle,
    ...{ width: shown.width, height: shown.height, lines },
    notes: note === undefined ? [] : [note],
  });
}

/** The image, dark where the mask is 0, with a line two pixels wide along the mask's edge. */
function masked(
  { data }: Pixels,
  mask: Float32Array,
  size: readonly [number, number],
  shown: Shown,
): PixelPicture {
  const { width, height } = shown;
  const on = enlargeMap(mask, size, { ...shown, squares: true }).map((share) => Number(share >= 0.5));
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const inside = on[i] === 1;
      let edge = false;
      for (let dy = -1; dy <= 1 && !edge; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const [row, column] = [y + dy, x + dx];
          if (row < 0 || column < 0 || row >= height || column >= width) continue;
          if ((on[row * width + column] === 1) !== inside) edge = true;
        }
      }
      for (let c = 0; c < 3; c++) {
        const value = data[3 * i + c] ?? 0;
        out[3 * i + c] = edge ? (EDGE[c] ?? 0) : inside ? value : Math.round(0.3 * value);
      }
    }
  }
  return { width, height, data: out, squares: shown.squares };
}

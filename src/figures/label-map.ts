import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { enlargePixels, type Shown, shownSize } from "../images/enlarge.ts";
import { assertPixels, type Pixels } from "../images/pixels.ts";
import { classColor } from "./class-colors.ts";
import { type Color, Drawing, type Figure, type PixelPicture } from "./drawing.ts";
import { CAPITAL, headingOf, INK, LINE, MARGIN, QUIET, TEXT } from "./layout.ts";
import { fitText, textWidth } from "./lettering.ts";
import { picturePixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";

/** The class of each place of a picture; `labelMap` gives all but the picture and the words. */
export interface LabelMapFigureOptions {
  /** The picture as the network saw it. */
  readonly image: Pixels;
  /** Number of each place's class, row by row; −1 where there is none. */
  readonly data: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number];
  /** The classes to list, in this order, each with the share of the places that have it. */
  readonly areas: readonly { readonly index: number; readonly name: string; readonly share: number }[];
  readonly title: string;
  readonly subtitle?: string | undefined;
}

const LABEL_MAP: Fields<LabelMapFigureOptions> = {
  ...{ image: "must", data: "must", shape: "must", areas: "must", title: "must", subtitle: "may" },
};

const NONE: Color = [255, 255, 255];
/** Share of a class's color over the picture. */
const OPACITY = 0.55;
const BETWEEN = 28;
const ROW = 20;
const SWATCH = 12;
/** Classes that the legend names; the rest are counted in its last line. */
const MOST_NAMED = 24;
const WIDEST_NAME = 220;

/**
 * Draws the class of each place of a picture, as pixels: {@link composeLabelMap}, rasterised.
 * @throws InputError as {@link composeLabelMap} and {@link rasterize} do.
 */
export async function renderLabelMap(
  options: LabelMapFigureOptions,
  picture?: RasterizeOptions,
): Promise<Pixels> {
  return rasterize(composeLabelMap(options), picture);
}

/**
 * Composes a figure of the class of each place of a picture, an SVG document: the picture, the classes' colors over it, the
 * classes alone, and a legend with the share of the picture that each has.
 * @throws InputError when the numbers do not fit the shape.
 */
export function composeLabelMap(options: LabelMapFigureOptions): Figure {
  assertFields("label map", options, LABEL_MAP);
  const { image, data, shape, areas, title, subtitle } = options;
  assertPixels(image);
  const [h, w] = shape;
  if (!(h >= 1 && w >= 1) || data.length !== h * w) {
    throw new InputError(`label map: expected ${h}×${w} numbers of classes, got ${data.length}`);
  }
  const shown = shownSize(image.width, image.height);
  const picture = picturePixels(image, shown);
  const map = labelPixels(options, shown);
  const legend = legendOf(areas);
  const room = 3 * (shown.width + BETWEEN) + legend.width;
  const heading = headingOf({ title, subtitle }, room);
  const top = heading.bottom;
  const height = Math.max(shown.height + 6 + CAPITAL + 8, legend.height);
  const drawing = new Drawing(room + 2 * MARGIN, top + height + MARGIN);
  heading.draw(drawing);
  const captions = ["image", "classes over the image", `classes, ${h}×${w} places`];
  for (const [i, panel] of [picture, blended(picture, map), map].entries()) {
    const x = MARGIN + i * (shown.width + BETWEEN);
    drawing.place(panel, x, top);
    drawing.frame(x, top, shown.width, shown.height, LINE);
    const style = { color: QUIET, size: TEXT };
    drawing.text(
      fitText(captions[i] ?? "", TEXT, shown.width),
      x,
      top + shown.height + 6 + CAPITAL + 4,
      style,
    );
  }
  legend.draw(drawing, MARGIN + 3 * (shown.width + BETWEEN), top);
  return drawing.toFigure(title);
}

/**
 * The classes of a picture's places in their colors, at a size: for a layer over a photograph, or a picture of its own.
 * What has no class is white.
 */
export function labelPixels(
  { data, shape: [h, w] }: Pick<LabelMapFigureOptions, "data" | "shape">,
  shown: Shown,
): PixelPicture {
  const small = new Uint8Array(3 * h * w);
  for (let i = 0; i < h * w; i++) small.set(colorOf(data[i] ?? -1), 3 * i);
  // The places of a class have edges, and no colors between.
  const squares = enlargePixels({ width: w, height: h, data: small }, { ...shown, squares: true });
  return { ...squares, squares: true };
}

const colorOf = (index: number): Color => (index < 0 ? NONE : classColor(index));

/** The classes over the picture in grey, so that colors are theirs alone. */
function blended({ data, width, height }: PixelPicture, classes: PixelPicture): PixelPicture {
  const mixed = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const luma = 0.299 * (data[3 * i] ?? 0) + 0.587 * (data[3 * i + 1] ?? 0) + 0.114 * (data[3 * i + 2] ?? 0);
    for (let c = 0; c < 3; c++) {
      mixed[3 * i + c] = Math.round(luma + OPACITY * ((classes.data[3 * i + c] ?? 0) - luma));
    }
  }
  return { width, height, data: mixed };
}

interface Legend {
  readonly width: number;
  readonly height: number;
  draw(drawing: Drawing, x: number, y: number): void;
}

function legendOf(areas: LabelMapFigureOptions["areas"]): Legend {
  const named = areas.slice(0, MOST_NAMED);
  const rest = areas.slice(MOST_NAMED);
  const lines = named.map(({ index, name, share }) => ({
    color: classColor(index),
    name: fitText(name, TEXT, WIDEST_NAME),
    share: percent(share),
  }));
  const others = rest.reduce((sum, { share }) => sum + share, 0);
  const last =
    rest.length > 0 ? [{ color: undefined, name: `${rest.length} more`, share: percent(others) }] : [];
  const all = [...lines, ...last];
  const names = Math.max(0, ...all.map(({ name }) => textWidth(name, TEXT)));
  const shares = Math.max(0, ...all.map(({ share }) => textWidth(share, TEXT)));
  const width = Math.ceil(SWATCH + 8 + names + 16 + shares);
  return {
    width,
    height: all.length * ROW,
    draw(drawing, x, y) {
      for (const [i, { color, name, share }] of all.entries()) {
        const top = y + i * ROW;
        if (color) {
          drawing.rect(x, top, SWATCH, SWATCH, color);
          drawing.frame(x, top, SWATCH, SWATCH, LINE);
        }
        const baseline = top + CAPITAL + 1;
        drawing.text(name, x + SWATCH + 8, baseline, { color: INK, size: TEXT });
        drawing.text(share, x + width, baseline, { color: QUIET, size: TEXT, align: "right" });
      }
    },
  };
}

/** A share in words: what is there is never 0 %. */
function percent(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

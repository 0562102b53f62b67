import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Shape } from "../gpu/tensor.ts";
import { type Shown, shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { type Color, Drawing, type Figure } from "./drawing.ts";
import { drawnMap, extremes } from "./drawn-map.ts";
import { formatNumber } from "./format-number.ts";
import { barOf, layOut, type Panel } from "./layout.ts";
import { mapPixels, overlayPixels, picturePixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";

export interface FieldBox {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A measured field, as a figure of it needs it; `empiricalField` gives it. */
export interface MeasuredField {
  /** Mean centred discrepancy, [h, w]. */
  readonly data: Float32Array;
  readonly shape: Shape;
  readonly seen: Uint16Array;
  readonly theoretical: FieldBox;
  readonly patch: number;
  readonly stride: number;
  readonly side: number;
  readonly images: readonly { readonly map: Float32Array; readonly theoretical: FieldBox }[];
}

export interface FieldFigureOptions {
  readonly field: MeasuredField;
  /** The images as the network saw them. */
  readonly images: readonly Pixels[];
  readonly title: string;
  readonly subtitle?: string | undefined;
}

const FIELD_FIGURE: Fields<FieldFigureOptions> = {
  field: "must",
  images: "must",
  title: "must",
  subtitle: "may",
};

const THEORY: Color = [80, 200, 255];
const HALF: Color = [255, 255, 255];
const UNSEEN: Color = [150, 152, 156];
/** Images shown beside the mean. */
const EXAMPLES = 3;

/**
 * Draws a unit's empirical receptive field, as pixels: {@link composeField}, rasterised.
 * @throws InputError as {@link composeField} and {@link rasterize} do.
 */
export async function renderField(options: FieldFigureOptions, picture?: RasterizeOptions): Promise<Pixels> {
  return rasterize(composeField(options), picture);
}

/**
 * Composes the figure of a unit's empirical receptive field, an SVG document: the mean discrepancy with the theoretical field as a blue rectangle and the line
 * at half its largest value in white; beside it the first images with both.
 * @throws InputError when there are not as many images as were measured.
 */
export function composeField(options: FieldFigureOptions): Figure {
  assertFields("figure of a field", options, FIELD_FIGURE);
  const { field, images, title, subtitle } = options;
  const { data, shape, seen, theoretical, patch, stride, side } = field;
  if (images.length !== field.images.length || images.length === 0) {
    throw new InputError(
      `figure of a field: expected ${field.images.length || "some"} images, got ${images.length}`,
    );
  }
  const [h = 1, w = 1] = shape;
  const shown = shownSize(w, h);
  const drawn = { ...drawnMap({ map: data, shape: [h, w], kind: "activation" }), smooth: false };
  const map = mapPixels(drawn, shown);
  const sy = shown.height / h;
  const sx = shown.width / w;
  const [, most] = extremes(data);
  for (let y = 0; y < shown.height; y++) {
    for (let x = 0; x < shown.width; x++) {
      const at = (row: number, column: number) => Math.floor(row / sy) * w + Math.floor(column / sx);
      const here = at(y, x);
      const pixel = 3 * (y * shown.width + x);
      if ((seen[here] ?? 0) === 0) map.data.set(UNSEEN, pixel);
      const beside = [at(y, Math.min(shown.width - 1, x + 1)), at(Math.min(shown.height - 1, y + 1), x)];
      const strong = (i: number) => most > 0 && (data[i] ?? 0) >= most / 2;
      if (beside.some((i) => strong(i) !== strong(here))) map.data.set(HALF, pixel);
    }
  }
  const picture = new Drawing(shown.width, shown.height);
  picture.place(map, 0, 0);
  outline(picture, theoretical, [sy, sx]);
  const size = `${theoretical.bottom - theoretical.top}×${theoretical.right - theoretical.left}`;
  const unseen = seen.some((count) => count === 0);
  const mean: Panel = {
    picture,
    bar: barOf(drawn),
    caption: [
      "mean |change of the unit| where covered",
      `theory (blue) ${size}; above half its largest (white) as much as ${formatNumber(side)}×${formatNumber(side)}`,
      `square of ${patch}, stride ${stride}${unseen ? "; grey: covered in no image" : ""}`,
    ],
  };
  const examples = images.slice(0, EXAMPLES).map((image, i): Panel => {
    const found = field.images[i];
    const large = shownSize(image.width, image.height);
    return {
      picture: found ? exampleOf(image, found, large) : image,
      caption: [`image ${i + 1} of ${images.length}`, "its own discrepancy, and what theory allows"],
    };
  });
  return layOut({ title, subtitle, panels: [mean, ...examples] });
}

function exampleOf(
  image: Pixels,
  { map, theoretical }: MeasuredField["images"][number],
  shown: Shown,
): Drawing {
  const { width, height } = image;
  const picture = new Drawing(shown.width, shown.height);
  const gaps = map.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
  const drawn = { ...drawnMap({ map, shape: [height, width], kind: "activation", gaps }), smooth: false };
  picture.place(overlayPixels(drawn, picturePixels(image, shown), shown), 0, 0);
  outline(picture, theoretical, [shown.height / height, shown.width / width]);
  return picture;
}

/** A line two pixels wide around a rectangle; what lies outside the picture is cut. */
function outline(
  picture: Drawing,
  { top, left, bottom, right }: FieldBox,
  [sy, sx]: readonly [number, number],
): void {
  const [y, x] = [Math.round(top * sy), Math.round(left * sx)];
  const [height, width] = [Math.round(bottom * sy) - y, Math.round(right * sx) - x];
  picture.frame(x, y, width, height, THEORY, 2);
}

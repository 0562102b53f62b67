import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { LayerForm, type MapsOf } from "../graph/layer-form.ts";
import type { Pixels } from "../images/pixels.ts";
import { type ColorMapName, caveatOf, colorAt, colorMap, colorsFor } from "./color-maps.ts";
import type { Color, Figure, PixelPicture } from "./drawing.ts";
import { formatNumber } from "./format-number.ts";
import { layOut } from "./layout.ts";
import { Pixmap } from "./pixmap.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";

export interface MapSheetOptions {
  readonly data: Float32Array;
  /** The layer's, the batch apart: [h, w, c], [c] of a layer without pixels, or any other. */
  readonly shape: Shape;
  /**
   * How the values are laid out as maps, where the shape alone does not say it, as of attention heads: of
   * `formsOf(graph)`. Default: as the shape says.
   */
  readonly form?: LayerForm | undefined;
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** Maps that share the ends of their colours: "all" of the layer (the default), or none ("own"). */
  readonly scale?: "all" | "own" | undefined;
  /** Percentile of the magnitudes, of the layer or of each map, at which the colours end. Default 100: nothing clipped. */
  readonly clip?: number | undefined;
  /** The colour map, where its kind fits: diverging where a value is negative, sequential where none is. */
  readonly colors?: ColorMapName | undefined;
}

const MAP_SHEET: Fields<MapSheetOptions> = {
  ...{ data: "must", shape: "must", form: "may", title: "must", subtitle: "may" },
  ...{ scale: ["all", "own"], clip: "may", colors: "may" },
};

/** Width that a sheet of maps aims at, and the most that it takes. */
const SHEET = 1100;
const WIDEST = 2200;
const BETWEEN = 2;
const LEAST_TILE = 14;
const MOST_TILE = 320;
/** Side of the square that stands for one value of a layer without pixels. */
const VALUE = 24;

/** The words for one map, several, what numbers them, and what they are. */
interface Words {
  readonly one: string;
  readonly several: string;
  readonly first?: string;
  readonly are?: string;
}
const NAMES: Readonly<Record<MapsOf, Words>> = {
  channels: { one: "map", several: "maps" },
  values: { one: "value", several: "values" },
  sequence: { one: "map", several: "maps", are: ", a row for each place" },
  heads: { one: "head", several: "heads", first: "head" },
};

/**
 * Draws all maps of a layer, as pixels: {@link composeMapSheet}, rasterised.
 * @throws InputError as {@link composeMapSheet} and {@link rasterize} do.
 */
export async function renderMapSheet(options: MapSheetOptions, picture?: RasterizeOptions): Promise<Pixels> {
  return rasterize(composeMapSheet(options), picture);
}

/**
 * Composes a sheet of all maps of a layer, an SVG document: side by side, in the order of their channels, on one scale or each
 * on its own. A layer without pixels is drawn as one square a value, a sequence as one map with a row for each place, and
 * attention heads as a matrix each.
 * @throws InputError when the values do not fit the shape, or an option is out of range.
 */
export function composeMapSheet(options: MapSheetOptions): Figure {
  assertFields("sheet of maps", options, MAP_SHEET);
  const { shape, title, subtitle, scale = "all", clip = 100, colors } = options;
  const { form = LayerForm.of([1, ...shape]) } = options;
  assertMaps(options, form);
  const data = form.laidOut(options.data);
  const hasPixels = form.maps !== "values";
  const [height, width, channels] = form.size;
  const low = data.reduce((least, value) => Math.min(least, value), 0);
  const high = data.reduce((most, value) => Math.max(most, value), 0);
  const signed = low < 0;
  const own = scale === "own" && hasPixels;
  const layer = endOf(data, clip);
  const ends = Array.from({ length: channels }, (_, channel) =>
    own
      ? endOf(
          data.filter((_, i) => i % channels === channel),
          clip,
        )
      : layer,
  );
  const map = colorsFor(colors, signed ? "rdbu" : "inferno");
  const table = colorMap(map);
  const grid = gridOf([height, width, channels], hasPixels);
  const { reduce } = grid;
  const picture = sheetPixels(data, [height, width, channels], grid, (value, channel) => {
    const end = ends[channel] ?? 1;
    return colorAt(table, value, signed ? -end : 0, end);
  });
  const max = own ? 1 : layer;
  const step = Math.max(1, Math.ceil(16 / grid.down));
  const { one, several, first = "channel", are = "" } = NAMES[form.maps];
  const count = `${channels} ${channels === 1 ? one : several}`;
  const maps = `${count} of ${height}×${width}${are}`;
  const shared = own
    ? `each ${one} on a scale of its own, the bar a share of its end`
    : "one scale for the layer";
  const clipping = clip < 100 ? `, clipped at the ${clip}th percentile${own ? ` of each ${one}` : ""}` : "";
  const reduced = reduce > 1 ? `; each pixel the mean of ${reduce}×${reduce}` : "";
  const numbered = channels > 1 || form.maps === "channels" || form.maps === "values";
  const numbers = numbered ? `, numbered by the first ${first} of a row` : "";
  const range = `from ${formatNumber(low)} to ${formatNumber(high)}`;
  return layOut({
    title,
    subtitle,
    panels: [
      {
        picture,
        rows: Array.from({ length: grid.rows }, (_, row) => ({
          y: row * grid.down,
          text: form.maps === "heads" ? `head ${row * grid.columns}` : String(row * grid.columns),
        })).filter((_, row) => numbered && row % step === 0),
        bar: { table, min: signed ? -max : 0, max },
        caption: [
          hasPixels ? `activation, ${shared}; ${maps}` : `activation, one square a value; ${count}`,
          `${range}${clipping}${numbers}${reduced}`,
          ...caveatOf(map),
        ],
      },
    ],
  });
}

function assertMaps({ data, shape, clip = 100 }: MapSheetOptions, form: LayerForm): void {
  const count = sizeOf(form.size);
  if (data.length !== sizeOf(shape) || data.length !== count) {
    throw new InputError(
      `sheet of maps: expected ${count} values for ${formatShape(shape)} as ${formatShape(form.size)}, got ${data.length}`,
    );
  }
  const bad = data.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new InputError(`sheet of maps: expected finite values, got ${bad}`);
  if (!(clip > 0 && clip <= 100)) {
    throw new InputError(`sheet of maps: expected a percentile above 0 and up to 100, got ${clip}`);
  }
}

type MapsShape = readonly [height: number, width: number, channels: number];

/** The places of maps on a sheet. */
interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Cells a side that become one pixel, or pixels a side of one cell. */
  readonly reduce: number;
  readonly repeat: number;
  /** Distance from a map to the next. */
  readonly across: number;
  readonly down: number;
}

function gridOf([height, width, channels]: MapsShape, hasPixels: boolean): Grid {
  const columns = hasPixels ? columnsFor(channels, width / height) : Math.min(channels, 32);
  const reduce = Math.ceil((width * columns) / WIDEST);
  const fit = Math.floor((SHEET / columns - BETWEEN) / width);
  const widest = Math.max(1, Math.floor((hasPixels ? MOST_TILE : VALUE) / width));
  const least = Math.ceil(LEAST_TILE / Math.max(width, height));
  const repeat = reduce > 1 ? 1 : Math.max(1, least, Math.min(fit, widest));
  return {
    columns,
    rows: Math.ceil(channels / columns),
    ...{ reduce, repeat },
    across: Math.ceil(width / reduce) * repeat + BETWEEN,
    down: Math.ceil(height / reduce) * repeat + BETWEEN,
  };
}

/** All maps as one picture, white between them. */
function sheetPixels(
  data: Float32Array,
  shape: MapsShape,
  { columns, rows, reduce, repeat, across, down }: Grid,
  colorOf: (value: number, channel: number) => Color,
): PixelPicture {
  const picture = new Pixmap(columns * across - BETWEEN, rows * down - BETWEEN);
  const [height, width, channels] = shape;
  for (let channel = 0; channel < channels; channel++) {
    const left = (channel % columns) * across;
    const top = Math.floor(channel / columns) * down;
    for (let y = 0; y * reduce < height; y++) {
      for (let x = 0; x * reduce < width; x++) {
        const value = meanOf(data, shape, channel, y * reduce, x * reduce, reduce);
        picture.rect(left + x * repeat, top + y * repeat, repeat, repeat, colorOf(value, channel));
      }
    }
  }
  return picture;
}

/** Tiles in a row, so that the sheet is about half again as wide as high: a power of two where that comes near. */
function columnsFor(channels: number, aspect: number): number {
  const wanted = Math.sqrt((1.6 * channels) / aspect);
  return Math.min(channels, Math.max(1, 2 ** Math.round(Math.log2(wanted))));
}

/** The magnitude that the strongest colour stands for. */
function endOf(values: Float32Array, clip: number): number {
  const magnitudes = values.map(Math.abs).sort();
  const end = magnitudes[Math.floor((clip / 100) * (magnitudes.length - 1))] ?? 0;
  return end || (magnitudes.at(-1) ?? 0) || 1;
}

function meanOf(
  data: Float32Array,
  [height, width, channels]: MapsShape,
  channel: number,
  top: number,
  left: number,
  size: number,
): number {
  let [sum, count] = [0, 0];
  for (let y = top; y < Math.min(height, top + size); y++) {
    for (let x = left; x < Math.min(width, left + size); x++) {
      sum += data[(y * width + x) * channels + channel] ?? 0;
      count++;
    }
  }
  return sum / Math.max(1, count);
}

import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { Canvas } from "./canvas.ts";
import { type ColorMapName, caveatOf, colorAt, colorMap, colorsFor } from "./color-maps.ts";
import { formatNumber, layOut } from "./layout.ts";

export interface MapSheetOptions {
  readonly data: Float32Array;
  /** [h, w, c], or [c] of a layer without pixels. */
  readonly shape: Shape;
  readonly title: string;
  readonly subtitle?: string;
  /** Which maps share the ends of their colours: "all" of the layer (the default), or each its "own". */
  readonly scale?: "all" | "own";
  /** Percentile of the magnitudes, of the layer or of each map, at which the colours end. Default 100: nothing clipped. */
  readonly clip?: number;
  /** The colour map, where its kind fits: diverging where a value is negative, sequential where none is. */
  readonly colors?: ColorMapName;
}

const MAP_SHEET: Fields<MapSheetOptions> = {
  ...{ data: "must", shape: "must", title: "must", subtitle: "may" },
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

/**
 * Draws all maps of a layer side by side, in the order of their channels, on one scale or each on its own. A layer without
 * pixels is drawn as one square a value.
 * @throws InputError when the values do not fit the shape, or an option is out of range.
 */
export function renderMapSheet(options: MapSheetOptions): Pixels {
  assertFields("sheet of maps", options, MAP_SHEET);
  const { data, shape, title, subtitle, scale: share = "all", clip = 100, colors } = options;
  if ((shape.length !== 3 && shape.length !== 1) || data.length !== sizeOf(shape)) {
    throw new InputError(
      `sheet of maps: expected h×w×c values, or c, got ${data.length} for ${formatShape(shape)}`,
    );
  }
  const [height, width, channels] =
    shape.length === 3 ? [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1] : [1, 1, shape[0] ?? 1];
  const low = data.reduce((least, value) => Math.min(least, value), 0);
  const high = data.reduce((most, value) => Math.max(most, value), 0);
  const bad = data.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new InputError(`sheet of maps: expected finite values, got ${bad}`);
  if (!(clip > 0 && clip <= 100)) {
    throw new InputError(`sheet of maps: expected a percentile above 0 and up to 100, got ${clip}`);
  }
  const signed = low < 0;
  const layer = endOf(data, clip);
  const ends = Array.from({ length: channels }, (_, channel) =>
    share === "own" && shape.length === 3
      ? endOf(
          data.filter((_, i) => i % channels === channel),
          clip,
        )
      : layer,
  );
  const own = share === "own" && shape.length === 3;
  const scale = own ? 1 : layer;
  const min = signed ? -scale : 0;
  const map = colorsFor(colors, signed ? "rdbu" : "inferno");
  const table = colorMap(map);

  const columns = shape.length === 1 ? Math.min(channels, 32) : columnsFor(channels, width / height);
  const reduce = Math.ceil((width * columns) / WIDEST);
  const fit = Math.floor((SHEET / columns - BETWEEN) / width);
  const widest = Math.max(1, Math.floor((shape.length === 1 ? VALUE : MOST_TILE) / width));
  const least = Math.ceil(LEAST_TILE / Math.max(width, height));
  const repeat = reduce > 1 ? 1 : Math.max(1, least, Math.min(fit, widest));
  const [h, w] = [Math.ceil(height / reduce), Math.ceil(width / reduce)];
  const rows = Math.ceil(channels / columns);
  const [tileWidth, tileHeight] = [w * repeat + BETWEEN, h * repeat + BETWEEN];
  const picture = new Canvas(columns * tileWidth - BETWEEN, rows * tileHeight - BETWEEN);
  for (let channel = 0; channel < channels; channel++) {
    const left = (channel % columns) * tileWidth;
    const top = Math.floor(channel / columns) * tileHeight;
    const end = ends[channel] ?? 1;
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const value = meanOf(data, [height, width, channels], channel, y * reduce, x * reduce, reduce);
        const color = colorAt(table, value, signed ? -end : 0, end);
        picture.rect(left + x * repeat, top + y * repeat, repeat, repeat, color);
      }
    }
  }
  const numbered = Math.max(1, Math.ceil(16 / tileHeight));
  return layOut({
    title,
    ...(subtitle === undefined ? {} : { subtitle }),
    panels: [
      {
        picture,
        rows: Array.from({ length: rows }, (_, row) => ({
          y: row * tileHeight,
          text: String(row * columns),
        })).filter((_, row) => row % numbered === 0),
        bar: { table, min, max: scale },
        caption: [
          shape.length === 3
            ? `activation, ${own ? "each map on a scale of its own, the bar a share of its end" : "one scale for the layer"}; ${channels} ${channels === 1 ? "map" : "maps"} of ${height}×${width}`
            : `activation, one square a value; ${channels} values`,
          `from ${formatNumber(low)} to ${formatNumber(high)}${clip < 100 ? `, clipped at the ${clip}th percentile${own ? " of each map" : ""}` : ""}, numbered by the first channel of a row${reduce > 1 ? `; each pixel the mean of ${reduce}×${reduce}` : ""}`,
          ...caveatOf(map),
        ],
      },
    ],
  });
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
  [height, width, channels]: readonly [number, number, number],
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

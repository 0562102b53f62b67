import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type Shown, shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { caveatOf } from "./color-maps.ts";
import type { Figure } from "./drawing.ts";
import { assertFits, type DrawnMap, drawnMap, isSignal, MAP_FIELDS, type MapOptions } from "./drawn-map.ts";
import { barOf, greyBar, layOut, type Panel } from "./layout.ts";
import { mapPixels, overlayPixels, picturePixels, signalPixels } from "./map-pixels.ts";
import { type RasterizeOptions, rasterize } from "./rasterize.ts";

/** The pictures that a figure can have: the image, the map over it (or the signal at it), the map alone. */
export const FIGURE_PANELS = ["image", "overlay", "map"] as const;

export type FigurePanel = (typeof FIGURE_PANELS)[number];

export interface FigureOptions extends MapOptions {
  /** The image as the network saw it: as large as its input. */
  readonly image: Pixels;
  /** First line: what was asked. */
  readonly title: string;
  /** Second line: the network, the layer. */
  readonly subtitle?: string | undefined;
  /** The pictures to show, in this order. Default: all. */
  readonly panels?: readonly FigurePanel[] | undefined;
}

const FIGURE: Fields<FigureOptions> = {
  ...MAP_FIELDS,
  image: "must",
  title: "must",
  subtitle: "may",
  panels: "may",
};

/**
 * Draws what a technique found, as pixels: {@link composeFigure}, rasterised.
 * @example
 * ```ts
 * import { renderFigure } from "vitrine";
 *
 * const image = { width: 2, height: 2, data: new Uint8Array(12).fill(128) };
 * const map = Float32Array.of(0, 0.2, 0.5, 1);
 * const pixels = await renderFigure({ image, map, shape: [2, 2], kind: "cam", title: "Grad-CAM: tabby cat" });
 * ```
 * @throws InputError as {@link composeFigure} and {@link rasterize} do.
 */
export async function renderFigure(options: FigureOptions, picture?: RasterizeOptions): Promise<Pixels> {
  return rasterize(composeFigure(options), picture);
}

/**
 * Composes the figure of what a technique found, an SVG document: the image, the map over it, and the map alone with its colour bar. Its kind decides how: gradients
 * are clipped at their 99th percentile, which the caption says; signals (guided backprop, deconvnet) stand in their own colours
 * around grey (zero) in place of the overlay; signed maps have zero in the middle of their colours.
 * @throws InputError when the values do not fit the shape, the shape not the kind, or an option is out of range.
 */
export function composeFigure(options: FigureOptions): Figure {
  assertFields("figure", options, FIGURE);
  const { image, title, subtitle, panels = FIGURE_PANELS, ...map } = options;
  const drawn = drawnMap(map);
  assertFits(options, image);
  const shown = shownSize(image.width, image.height);
  const picture = picturePixels(image, shown);
  const make: Readonly<Record<FigurePanel, () => Panel>> = {
    image: () => ({
      picture,
      caption: ["image", `as the network takes it, ${image.height}×${image.width}`],
    }),
    overlay: () => (isSignal(options.kind) ? signalPanel(options, drawn, shown) : over()),
    map: () => ({
      picture: mapPixels(drawn, shown),
      caption: [drawn.unit, drawn.note, ...caveatOf(drawn.colors)],
      bar: barOf(drawn),
    }),
  };
  const over = (): Panel => ({ picture: overlayPixels(drawn, picture, shown), caption: drawn.over });
  const unknown = panels.find((panel) => !FIGURE_PANELS.includes(panel));
  if (panels.length === 0 || unknown !== undefined) {
    throw new InputError(`figure: expected panels of ${FIGURE_PANELS.join(", ")}, got ${unknown ?? "none"}`);
  }
  return layOut({
    title,
    subtitle,
    panels: panels.map((panel) => make[panel]()),
  });
}

function signalPanel(options: MapOptions, { max, note }: DrawnMap, shown: Shown): Panel {
  return {
    picture: signalPixels(options, max, shown),
    caption: ["signal at the image, grey is zero", note],
    bar: greyBar(max),
  };
}

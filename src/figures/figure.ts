import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { enlargePixels, type Shown, shownSize } from "../images/enlarge.ts";
import type { Pixels } from "../images/pixels.ts";
import { layOut, type Panel } from "./layout.ts";
import { barOf, paintMap, paintOver, paintSignal, signalBar } from "./paint.ts";
import { assertFits, caveatOf, isSignal, SHADE, type Shade, type ShadeOptions, shadeOf } from "./shade.ts";

export type { FigureTechnique } from "./shade.ts";

/** The pictures that a figure can have: the image, the map over it (or the signal at it), the map alone. */
export const FIGURE_PANELS = ["image", "overlay", "map"] as const;

export type FigurePanel = (typeof FIGURE_PANELS)[number];

export interface FigureOptions extends ShadeOptions {
  /** What the network saw: as large as its input. */
  readonly image: Pixels;
  /** First line: what was asked. */
  readonly title: string;
  /** Second line: the network, the layer. */
  readonly subtitle?: string;
  /** Which pictures, in which order. Default: all. */
  readonly panels?: readonly FigurePanel[];
}

const FIGURE: Fields<FigureOptions> = {
  ...SHADE,
  image: "must",
  title: "must",
  subtitle: "may",
  panels: "may",
};

/**
 * Draws what a technique found: the image, the map over it, and the map alone with its colour bar. Gradients are clipped
 * at their 99th percentile, which the caption says. Guided backprop and deconvnet show their signal in colour around
 * grey (zero) in place of the overlay. Signed maps have zero in the middle of their colours.
 * @throws InputError when the values do not fit the shape, the shape not the technique, or an option is out of range.
 */
export function renderFigure(options: FigureOptions): Pixels {
  assertFields("figure", options, FIGURE);
  const { image, title, subtitle, panels = FIGURE_PANELS } = options;
  const shade = shadeOf(options);
  assertFits(options, image);
  const shown = shownSize(image.width, image.height);
  const picture = enlargePixels(image, shown);
  const make: Readonly<Record<FigurePanel, () => Panel>> = {
    image: () => ({
      picture,
      caption: ["image", `as the network takes it, ${image.height}×${image.width}`],
    }),
    overlay: () => (isSignal(options.technique) ? signalPanel(options, shade, shown) : over()),
    map: () => ({
      picture: paintMap(shade, shown),
      caption: [shade.unit, shade.note, ...caveatOf(shade.colors)],
      bar: barOf(shade),
    }),
  };
  const over = (): Panel => ({ picture: paintOver(shade, picture, shown), caption: shade.over });
  const unknown = panels.find((panel) => !FIGURE_PANELS.includes(panel));
  if (panels.length === 0 || unknown !== undefined) {
    throw new InputError(`figure: expected panels of ${FIGURE_PANELS.join(", ")}, got ${unknown ?? "none"}`);
  }
  return layOut({
    title,
    ...(subtitle === undefined ? {} : { subtitle }),
    panels: panels.map((panel) => make[panel]()),
  });
}

function signalPanel(options: ShadeOptions, { max, note }: Shade, shown: Shown): Panel {
  return {
    picture: paintSignal(options, max, shown),
    caption: ["signal at the image, grey is zero", note],
    bar: signalBar(max),
  };
}

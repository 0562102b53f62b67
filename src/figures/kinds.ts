/** The way in which a kind of map is drawn. */
export interface MapDrawing {
  /** The axes that its maps may have: [H, W, C] at the image's pixels, [h, w] at a layer's cells or the image's pixels. */
  readonly axes: readonly (2 | 3)[];
  /** The one value that a pixel's colours become: their largest magnitude or their sum. */
  readonly overColor: "max" | "sum";
  /** Condition under which zero lies in the middle of the colours: always, never, or where a value is negative. */
  readonly signed: "always" | "never" | "as found";
  /** The value at which the colours begin: zero (or as far below it as they end above), or the least value. */
  readonly from: "zero" | "least";
  /**
   * The percentile at which the colours end unless the caller says otherwise: 99 where a few pixels hold the largest values,
   * 100 (nothing clipped) elsewhere.
   */
  readonly clip: 99 | 100;
  /** True where a map of [h, w] cells, drawn as squares by itself, is smooth over the image. */
  readonly smooth: boolean;
  /** The share of the image that the strongest value hides. */
  readonly opacity: number;
  /** The picture at the image: the map over it, or the values as colours of their own around grey. */
  readonly overlay: "map" | "signal";
  /** The words for what a value is. */
  readonly unit: string;
  /** The words before those about clipping: none, the number of cells, or the range. */
  readonly caption: "clip" | "cells" | "range";
  /** The caption of a map of zeros. */
  readonly zero: string;
  /** The caption of the picture at the image. */
  readonly over: readonly string[];
}

const gradient = {
  axes: [3],
  overColor: "max",
  signed: "never",
  from: "zero",
  clip: 99,
  smooth: false,
  opacity: 0.85,
  overlay: "map",
  unit: "max over colour of |∂S/∂x|",
  caption: "clip",
  zero: "all zero: no pixel changes it",
  over: ["map over the image"],
} as const satisfies MapDrawing;

const cells = {
  axes: [2],
  overColor: "sum",
  signed: "as found",
  from: "zero",
  clip: 100,
  smooth: true,
  opacity: 0.65,
  overlay: "map",
  unit: "activation",
  caption: "cells",
  zero: "all zero",
  over: ["map over the image", "bilinear between the layer's cells"],
} as const satisfies MapDrawing;

const shares = {
  axes: [2, 3],
  overColor: "sum",
  signed: "always",
  from: "zero",
  clip: 99,
  smooth: false,
  opacity: 0.7,
  overlay: "map",
  unit: "share of the score",
  caption: "clip",
  zero: "all zero: no pixel changes it",
  over: ["map over the image", "red speaks for it, blue against it"],
} as const satisfies MapDrawing;

/** The kinds of maps, each with how it is drawn. */
export const MAP_DRAWINGS = {
  /** Slopes of the score at the image, [H, W, C]: saliency, SmoothGrad. */
  gradient,
  /** A signal that was sent back to the image, [H, W, C], itself a picture: guided backprop, deconvnet. */
  signal: { ...gradient, overlay: "signal", unit: "max over colour of |signal|" },
  /** A layer's maps weighed and added, [h, w]: Grad-CAM and its kin. */
  cam: {
    ...cells,
    unit: "ReLU(∑ weight × activation)",
    zero: "all zero: nothing in the layer speaks for it",
  },
  /** A channel of a layer, [h, w]. */
  activation: cells,
  /** The fall of the score where the image is covered, [H, W]. */
  occlusion: {
    ...shares,
    axes: [2],
    clip: 100,
    unit: "fall of the score where covered",
    caption: "range",
    zero: "all zero: covering changes nothing",
    over: ["map over the image", "red: covering hurts; blue: it helps"],
  },
  /** Signed shares that speak for or against what was asked, [H, W, C] or [H, W]: integrated gradients, LRP, LIME. */
  attribution: shares,
  /** Values that mean something by their differences only, [H, W]: RISE. */
  expectation: {
    ...cells,
    signed: "never",
    from: "least",
    smooth: false,
    unit: "expected score where shown",
    caption: "clip",
    over: ["map over the image"],
  },
} as const satisfies Readonly<Record<string, MapDrawing>>;

/** A kind of map: a technique says which kind it gives, and the kind decides how it is drawn. */
export type MapKind = keyof typeof MAP_DRAWINGS;

/** Names of the kinds of maps. */
export const MAP_KINDS = Object.keys(MAP_DRAWINGS) as readonly MapKind[];

/** The way in which a kind of map is drawn, by its name. */
export function drawingOf(kind: MapKind): MapDrawing {
  return MAP_DRAWINGS[kind];
}

import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { unpacked } from "../images/packed.ts";
import { assertWithin } from "../images/picture.ts";
import type { Pixels } from "../images/pixels.ts";
import { type Figure, PIXELATED, svgToDraw } from "./drawing.ts";
import { drawnCharacter } from "./lettering.ts";

export interface RasterizeOptions {
  /** Pixels of the picture per pixel of the figure, 1 to 8. Default 1. */
  readonly scale?: number | undefined;
  /**
   * More fonts, as the bytes of TrueType or OpenType files (no woff2), for characters that the built-in letters lack. Without
   * them such a character is drawn as □.
   */
  readonly fonts?: readonly Uint8Array[] | undefined;
  /**
   * The bytes of `@resvg/resvg-wasm/index_bg.wasm`, for a page that serves it by itself; read by the first call only. Default:
   * a module of this package, which is loaded when it is first needed.
   */
  readonly wasm?: Uint8Array | ArrayBuffer | undefined;
}

const RASTERIZE: Fields<RasterizeOptions> = { scale: "may", fonts: "may", wasm: "may" };

/** The side of the largest scale: a title is then as high as a poster's. */
const MOST_SCALE = 8;

/**
 * Draws a composed figure as pixels, with resvg and its own letters: the same bits on every machine, in Node and in browsers.
 * The first call loads the rasteriser (1.5 MB).
 * @throws InputError when a scale or a font is out of range, or the picture would be too large.
 */
export async function rasterize(figure: Figure, options: RasterizeOptions = {}): Promise<Pixels> {
  assertFields("rasterize", options, RASTERIZE);
  const { scale = 1, fonts = [], wasm } = options;
  if (!(scale >= 1 && scale <= MOST_SCALE)) {
    throw new InputError(`rasterize: expected a scale of 1 to ${MOST_SCALE}, got ${scale}`);
  }
  assertWithin(Math.ceil(figure.width * scale), Math.ceil(figure.height * scale), "rasterize: the picture");
  const { Resvg, letters } = await rasterizer(wasm);
  const document = svgToDraw(figure);
  const words = fonts.length > 0 ? document : withBoxes(document);
  const svg = words.replaceAll(PIXELATED, "");
  const drawing = new Resvg(svg, {
    font: { fontBuffers: [...letters, ...fonts], defaultFontFamily: "Inter", sansSerifFamily: "Inter" },
    fitTo: scale === 1 ? { mode: "original" } : { mode: "zoom", value: scale },
  });
  try {
    const image = drawing.render();
    try {
      return withoutAlpha(image);
    } finally {
      image.free();
    }
  } finally {
    drawing.free();
  }
}

interface Rasterizer {
  readonly Resvg: typeof import("@resvg/resvg-wasm").Resvg;
  readonly letters: readonly Uint8Array[];
}

let loaded: Promise<Rasterizer> | undefined;

/** The rasteriser, loaded once. A load that fails is tried again by the next call. */
function rasterizer(wasm: RasterizeOptions["wasm"]): Promise<Rasterizer> {
  loaded ??= load(wasm).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(wasm: RasterizeOptions["wasm"]): Promise<Rasterizer> {
  const { initWasm, Resvg, FONTS } = await import("./rasterizer-parts.ts");
  await initWasm(wasm ?? unpacked((await import("./rasterizer-wasm.ts")).default));
  return { Resvg, letters: FONTS.map(unpacked) };
}

/** A document whose texts have a box where the letters have no glyph, which would otherwise leave nothing. */
function withBoxes(svg: string): string {
  return svg.replace(/>([^<>]+)</g, (whole, text: string) =>
    text.trim() === "" ? whole : `>${[...text].map(drawnCharacter).join("")}<`,
  );
}

/** Opaque RGBA as RGB. */
function withoutAlpha(image: {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}): Pixels {
  const { width, height, pixels } = image;
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = pixels[from] ?? 0;
    data[to + 1] = pixels[from + 1] ?? 0;
    data[to + 2] = pixels[from + 2] ?? 0;
  }
  return { width, height, data };
}

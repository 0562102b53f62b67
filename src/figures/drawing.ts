import type { Pixels } from "../images/pixels.ts";
import { pngBytes } from "../images/png.ts";
import { type Weight, writtenText } from "./lettering.ts";

/** A composed figure: an SVG document with its pictures inside, and its size in pixels. The same input gives the same text. */
export interface Figure {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/**
 * A figure whose document is written when it is asked for: its pictures deflated in a file, as they stand where they are only
 * to be drawn.
 */
class ComposedFigure implements Figure {
  readonly width: number;
  readonly height: number;
  readonly #write: (deflated: boolean) => string;
  #svg: string | undefined;

  constructor(width: number, height: number, write: (deflated: boolean) => string) {
    this.width = width;
    this.height = height;
    this.#write = write;
  }

  get svg(): string {
    this.#svg ??= this.#write(true);
    return this.#svg;
  }

  /** The same document with larger pictures, which take no time to deflate and to inflate. */
  get quickSvg(): string {
    return this.#write(false);
  }
}

/** The document of a figure that is to be drawn at once and kept nowhere. */
export function svgToDraw(figure: Figure): string {
  return figure instanceof ComposedFigure ? figure.quickSvg : figure.svg;
}

/** R, G, B of 0…255. */
export type Color = readonly [number, number, number];

export interface TextStyle {
  readonly color: Color;
  /** The font's size, in pixels. */
  readonly size: number;
  /** The point of the text that x names: its left edge (the default), middle or right edge. */
  readonly align?: "left" | "center" | "right" | undefined;
  /** Default 400. */
  readonly weight?: Weight | undefined;
}

/** Pixels that are shown as they are or, enlarged, as squares. */
export interface PixelPicture extends Pixels {
  readonly squares?: boolean | undefined;
}

/** Inter, which the rasteriser has with it; elsewhere fonts that are no wider. */
const FAMILY = "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

/** The style that makes browsers show pixels as squares. resvg reads the attribute before it, and not this. */
export const PIXELATED = ' style="image-rendering:pixelated"';

const ANCHOR = { left: "", center: ' text-anchor="middle"', right: ' text-anchor="end"' } as const;

/** A drawing of elements one upon another, on white. Coordinates are whole pixels from the top left. */
export class Drawing {
  readonly width: number;
  readonly height: number;
  readonly #elements: ((deflated: boolean) => string)[] = [];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
  }

  /** Fills a rectangle. */
  rect(x: number, y: number, width: number, height: number, color: Color): void {
    this.#add(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${hex(color)}"/>`);
  }

  /** Draws a line around a rectangle, outside it. */
  frame(x: number, y: number, width: number, height: number, color: Color, line = 1): void {
    const outer = `M${x - line} ${y - line}h${width + 2 * line}v${height + 2 * line}h${-(width + 2 * line)}z`;
    const inner = `M${x} ${y}h${width}v${height}h${-width}z`;
    this.#add(`<path d="${outer}${inner}" fill="${hex(color)}" fill-rule="evenodd"/>`);
  }

  /** Draws a line through points, one pixel and a half thick unless another width is given. */
  path(points: readonly (readonly [x: number, y: number])[], color: Color, width = 1.5): void {
    const through = points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
    this.#add(
      `<polyline points="${through}" fill="none" stroke="${hex(color)}" stroke-width="${width}" stroke-linejoin="round"/>`,
    );
  }

  /** Places a picture: pixels, one to a pixel of the drawing, or another drawing, which is cut at its edges. */
  place(picture: PixelPicture | Drawing, x: number, y: number): void {
    const { width, height } = picture;
    const box = `x="${x}" y="${y}" width="${width}" height="${height}"`;
    if (picture instanceof Drawing) {
      const parts = [...picture.#elements];
      this.#elements.push((deflated) => `<svg ${box}>${parts.map((part) => part(deflated)).join("")}</svg>`);
      return;
    }
    const squares = picture.squares ? ` image-rendering="optimizeSpeed"${PIXELATED}` : "";
    // The document may be written after the caller has used his array again.
    const kept = { ...picture, data: picture.data.slice() };
    this.#elements.push((deflated) => {
      const png = pngBytes(kept, { deflated });
      return `<image ${box}${squares} xlink:href="data:image/png;base64,${base64(png)}"/>`;
    });
  }

  /** Writes a line of text whose baseline is at y. */
  text(text: string, x: number, y: number, { color, size, align = "left", weight = 400 }: TextStyle): void {
    const heavy = weight === 400 ? "" : ` font-weight="${weight}"`;
    this.#add(
      `<text x="${x}" y="${y}" font-size="${size}"${heavy}${ANCHOR[align]} fill="${hex(color)}">${escaped(text)}</text>`,
    );
  }

  /** The drawing as a document. */
  toFigure(title: string): Figure {
    const { width, height } = this;
    const parts = [...this.#elements];
    const head = [
      `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FAMILY}">`,
      ...(title === "" ? [] : [`<title>${escaped(title)}</title>`]),
      `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ];
    return new ComposedFigure(width, height, (deflated) =>
      [...head, ...parts.map((part) => part(deflated)), "</svg>\n"].join("\n"),
    );
  }

  #add(element: string): void {
    this.#elements.push(() => element);
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

const hex = (color: Color): string =>
  `#${color.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

const escaped = (text: string): string =>
  writtenText(text).replace(/[&<>]/g, (character) => ESCAPES[character] ?? character);

function base64(bytes: Uint8Array): string {
  let text = "";
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

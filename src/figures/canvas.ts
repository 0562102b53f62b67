import type { Pixels } from "../images/pixels.ts";
import { glyphOf } from "./glyphs.ts";

/** R, G, B of 0…255. */
export type Color = readonly [number, number, number];

export interface TextOptions {
  readonly color: Color;
  /** Height of a capital, in pixels. */
  readonly size: number;
  /** Where x is: the text's left edge (the default), middle or right edge. */
  readonly align?: "left" | "center" | "right";
  /** Thickness of the strokes relative to the capitals' height. Default 0.12. */
  readonly weight?: number;
}

/** Units of a capital's height, and of the room between two letters. */
const CAPITAL = 12;
const GAP = 3.2;

/** A picture to draw on: white at first. */
export class Canvas implements Pixels {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row. */
  readonly data: Uint8Array<ArrayBuffer>;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3).fill(255);
  }

  /** Paints a rectangle of whole pixels. */
  rect(x: number, y: number, width: number, height: number, [r, g, b]: Color): void {
    const [left, right] = [Math.max(0, x), Math.min(this.width, x + width)];
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      for (let at = 3 * (row * this.width + left); at < 3 * (row * this.width + right); at += 3) {
        this.data[at] = r;
        this.data[at + 1] = g;
        this.data[at + 2] = b;
      }
    }
  }

  /** Paints a frame one pixel wide around a rectangle, outside it. */
  frame(x: number, y: number, width: number, height: number, color: Color): void {
    this.rect(x - 1, y - 1, width + 2, 1, color);
    this.rect(x - 1, y + height, width + 2, 1, color);
    this.rect(x - 1, y, 1, height, color);
    this.rect(x + width, y, 1, height, color);
  }

  /** Copies a picture. */
  draw({ width, height, data }: Pixels, x: number, y: number): void {
    const [left, right] = [Math.max(0, x), Math.min(this.width, x + width)];
    if (left >= right) return;
    for (let row = Math.max(0, y); row < Math.min(this.height, y + height); row++) {
      const from = 3 * ((row - y) * width + left - x);
      this.data.set(data.subarray(from, from + 3 * (right - left)), 3 * (row * this.width + left));
    }
  }

  /** Writes a line of text whose baseline is at y. */
  text(
    text: string,
    x: number,
    y: number,
    { color, size, align = "left", weight = 0.12 }: TextOptions,
  ): void {
    const scale = size / CAPITAL;
    const shift = { left: 0, center: 0.5, right: 1 }[align] * textWidth(text, size);
    // Half a stroke of room, so that the first letter's edge is at x.
    let at = x - shift + (weight * size) / 2;
    for (const character of written(text)) {
      const { width, strokes } = glyphOf(character);
      for (const stroke of strokes) {
        this.#stroke(
          stroke.map(([u, v]) => [at + u * scale, y - v * scale]),
          weight * size,
          color,
        );
      }
      at += (width + GAP) * scale;
    }
  }

  #stroke(points: readonly (readonly [number, number])[], thickness: number, color: Color): void {
    const reach = thickness / 2 + 1;
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    const [left, right] = [Math.floor(Math.min(...xs) - reach), Math.ceil(Math.max(...xs) + reach)];
    const [top, bottom] = [Math.floor(Math.min(...ys) - reach), Math.ceil(Math.max(...ys) + reach)];
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const covered = thickness / 2 + 0.5 - distance(x + 0.5, y + 0.5, points);
        if (covered > 0) this.#blend(x, y, color, Math.min(1, covered));
      }
    }
  }

  #blend(x: number, y: number, color: Color, alpha: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = 3 * (y * this.width + x);
    for (const [channel, value] of color.entries()) {
      const below = this.data[at + channel] ?? 0;
      this.data[at + channel] = Math.round(below + alpha * (value - below));
    }
  }
}

/** How wide a line of text is, in pixels, when its capitals are `size` pixels high. */
export function textWidth(text: string, size: number): number {
  const characters = written(text);
  const units = characters.reduce((sum, character) => sum + glyphOf(character).width + GAP, 0);
  return Math.max(0, units - GAP) * (size / CAPITAL) + 0.12 * size;
}

/** The text, shortened by an ellipsis until it fits a width in pixels. */
export function fitText(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** A text in lines of a width in pixels, no more than `most`, the last shortened where it must be. */
export function wrapText(text: string, size: number, width: number, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || textWidth(longer, size) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== "") lines.push(line);
  const shown = lines.length > most ? [...lines.slice(0, most - 1), lines.slice(most - 1).join(" ")] : lines;
  return shown.map((each) => fitText(each, size, width));
}

/** Characters without their accents, which the lettering does not have. */
function written(text: string): string[] {
  return [...text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("—", "–").replaceAll("’", "'")];
}

function distance(x: number, y: number, points: readonly (readonly [number, number])[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < Math.max(1, points.length - 1); i++) {
    const [ax, ay] = points[i] ?? [0, 0];
    const [bx, by] = points[i + 1] ?? [ax, ay];
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
    least = Math.min(least, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return least;
}

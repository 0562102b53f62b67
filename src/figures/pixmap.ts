import type { Color, PixelPicture } from "./drawing.ts";

/** A picture of pixels to fill in: white at first. Its cells are squares at any size. */
export class Pixmap implements PixelPicture {
  readonly width: number;
  readonly height: number;
  /** RGB, row by row. */
  readonly data: Uint8Array<ArrayBuffer>;
  readonly squares = true;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3).fill(255);
  }

  /** Fills a rectangle; what lies outside the picture is cut. */
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

  /** Draws a line of one pixel around a rectangle, outside it. */
  frame(x: number, y: number, width: number, height: number, color: Color): void {
    this.rect(x - 1, y - 1, width + 2, 1, color);
    this.rect(x - 1, y + height, width + 2, 1, color);
    this.rect(x - 1, y, 1, height, color);
    this.rect(x + width, y, 1, height, color);
  }
}

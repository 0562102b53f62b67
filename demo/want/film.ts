import type { Pixels } from "../../src/index.ts";
import { imageData } from "../pixels.ts";
import { type Growing, pixelsOf } from "./growing.ts";

/** The most frames of a film; of more, every other one is let go. */
const MOST = 48;
/** Time of a frame, and of the last one, in ms. */
const DELAY = 80;
const REST = 1200;

/** How a picture came about, frame by frame. */
export class Film {
  #frames: Pixels[] = [];
  #every = 1;
  #seen = 0;

  get frames(): number {
    return this.#frames.length;
  }

  add(picture: Growing): void {
    if (this.#seen++ % this.#every !== 0) return;
    this.#frames.push(pixelsOf(picture));
    if (this.#frames.length <= MOST) return;
    this.#frames = this.#frames.filter((_, n) => n % 2 === 0);
    this.#every *= 2;
  }

  /** The film as a GIF, of the size of the picture that it ends with, each frame with 256 colors of its own. */
  async gif(last: Growing): Promise<Blob> {
    const { GIFEncoder, applyPalette, quantize } = await import("gifenc");
    const end = pixelsOf(last);
    const { width, height } = end;
    const gif = GIFEncoder();
    for (const frame of [...this.#frames, end]) {
      const rgba = drawnAt(frame, width, height);
      const palette = quantize(rgba, 256);
      const delay = frame === end ? REST : DELAY;
      gif.writeFrame(applyPalette(rgba, palette), width, height, { palette, delay });
    }
    gif.finish();
    return new Blob([gif.bytes().slice()], { type: "image/gif" });
  }
}

/** RGBA values of pixels at a size. */
function drawnAt(pixels: Pixels, width: number, height: number): Uint8ClampedArray {
  const own = new OffscreenCanvas(pixels.width, pixels.height);
  own.getContext("2d")?.putImageData(imageData(pixels), 0, 0);
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new Error("the browser gives no canvas to draw the film on");
  context.drawImage(own, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

import { InputError } from "../gpu/errors.ts";
import { assertPixels, type Pixels } from "../images/pixels.ts";
import { writeWhole } from "./write.ts";

/** GIF counts time in hundredths of a second. */
const UNIT = 10;

/**
 * Writes a film as a GIF that begins again after its last frame, each frame with 256 colors of its own.
 * @param delay time between frames in ms, rounded to hundredths of a second.
 * @throws InputError when there is no frame, or frames differ in size.
 */
export async function writeGif(path: string, frames: readonly Pixels[], delay: number): Promise<void> {
  const [first] = frames;
  if (!first) throw new InputError(`GIF "${path}": expected at least one frame, got none`);
  const { width, height } = first;
  const module = await import("gifenc");
  const { GIFEncoder, applyPalette, quantize } = module.quantize === undefined ? module.default : module;
  const gif = GIFEncoder();
  for (const frame of frames) {
    assertPixels(frame);
    if (frame.width !== width || frame.height !== height) {
      throw new InputError(
        `GIF "${path}": expected frames of ${height}×${width}, got ${frame.height}×${frame.width}`,
      );
    }
    const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
    for (let i = 0; i < width * height; i++) rgba.set(frame.data.subarray(3 * i, 3 * i + 3), 4 * i);
    const palette = quantize(rgba, 256);
    gif.writeFrame(applyPalette(rgba, palette), width, height, {
      palette,
      delay: UNIT * Math.round(delay / UNIT),
    });
  }
  gif.finish();
  await writeWhole(path, gif.bytes(), "film");
}

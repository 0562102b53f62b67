import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build, type Owner } from "../../gpu/scope.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { createNormalImages } from "../../kernels/ascent.ts";
import type { AscentImage, ImageKind, ImageSite } from "./image.ts";

export interface PixelOptions {
  /** Unit of the pixels: "unit" is 0…1, "input" the network's own. Default "unit". */
  readonly range?: ImageKind["range"] | undefined;
  /**
   * Pixels that an ascent begins with, in that unit: one number, one a channel, a picture [H, W, C] for all images, or one for
   * each [images, H, W, C]. Default: the middle of "unit", 0.5; the zero of "input".
   */
  readonly start?: number | ArrayLike<number> | undefined;
  /** Standard deviation of the normal noise that is added to the start. Default 0. */
  readonly noise?: number | undefined;
}

const PIXELS: Fields<PixelOptions> = { range: ["unit", "input"], start: "may", noise: "may" };

/**
 * Images whose parameters are their pixels.
 * @throws InputError when an option is out of range; when it is put to an ascent, where the start has another size.
 * @example
 * pixelImage({ noise: 0.01 }); // grey with a little noise, drawn by the ascent's seed
 * pixelImage({ range: "input", start: 0 });
 */
export function pixelImage(options: PixelOptions = {}): ImageKind {
  assertFields("pixelImage", options, PIXELS);
  const { range = "unit", noise = 0 } = options;
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new InputError(`pixelImage: expected a noise of at least 0, got ${noise}`);
  }
  const start = startOf(options.start ?? (range === "unit" ? 0.5 : 0));
  return { name: "pixels", range, create: (site) => createPixelImage(site, start, noise) };
}

function startOf(start: number | ArrayLike<number>): Float32Array {
  const values = Float32Array.from(typeof start === "number" ? [start] : start);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new InputError(`pixelImage: expected a start of finite numbers, got ${values[wrong]}`);
  return values;
}

function createPixelImage(
  { device, images, shape, numbers, seed }: ImageSite,
  start: Float32Array,
  noise: number,
): Promise<AscentImage & Owner> {
  const size = sizeOf(shape);
  const lengths = [1, shape[2], size, size * images];
  if (!lengths.includes(start.length)) {
    throw new InputError(
      `pixelImage: expected a start of ${[...new Set(lengths)].join(", ")} numbers (one, one a channel, a picture of ${shape.join("×")}, one for each image), got ${start.length}`,
    );
  }
  return build(device, "pixel image", async ({ tensor, command }) => {
    const pixels = tensor([images, ...shape], { label: "ascent pixels" });
    const pixelGradient = tensor([images, ...shape], { label: "ascent pixel gradient" });
    const mean = tensor([start.length], { data: start, label: "ascent start" });
    const begin = await command(createNormalImages(device, { numbers, mean, x: pixels, sd: noise, seed }));
    return {
      parameters: { ...pixels, shape: [images, size] },
      gradient: { ...pixelGradient, shape: [images, size] },
      pixels,
      pixelGradient,
      start: (encoder) => recordCommands(encoder, [begin]),
      draw() {},
      back() {},
    };
  });
}

import { InputError } from "../../gpu/errors.ts";
import { gaussianBlur } from "../../images/blur.ts";
import { assertQuality, throughJpeg } from "../../images/jpeg.ts";
import { assertMedian, medianFilter } from "../../images/median.ts";
import { assertPixels, type Pixels } from "../../images/pixels.ts";

/** A change of a picture before the network sees it, which is to undo an attack. */
export interface Defence {
  /** For tables: "JPEG 75". */
  readonly name: string;
  /** @throws InputError for what is no picture. */
  apply(pixels: Pixels): Promise<Pixels>;
}

function defence(name: string, apply: (pixels: Pixels) => Pixels | Promise<Pixels>): Defence {
  return {
    name,
    async apply(pixels) {
      assertPixels(pixels);
      return apply(pixels);
    },
  };
}

/**
 * Through a JPEG file of a quality, 1 to 100 (Dziugaite et al. 2016). The codec is WebAssembly: the same bits everywhere.
 * @throws InputError for a quality out of range.
 */
export function jpegDefence(quality = 75): Defence {
  assertQuality(quality);
  return defence(`JPEG ${quality}`, (pixels) => throughJpeg(pixels, quality));
}

/**
 * Blurred by a Gaussian of a standard deviation in pixels, cut at three of them and normalised at the edges, rounded to 8 bits.
 * @throws InputError unless it is above 0.
 */
export function blurDefence(sigma = 1): Defence {
  if (!(sigma > 0 && sigma <= 100)) {
    throw new InputError(`blur: expected a standard deviation above 0 and up to 100 pixels, got ${sigma}`);
  }
  return defence(`blur ${sigma}`, ({ width, height, data }) => ({
    ...{ width, height },
    data: Uint8ClampedArray.from(gaussianBlur(Float32Array.from(data), [height, width, 3], sigma)),
  }));
}

/**
 * Fewer bits a value, 1 to 7: round(x·(2ᵇ − 1))/(2ᵇ − 1) of x in 0…1 (Xu et al. 2018, arXiv:1704.01155).
 * @throws InputError for a number of bits out of range.
 */
export function bitDepthDefence(bits = 4): Defence {
  if (!Number.isInteger(bits) || bits < 1 || bits > 7) {
    throw new InputError(`bit depth: expected 1 to 7 bits, got ${bits}`);
  }
  const most = 2 ** bits - 1;
  return defence(`${bits} ${bits === 1 ? "bit" : "bits"}`, ({ width, height, data }) => ({
    ...{ width, height },
    data: Uint8ClampedArray.from(data, (value) => (Math.round((value / 255) * most) / most) * 255),
  }));
}

/**
 * The median of a window of so many pixels a side, channel by channel (Xu et al. 2018, arXiv:1704.01155).
 * @throws InputError for a side out of range.
 */
export function medianDefence(size = 3): Defence {
  assertMedian(size);
  return defence(`median ${size}`, (pixels) => medianFilter(pixels, size));
}

/** The defences that a table shows unless told otherwise. */
export function usualDefences(): readonly Defence[] {
  return [jpegDefence(), blurDefence(), bitDepthDefence(), medianDefence()];
}

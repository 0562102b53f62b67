import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { all, withScope } from "../../gpu/scope.ts";
import { formatShape, readTensor, type Shape, sizeOf } from "../../gpu/tensor.ts";
import { assertPixels, type Pixels } from "../../images/pixels.ts";
import { resample } from "../../images/resample.ts";
import { createRfft2, spectrumShape } from "../../kernels/fft.ts";
import { createAddMagnitudes } from "../../kernels/parametrisation.ts";
import { type ColorSpace, decorrelated } from "./color.ts";
import { frequenciesOf } from "./spectrum.ts";

/** Magnitudes of the frequencies of pictures. */
export interface Magnitude {
  /** `[H, ⌊W/2⌋ + 1, C]`: frequencies in the order of `rfft2`, then channels. */
  readonly shape: Shape;
  readonly data: Float32Array;
  /** Width W of the pictures. Default: the even one of the two that the shape may mean. */
  readonly width?: number | undefined;
}

/** @throws InputError when what an untyped caller gave is no magnitude of so many channels. */
export function assertMagnitude(who: string, magnitude: Magnitude): void {
  const { shape, data, width } = (magnitude ?? {}) as Partial<Magnitude>;
  if (!Array.isArray(shape) || !(data instanceof Float32Array)) {
    throw new InputError(
      `${who}: expected a magnitude { shape, data: Float32Array }, got ${describe(magnitude)}`,
    );
  }
  if (shape.length !== 3 || sizeOf(shape) === 0 || data.length !== sizeOf(shape)) {
    throw new InputError(
      `${who}: expected a magnitude of shape H×(⌊W/2⌋+1)×C with as many numbers, got ${formatShape(shape)} with ${data.length}; spectrumOf() makes one`,
    );
  }
  if (width !== undefined && Math.floor(width / 2) + 1 !== shape[1]) {
    throw new InputError(
      `${who}: expected a magnitude of width ${2 * shape[1] - 2} or ${2 * shape[1] - 1}, as its shape ${formatShape(shape)} means, got ${width}`,
    );
  }
  const wrong = data.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (wrong >= 0 || data.every((value) => value === 0)) {
    throw new InputError(
      `${who}: expected magnitudes of at least 0, some above it, got ${wrong < 0 ? "zeros only" : data[wrong]}`,
    );
  }
}

/**
 * Magnitudes of another size: each frequency, in cycles a pixel, gets the mean of the four that are nearest to it, weighted
 * bilinearly; and each keeps its value where the size is the same.
 */
export function resizeMagnitude(
  { shape: [fromH = 1, fromHalf = 1, channels = 1], data, width: fromW = 2 * fromHalf - 2 }: Magnitude,
  height: number,
  width: number,
): Float32Array {
  const half = Math.floor(width / 2) + 1;
  const out = new Float32Array(height * half * channels);
  // Beyond the last row come the lowest frequencies again, which are the negative ones.
  const at = (row: number, column: number, channel: number): number =>
    data[((row % fromH) * fromHalf + Math.min(column, fromHalf - 1)) * channels + channel] ?? 0;
  for (let row = 0; row < height; row++) {
    const y = (row / height) * fromH;
    const top = Math.floor(y);
    for (let column = 0; column < half; column++) {
      const x = (column / width) * fromW;
      const left = Math.floor(x);
      for (let channel = 0; channel < channels; channel++) {
        const upper = at(top, left, channel) * (1 - x + left) + at(top, left + 1, channel) * (x - left);
        const lower =
          at(top + 1, left, channel) * (1 - x + left) + at(top + 1, left + 1, channel) * (x - left);
        out[(row * half + column) * channels + channel] = upper * (1 - y + top) + lower * (y - top);
      }
    }
  }
  return out;
}

/** Slope of magnitude over frequency, as a power, by band of cycles a pixel, in three decorrelated channels of photographs. */
const BANDS: readonly (readonly [to: number, powers: readonly [number, number, number]])[] = [
  [0.02, [1.22, 1.28, 1.26]],
  [0.06, [1.37, 1.37, 1.32]],
  [0.15, [1.57, 1.66, 1.52]],
  [0.3, [2.2, 2.5, 2.3]],
  [Number.POSITIVE_INFINITY, [6.5, 7.1, 6.9]],
];
/** Magnitudes of the channels beside one another. */
const CHANNELS = [1, 1.07, 0.67] as const;

/** Lowest frequency of the spectrum that the law was fitted to, in cycles a pixel, where channels are compared. */
const LOWEST = 1 / 512;

/** Magnitude of a frequency in one channel by the law, in a unit of its own. */
function lawOf(frequency: number, channel: number): number {
  let [value, from] = [CHANNELS[channel] ?? 0, LOWEST];
  for (const [to, powers] of BANDS) {
    const end = Math.min(to, frequency);
    value *= (end / from) ** -(powers[channel] ?? 0);
    if (frequency <= to) break;
    from = to;
  }
  return value;
}

/**
 * Magnitudes of photographs by a law, `[H, ⌊W/2⌋ + 1, 3]`: powers of the frequency, band by band, without steps between them,
 * fitted to the mean spectrum of ImageNet that comes with MACO. Frequency zero counts as the lowest that the picture has. The
 * unit is such that pictures of these magnitudes have the mean square 1.
 */
export function naturalMagnitude(height: number, width: number): Float32Array {
  const half = Math.floor(width / 2) + 1;
  let power = 0;
  const law = Array.from(frequenciesOf(height, width), (frequency, index) => {
    const column = index % half;
    const copies = column === 0 || 2 * column === width ? 1 : 2;
    const values = CHANNELS.map((_, channel) => lawOf(frequency, channel));
    for (const value of values) power += (copies * value ** 2) / CHANNELS.length;
    return values;
  });
  const scale = (height * width) / Math.sqrt(power);
  return Float32Array.from(law.flat(), (value) => scale * value);
}

export interface SpectrumOptions {
  /** Height and width that pictures are resized to, at most 2048 each. Default 224×224. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Default "decorrelated", as MACO needs it. */
  readonly color?: ColorSpace | undefined;
  readonly signal?: AbortSignal | undefined;
}

const SPECTRUM: Fields<SpectrumOptions> = { size: "may", color: ["decorrelated", "rgb"], signal: "may" };

/**
 * Mean magnitude of the spectra of pictures: of each, resized (not cut) to one size, 0…1, its colors decorrelated, |rfft2|. This
 * is what MACO holds fixed.
 * @returns `[H, ⌊W/2⌋ + 1, 3]`, whose unit is that of an unscaled transform; MACO's pixels do not depend on it.
 * @throws InputError when there is no picture or the size is none; the signal's reason.
 * @example
 * const magnitude = await spectrumOf(device, pictures, { size: [224, 224] });
 * macoImage({ magnitude });
 */
export async function spectrumOf(
  device: GPUDevice,
  pictures: Iterable<Pixels> | AsyncIterable<Pixels>,
  options: SpectrumOptions = {},
): Promise<Magnitude> {
  assertFields("spectrumOf", options, SPECTRUM);
  const { size: [height, width] = [224, 224], color = "decorrelated", signal } = options;
  if (![height, width].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InputError(`spectrumOf: expected a size of at least 1×1, got ${height}×${width}`);
  }
  return withScope(device, "spectrum of pictures", async ({ tensor, command }) => {
    const x = tensor([1, height, width, 3]);
    const y = tensor(spectrumShape(x.shape));
    const shape = y.shape.slice(1, 4);
    const sum = tensor(shape);
    const commands = await all([
      command(createRfft2(device, { x, y })),
      command(createAddMagnitudes(device, { x: y, sum, parts: 2, weight: 1 })),
    ]);
    let count = 0;
    for await (const picture of pictures) {
      signal?.throwIfAborted();
      assertPixels(picture);
      const region = { left: 0, top: 0, width, height };
      const values = resample(picture, { width, height, region }).map((value) => value / 255);
      const data = color === "decorrelated" ? decorrelated(values) : values;
      device.queue.writeBuffer(x.buffer, 0, data);
      const encoder = device.createCommandEncoder();
      recordCommands(encoder, commands);
      device.queue.submit([encoder.finish()]);
      count++;
    }
    if (count === 0) throw new InputError("spectrumOf: expected at least one picture, got none");
    const data = (await readTensor(device, sum)).map((value) => value / count);
    return { shape, data, width };
  });
}

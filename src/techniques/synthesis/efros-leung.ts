import { type Command, recordCommands } from "../../gpu/command.ts";
import { assertDevice, whileAlive } from "../../gpu/device.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { withScope } from "../../gpu/scope.ts";
import { readTensor, type Tensor } from "../../gpu/tensor.ts";
import { assertPixels, type Pixels } from "../../images/pixels.ts";
import { valuesOf } from "../../images/zoom.ts";
import { createTextureGrowth } from "../../kernels/texture-growth.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { Draws } from "../../sampling/draws.ts";
import { seedOf } from "../../sampling/seed.ts";
import { pictureTechnique } from "./picture-technique.ts";

export interface EfrosLeungOptions extends LoopOptions {
  /** Height and width of the texture. Default: twice the sample's. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Side of the windows that are compared, an odd number from 3. Default 11, or the sample's shorter side. */
  readonly window?: number | undefined;
  /**
   * Share of the least distance by which a window may be worse than the best and still be drawn, 0 to 1 in thousandths. Default
   * 0.1.
   */
  readonly errorThreshold?: number | undefined;
  /**
   * The mean squared difference, of values 0…1, at which a pixel is left for a later round. It grows by a tenth whenever a round
   * filled nothing. Default 0.3.
   */
  readonly maxErrorThreshold?: number | undefined;
  /** A whole number of 0 to 2³² − 1; the same seed gives the same texture on every device. Default 0. */
  readonly seed?: number | undefined;
}

/** A texture that was grown from a sample. */
export interface GrownTexture {
  readonly pixels: Pixels;
  /** Rounds in which the filled part grew by up to a pixel on every side. */
  readonly rounds: number;
}

const WHO = "Efros–Leung";

const FIELDS: Fields<EfrosLeungOptions> = {
  ...LOOP,
  ...{ size: "may", window: "may", errorThreshold: "may", maxErrorThreshold: "may", seed: "may" },
};

/** Side of the piece of the sample that a texture begins with. */
const START = 3;
/** The largest squared difference of two colours. */
const FARTHEST = 3 * 255 ** 2;
const MOST_SIDE = 61;
const MOST_PIXELS = 2 ** 22;
/** Pixels that are filled in one submit: so few that a page stays alive. */
const AT_ONCE = 32;

/**
 * Texture synthesis by non-parametric sampling (Efros & Leung 1999): a texture grows from a piece of 3×3 pixels of the sample, pixel by
 * pixel. Each is the centre of a window of the sample whose surroundings look like its own, weighted by a Gaussian of σ = window / 6.4,
 * drawn among those nearly as good as the best. Pixels next to the filled part come in rounds ("onion skin"), within a round those with
 * the most filled neighbours first, else in random order.
 *
 * No network is asked. The search runs on the GPU in whole numbers, so the same seed gives the same texture on every device. Which
 * pixels a round filled is read back after the round.
 * @throws InputError when the sample is smaller than the window, or an option is out of range.
 * @example
 * ```ts
 * import { efrosLeung } from "vitrine/synthesis";
 *
 * const { pixels } = await efrosLeung(device, picture, { size: [8, 8] });
 * ```
 */
export async function efrosLeung(
  device: GPUDevice,
  sample: Pixels,
  options: EfrosLeungOptions = {},
): Promise<GrownTexture> {
  assertDevice("efrosLeung", device);
  assertPixels(sample);
  assertFields(WHO, options, FIELDS);
  const settings = settingsOf(sample, options);
  const { height, width, side, tolerance, seed } = settings;
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  return withScope(device, WHO, async ({ tensor, command }) => {
    const words = (shape: readonly number[], label: string, data?: Uint32Array): Tensor<"u32"> =>
      tensor(shape, { dtype: "u32", label: `${WHO} ${label}`, ...(data ? { data } : {}) });
    const begun = beginning(sample, settings);
    const texture = words([height, width], "texture", begun);
    const queue = words([height * width], "queue");
    const cursor = words([1], "cursor");
    const round = words([2], "round");
    const grow = await command(
      createTextureGrowth(device, {
        ...{ sample: words([sample.height, sample.width], "sample", packed(sample)), texture },
        ...{
          weights: words([side, side], "weights", weightsOf(side)),
          queue,
          cursor,
          round,
          tolerance,
          seed,
        },
      }),
    );
    let known = begun;
    let farthest = settings.farthest;
    let rounds = 0;
    let filled = countOf(known);
    while (filled < known.length) {
      const next = nextPixels(known, settings, new Draws(seed, rounds));
      const limit = Math.min(FARTHEST + 1, Math.ceil(farthest * FARTHEST));
      device.queue.writeBuffer(queue.buffer, 0, next);
      device.queue.writeBuffer(round.buffer, 0, Uint32Array.of(rounds, limit));
      device.queue.writeBuffer(cursor.buffer, 0, Uint32Array.of(0));
      for (let first = 0; first < next.length; first += AT_ONCE) {
        submitTimes(device, grow, Math.min(AT_ONCE, next.length - first));
        await whileAlive(device, WHO, device.queue.onSubmittedWorkDone());
        signal?.throwIfAborted();
        onProgress?.(Math.min(1, (filled + first) / known.length));
      }
      known = (await readTensor(device, texture)) as Uint32Array<ArrayBuffer>;
      const now = countOf(known);
      // In the end even opposite colours are near enough.
      if (now === filled) farthest *= 1.1;
      filled = now;
      rounds++;
    }
    onProgress?.(1);
    return { pixels: unpacked(known, settings), rounds };
  });
}

interface Settings {
  readonly height: number;
  readonly width: number;
  readonly side: number;
  /** In thousandths. */
  readonly tolerance: number;
  /** Mean squared difference, 0…1. */
  readonly farthest: number;
  readonly seed: number;
}

function settingsOf(
  sample: Pixels,
  { size, window, errorThreshold = 0.1, maxErrorThreshold = 0.3, seed }: EfrosLeungOptions,
): Settings {
  const shorter = Math.min(sample.height, sample.width);
  if (shorter < START) {
    throw new InputError(
      `${WHO}: expected a sample of at least ${START}×${START} pixels, got ${sample.width}×${sample.height}`,
    );
  }
  const side = window ?? Math.min(11, shorter - (shorter % 2 === 0 ? 1 : 0));
  if (!Number.isInteger(side) || side % 2 !== 1 || side < START || side > MOST_SIDE) {
    throw new InputError(
      `${WHO}: expected a window of an odd side from 3 to ${MOST_SIDE}, got ${describe(side)}`,
    );
  }
  if (side > shorter) {
    throw new InputError(
      `${WHO}: expected a sample of at least the window's ${side}×${side} pixels, got ${sample.width}×${sample.height}`,
    );
  }
  const [height, width] = size ?? [2 * sample.height, 2 * sample.width];
  if (
    ![height, width].every((axis) => Number.isInteger(axis) && axis >= START) ||
    height * width > MOST_PIXELS
  ) {
    throw new InputError(
      `${WHO}: expected a size of at least 3×3 and at most ${MOST_PIXELS} pixels, got ${width}×${height}`,
    );
  }
  if (!(errorThreshold >= 0 && errorThreshold <= 1)) {
    throw new InputError(`${WHO}: expected an errorThreshold of 0 to 1, got ${describe(errorThreshold)}`);
  }
  if (!(maxErrorThreshold > 0 && maxErrorThreshold <= 1)) {
    throw new InputError(
      `${WHO}: expected a maxErrorThreshold above 0 and up to 1, got ${describe(maxErrorThreshold)}`,
    );
  }
  const tolerance = Math.round(1000 * errorThreshold);
  return { height, width, side, tolerance, farthest: maxErrorThreshold, seed: seedOf(seed, WHO) };
}

/** Weights of a window as whole numbers: as fine as 32 bits allow for the largest sum of squares. */
function weightsOf(side: number): Uint32Array {
  const sigma = side / 6.4;
  const middle = (side - 1) / 2;
  const gaussian = Float64Array.from({ length: side * side }, (_, k) =>
    Math.exp(-((Math.floor(k / side) - middle) ** 2 + ((k % side) - middle) ** 2) / (2 * sigma ** 2)),
  );
  const total = gaussian.reduce((sum, weight) => sum + weight, 0);
  // Rounding may add half a unit a place.
  const unit = Math.floor((2 ** 32 / FARTHEST - side * side) / total);
  return Uint32Array.from(gaussian, (weight) => Math.round(unit * weight));
}

const KNOWN = 0xff000000;

function countOf(texture: Uint32Array): number {
  return texture.reduce((count, word) => count + Number(word >= KNOWN), 0);
}

function wordAt({ data, width }: Pixels, row: number, column: number): number {
  const at = 3 * (row * width + column);
  return (data[at] ?? 0) + 256 * (data[at + 1] ?? 0) + 65536 * (data[at + 2] ?? 0);
}

function packed(sample: Pixels): Uint32Array<ArrayBuffer> {
  const { height, width } = sample;
  return Uint32Array.from({ length: height * width }, (_, i) =>
    wordAt(sample, Math.floor(i / width), i % width),
  );
}

function unpacked(texture: Uint32Array, { height, width }: Settings): Pixels {
  const data = new Uint8ClampedArray(texture.length * 3);
  for (const [i, word] of texture.entries()) {
    for (let c = 0; c < 3; c++) data[3 * i + c] = (word >>> (8 * c)) & 255;
  }
  return { width, height, data };
}

/** A texture with nothing but 3×3 pixels of the sample, drawn at random, in its middle. */
function beginning(sample: Pixels, { height, width, seed }: Settings): Uint32Array<ArrayBuffer> {
  const draws = new Draws(seed, 2 ** 32 - 1);
  const from = [draws.below(sample.height - START + 1), draws.below(sample.width - START + 1)] as const;
  const to = [Math.floor((height - START) / 2), Math.floor((width - START) / 2)] as const;
  const texture = new Uint32Array(height * width);
  for (let row = 0; row < START; row++) {
    for (let column = 0; column < START; column++) {
      texture[(to[0] + row) * width + to[1] + column] =
        KNOWN + wordAt(sample, from[0] + row, from[1] + column);
    }
  }
  return texture;
}

/** Unknown pixels beside known ones: shuffled, then those with the most known of their eight neighbours first. */
function nextPixels(
  texture: Uint32Array,
  { height, width }: Settings,
  draws: Draws,
): Uint32Array<ArrayBuffer> {
  const neighbours = (pixel: number): number => {
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    let count = 0;
    for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
        count += Number((texture[y * width + x] ?? 0) >= KNOWN);
      }
    }
    return count;
  };
  const found: { readonly pixel: number; readonly count: number }[] = [];
  for (const [pixel, word] of texture.entries()) {
    const count = word >= KNOWN ? 0 : neighbours(pixel);
    if (count > 0) found.push({ pixel, count });
  }
  for (let i = found.length - 1; i > 0; i--) {
    const j = draws.below(i + 1);
    const [a, b] = [found[i], found[j]];
    if (a && b) [found[i], found[j]] = [b, a];
  }
  return Uint32Array.from(
    found.sort((a, b) => b.count - a.count),
    ({ pixel }) => pixel,
  );
}

function submitTimes(device: GPUDevice, command: Command, times: number): void {
  const encoder = device.createCommandEncoder({ label: WHO });
  recordCommands(
    encoder,
    Array.from({ length: times }, () => command),
  );
  device.queue.submit([encoder.finish()]);
}

export const EFROS_LEUNG = pictureTechnique({
  name: "efros-leung",
  title: "Texture pixel by pixel",
  paper: { authors: "Efros & Leung", year: 1999, doi: "10.1109/ICCV.1999.790383" },
  summary:
    "A texture in which each pixel is one of a picture's whose surroundings look alike; no network is asked",
  asks: ["picture"],
  command: "texture",
  options: {
    window: {
      type: { kind: "whole", from: START, to: MOST_SIDE },
      otherwise: "11, or what the picture allows",
      help: "Side of the windows that are compared, an odd number: about the size of what repeats.",
    },
  },
  async run({ device }, { picture }, { onPicture: _, ...options }) {
    const { width, height } = picture;
    const { pixels } = await efrosLeung(device, picture, { ...options, size: [height, width] });
    return [{ name: "texture", ...valuesOf(pixels) }];
  },
});

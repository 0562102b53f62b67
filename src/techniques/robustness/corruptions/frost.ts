import { InputError } from "../../../gpu/errors.ts";
import { boxResize } from "../../../images/box.ts";
import type { Pixels } from "../../../images/pixels.ts";
import { resizePixels } from "../../../images/resample.ts";
import { cutToBits } from "./bits.ts";
import type { CorruptionSite } from "./corruption.ts";
import { drawsOf, type Size, smoothed, type Unit } from "./fields.ts";
import { plasma } from "./plasma.ts";

const STREAM = 0xf40;
/** How much larger than the picture the program takes its frost for CIFAR before it makes it smaller. */
const CIFAR_SCALE = 5;

/** Frost on the lens: a·picture + b·frost, of frost that is grown here, or of the pictures of frost that are given. */
export async function frost(site: CorruptionSite): Promise<Pixels> {
  const { pixels, constants, set, seed, frosts } = site;
  const { width, height, data } = pixels;
  const [own = 1, other = 0] = constants;
  const unit = drawsOf(seed, STREAM);
  const scale = set === "cifar" ? CIFAR_SCALE : 1;
  const given = frosts?.[Math.floor(unit() * frosts.length)];
  const layer = given
    ? cutAtRandom(given, [height * scale, width * scale], unit)
    : grown([height * scale, width * scale], seed, unit);
  const ice = boxResize(layer, width, height).data;
  return cutToBits(
    Float64Array.from(data, (value, i) => (own * value + other * (ice[i] ?? 0)) / 255),
    width,
    height,
  );
}

/** A rectangle of a picture at a random place; a picture that is smaller is made larger first. */
function cutAtRandom(picture: Pixels, [height, width]: Size, unit: Unit): Pixels {
  if (picture.width < 1 || picture.height < 1)
    throw new InputError("frost: expected pictures, got an empty one");
  const factor = Math.max(1, height / picture.height, width / picture.width);
  const whole =
    factor === 1
      ? picture
      : resizePixels(
          picture,
          Math.max(width, Math.round(picture.width * factor)),
          Math.max(height, Math.round(picture.height * factor)),
        );
  const top = Math.floor(unit() * (whole.height - height + 1));
  const left = Math.floor(unit() * (whole.width - width + 1));
  const data = new Uint8ClampedArray(3 * width * height);
  for (let row = 0; row < height; row++) {
    const start = 3 * ((top + row) * whole.width + left);
    data.set(whole.data.subarray(start, start + 3 * width), 3 * row * width);
  }
  return { width, height, data };
}

/** Pixels for each crystal that begins to grow. */
const PIXELS_PER_CRYSTAL = 1100;

/** Ice: a pale cloud, over which crystals of six arms grow, whose branches leave at 60°. */
function grown([height, width]: Size, seed: number, unit: Unit): Pixels {
  const size = [height, width] as const;
  let side = 64;
  while (side < Math.max(width, height)) side *= 2;
  const cloud = plasma(side, 2, seed);
  const lines = new Float64Array(width * height);
  const count = Math.max(2, Math.round((width * height) / PIXELS_PER_CRYSTAL));
  for (let n = 0; n < count; n++) {
    const place = [unit() * height, unit() * width] as const;
    const [angle, bend] = [2 * Math.PI * unit(), (unit() - 0.5) * 0.02];
    const [length, bright] = [20 + 70 * unit() ** 2, 0.35 + 0.65 * unit()];
    for (let arm = 0; arm < 6; arm++) {
      const own = length * (0.4 + 0.6 * unit());
      branch(lines, size, { place, angle: angle + (arm * Math.PI) / 3, bend, length: own, bright }, 0, unit);
    }
  }
  const soft = smoothed(lines, size, { sigma: 0.7, truncate: 4, border: "nearest" });
  const glow = smoothed(lines, size, { sigma: 4, truncate: 3, border: "nearest" });
  const data = new Uint8ClampedArray(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const haze = cloud[Math.floor(i / width) * side + (i % width)] ?? 0;
    const ice = 0.2 + 0.4 * haze + 0.75 * (soft[i] ?? 0) + 0.5 * (glow[i] ?? 0);
    for (const [c, tint] of [0.88, 0.95, 1].entries()) data[3 * i + c] = 255 * Math.min(1, ice) * tint;
  }
  return { width, height, data };
}

interface Branch {
  readonly place: readonly [row: number, column: number];
  readonly angle: number;
  /** Radians a pixel. */
  readonly bend: number;
  readonly length: number;
  readonly bright: number;
}

const STEP = 0.6;

/** Draws a branch that tapers, and those that leave it. */
function branch(lines: Float64Array, [height, width]: Size, from: Branch, depth: number, unit: Unit): void {
  let [row, column] = from.place;
  let { angle } = from;
  let next = 3 + 3 * unit();
  for (let gone = 0; gone < from.length; gone += STEP) {
    const [y, x] = [Math.floor(row), Math.floor(column)];
    const bright = from.bright * (1 - 0.7 * (gone / from.length));
    if (y >= 0 && y < height && x >= 0 && x < width) {
      lines[y * width + x] = Math.max(lines[y * width + x] ?? 0, bright);
    }
    if (depth < 2 && gone >= next) {
      next += (depth === 0 ? 3 : 2.5) + 3 * unit();
      const length = (from.length - gone) * (0.25 + 0.35 * unit());
      for (const side of [-1, 1]) {
        const turned = angle + (side * Math.PI) / 3;
        const child = { place: [row, column] as const, angle: turned, bend: from.bend, length };
        if (length > 2) branch(lines, [height, width], { ...child, bright: 0.8 * bright }, depth + 1, unit);
      }
    }
    angle += from.bend * STEP;
    row += STEP * Math.sin(angle);
    column += STEP * Math.cos(angle);
  }
}

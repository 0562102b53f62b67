import { boxResize } from "../../../images/box.ts";
import { throughJpeg } from "../../../images/jpeg.ts";
import { named } from "../../named.ts";
import { defocus, gaussian, motion } from "./blurs.ts";
import type { Corruption, Severities } from "./corruption.ts";
import { elastic } from "./elastic.ts";
import { frost } from "./frost.ts";
import { glass } from "./glass.ts";
import { snow } from "./snow.ts";
import { spatter } from "./spatter.ts";
import { corruptValues, fog } from "./values.ts";
import { zoom } from "./zoom.ts";

/** Constants of kinds that have one. */
function ones(...values: readonly [number, number, number, number, number]): Severities {
  const [first, second, third, fourth, fifth] = values;
  return [[first], [second], [third], [fourth], [fifth]];
}

/** Constants that are given as shares of a side. */
function scaled(side: number, severities: Severities): Severities {
  const of = (shares: readonly number[]): number[] => shares.map((share) => share * side);
  const [first, second, third, fourth, fifth] = severities;
  return [of(first), of(second), of(third), of(fourth), of(fifth)];
}

/** The kinds of corruption, in the paper's order; the constants are those of its program. */
export const CORRUPTIONS: readonly Corruption[] = [
  {
    ...{ name: "gaussian-noise", title: "Gaussian noise", apply: corruptValues("gaussian noise") },
    sets: { imagenet: ones(0.08, 0.12, 0.18, 0.26, 0.38), cifar: ones(0.04, 0.06, 0.08, 0.09, 0.1) },
  },
  {
    ...{ name: "shot-noise", title: "shot noise", apply: corruptValues("shot noise") },
    sets: { imagenet: ones(60, 25, 12, 5, 3), cifar: ones(500, 250, 100, 75, 50) },
  },
  {
    ...{ name: "impulse-noise", title: "impulse noise", apply: corruptValues("impulse noise") },
    sets: { imagenet: ones(0.03, 0.06, 0.09, 0.17, 0.27), cifar: ones(0.01, 0.02, 0.03, 0.05, 0.07) },
  },
  {
    ...{ name: "defocus-blur", title: "defocus blur", apply: defocus },
    sets: {
      imagenet: [
        [3, 0.1],
        [4, 0.5],
        [6, 0.5],
        [8, 0.5],
        [10, 0.5],
      ],
      cifar: [
        [0.3, 0.4],
        [0.4, 0.5],
        [0.5, 0.6],
        [1, 0.2],
        [1.5, 0.1],
      ],
    },
  },
  {
    ...{ name: "glass-blur", title: "glass blur", apply: glass },
    deviation:
      "a pixel is copied from one near it, not swapped, and never from the full distance right or below: so does the paper's program, against its word",
    sets: {
      imagenet: [
        [0.7, 1, 2],
        [0.9, 2, 1],
        [1, 2, 3],
        [1.1, 3, 2],
        [1.5, 4, 2],
      ],
      cifar: [
        [0.05, 1, 1],
        [0.25, 1, 1],
        [0.4, 1, 1],
        [0.25, 1, 2],
        [0.4, 1, 2],
      ],
    },
  },
  {
    ...{ name: "motion-blur", title: "motion blur", apply: motion },
    deviation: "sums shifted copies, as imagecorruptions does, where the paper's program calls ImageMagick",
    sets: {
      imagenet: [
        [10, 3],
        [15, 5],
        [15, 8],
        [15, 12],
        [20, 15],
      ],
      cifar: [
        [6, 1],
        [6, 1.5],
        [6, 2],
        [8, 2],
        [9, 2.5],
      ],
    },
  },
  {
    ...{ name: "zoom-blur", title: "zoom blur", apply: zoom },
    sets: {
      imagenet: [
        [1.11, 0.01],
        [1.16, 0.01],
        [1.21, 0.02],
        [1.26, 0.02],
        [1.31, 0.03],
      ],
      cifar: [
        [1.06, 0.01],
        [1.11, 0.01],
        [1.16, 0.01],
        [1.21, 0.01],
        [1.26, 0.01],
      ],
    },
  },
  {
    ...{ name: "snow", title: "snow", apply: snow },
    deviation:
      "flakes are blurred by sums of shifted copies, as imagecorruptions does, where the paper's program calls ImageMagick",
    sets: {
      imagenet: [
        [0.1, 0.3, 3, 0.5, 10, 4, 0.8],
        [0.2, 0.3, 2, 0.5, 12, 4, 0.7],
        [0.55, 0.3, 4, 0.9, 12, 8, 0.7],
        [0.55, 0.3, 4.5, 0.85, 12, 8, 0.65],
        [0.55, 0.3, 2.5, 0.85, 12, 12, 0.55],
      ],
      cifar: [
        [0.1, 0.2, 1, 0.6, 8, 3, 0.95],
        [0.1, 0.2, 1, 0.5, 10, 4, 0.9],
        [0.15, 0.3, 1.75, 0.55, 10, 4, 0.9],
        [0.25, 0.3, 2.25, 0.6, 12, 6, 0.85],
        [0.3, 0.3, 1.25, 0.65, 14, 12, 0.8],
      ],
    },
  },
  {
    ...{ name: "frost", title: "frost", apply: frost },
    deviation: "the ice is grown by a program, where the paper has five photographs of ice",
    sets: {
      imagenet: [
        [1, 0.4],
        [0.8, 0.6],
        [0.7, 0.7],
        [0.65, 0.7],
        [0.6, 0.75],
      ],
      cifar: [
        [1, 0.2],
        [1, 0.3],
        [0.9, 0.4],
        [0.85, 0.4],
        [0.75, 0.45],
      ],
    },
  },
  {
    ...{ name: "fog", title: "fog", apply: fog },
    deviation: "the random plane is drawn by another generator than NumPy's",
    sets: {
      imagenet: [
        [1.5, 2],
        [2, 2],
        [2.5, 1.7],
        [2.5, 1.5],
        [3, 1.4],
      ],
      cifar: [
        [0.2, 3],
        [0.5, 3],
        [0.75, 2.5],
        [1, 2],
        [1.5, 1.75],
      ],
    },
  },
  {
    ...{ name: "brightness", title: "brightness", apply: corruptValues("brightness") },
    sets: { imagenet: ones(0.1, 0.2, 0.3, 0.4, 0.5), cifar: ones(0.05, 0.1, 0.15, 0.2, 0.3) },
  },
  {
    ...{ name: "contrast", title: "contrast", apply: corruptValues("contrast") },
    sets: { imagenet: ones(0.4, 0.3, 0.2, 0.1, 0.05), cifar: ones(0.75, 0.5, 0.4, 0.3, 0.15) },
  },
  {
    ...{ name: "elastic", title: "elastic", apply: elastic },
    deviation: "samples between pixels exactly, where OpenCV rounds to 1/32 of a pixel",
    sets: {
      imagenet: scaled(244, [
        [2, 0.7, 0.1],
        [2, 0.08, 0.2],
        [0.05, 0.01, 0.02],
        [0.07, 0.01, 0.02],
        [0.12, 0.01, 0.02],
      ]),
      cifar: scaled(32, [
        [0, 0, 0.08],
        [0.05, 0.2, 0.07],
        [0.08, 0.06, 0.06],
        [0.1, 0.04, 0.05],
        [0.1, 0.03, 0.03],
      ]),
    },
  },
  {
    ...{ name: "pixelate", title: "pixelate" },
    sets: { imagenet: ones(0.6, 0.5, 0.4, 0.3, 0.25), cifar: ones(0.95, 0.9, 0.85, 0.75, 0.65) },
    apply: async ({ pixels, constants: [share = 1] }) => {
      const least = (side: number): number => Math.max(1, Math.trunc(side * share));
      const { width, height } = pixels;
      return boxResize(boxResize(pixels, least(width), least(height)), width, height);
    },
  },
  {
    ...{ name: "jpeg", title: "JPEG" },
    deviation: "the encoder is MozJPEG, where the paper's program uses Pillow's",
    sets: { imagenet: ones(25, 18, 15, 10, 7), cifar: ones(80, 65, 58, 50, 40) },
    apply: ({ pixels, constants: [quality = 0] }) => throughJpeg(pixels, quality),
  },
  {
    ...{ name: "speckle-noise", title: "speckle noise", extra: true, apply: corruptValues("speckle noise") },
    sets: { imagenet: ones(0.15, 0.2, 0.35, 0.45, 0.6), cifar: ones(0.06, 0.1, 0.12, 0.16, 0.2) },
  },
  {
    ...{ name: "gaussian-blur", title: "Gaussian blur", extra: true, apply: gaussian },
    sets: { imagenet: ones(1, 2, 3, 4, 6), cifar: ones(0.4, 0.6, 0.7, 0.8, 1) },
  },
  {
    ...{ name: "spatter", title: "spatter", extra: true, apply: spatter },
    sets: {
      imagenet: [
        [0.65, 0.3, 4, 0.69, 0.6, 0],
        [0.65, 0.3, 3, 0.68, 0.6, 0],
        [0.65, 0.3, 2, 0.68, 0.5, 0],
        [0.65, 0.3, 1, 0.65, 1.5, 1],
        [0.67, 0.4, 1, 0.65, 1.5, 1],
      ],
      cifar: [
        [0.62, 0.1, 0.7, 0.7, 0.5, 0],
        [0.65, 0.1, 0.8, 0.7, 0.5, 0],
        [0.65, 0.3, 1, 0.69, 0.5, 0],
        [0.65, 0.1, 0.7, 0.69, 0.6, 1],
        [0.65, 0.1, 0.5, 0.68, 0.6, 1],
      ],
    },
  },
  {
    ...{ name: "saturate", title: "saturate", extra: true, apply: corruptValues("saturate") },
    sets: {
      imagenet: [
        [0.3, 0],
        [0.1, 0],
        [2, 0],
        [5, 0.1],
        [20, 0.2],
      ],
      cifar: [
        [0.3, 0],
        [0.1, 0],
        [1.5, 0],
        [2, 0.1],
        [2.5, 0.2],
      ],
    },
  },
];

/** The kind of corruption of a name. @throws InputError that lists the names. */
export function corruptionNamed(name: string): Corruption {
  return named("corruption", CORRUPTIONS, name);
}

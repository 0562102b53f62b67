import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { type Config, show } from "../json.ts";
import type { Converter, LayerBody } from "./converter.ts";

/** Numbers of rows and columns at the sides of an image: ((top, bottom), (left, right)), or shorter where they are alike. */
export function sidesOf(config: Config, key: string, fallback: number) {
  const value = config.raw[key] ?? fallback;
  const pairs = typeof value === "number" ? [value, value] : Array.isArray(value) ? value : [];
  const [vertical, horizontal] = pairs.map((side: unknown) => (Array.isArray(side) ? side : [side, side]));
  const sides: readonly unknown[] = [...(vertical ?? []), ...(horizontal ?? [])];
  const [top, bottom, left, right, ...rest] = sides.filter(
    (side): side is number => typeof side === "number" && Number.isInteger(side) && side >= 0,
  );
  if (
    top === undefined ||
    bottom === undefined ||
    left === undefined ||
    right === undefined ||
    rest.length > 0 ||
    sides.length !== 4 ||
    pairs.length !== 2
  ) {
    throw new ModelError(
      `${config.who}: expected ${key} as ((top, bottom), (left, right)), got ${show(value)}`,
    );
  }
  return { top, bottom, left, right };
}

/** A part of an image: rows and columns from a corner on. */
const part = (top: number, left: number, size: readonly [number, number, number]): LayerBody => ({
  op: "slice",
  starts: [top, left, 0],
  sizes: size,
});

export const cropping: Converter = ({ config, shapes: [x] }) => {
  const [, h = 0, w = 0, c = 0] = x;
  const { top, bottom, left, right } = sidesOf(config, "cropping", 0);
  if (x.length !== 4 || h <= top + bottom || w <= left + right) {
    throw new ModelError(
      `${config.who}: expected an image of more than ${top + bottom}×${left + right}, got ${x.slice(1, 3).join("×")}`,
    );
  }
  return part(top, left, [h - top - bottom, w - left - right, c]);
};

/** The middle of an image; nothing, of an image that has the size. */
export const centerCrop: Converter = ({ config, shapes: [x] }) => {
  const [, h = 0, w = 0, c = 0] = x;
  const [height, width] = [config.number("height", Number.NaN), config.number("width", Number.NaN)];
  if (h === height && w === width) return { op: "reshape" };
  if (!(h >= height && w >= width)) {
    throw new UnsupportedError(
      `${config.who}: expected an image of at least ${height}×${width}, got ${h}×${w}; run the network at a larger size`,
    );
  }
  return part(Math.floor((h - height) / 2), Math.floor((w - width) / 2), [height, width, c]);
};

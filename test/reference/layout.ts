import { asNhwc } from "../../src/gpu/tensor.ts";
import type { UpsampleLayer } from "../../src/layers/upsample.ts";
import { type Array64, at, fill } from "./array.ts";

/** Concatenation of [N, H, W, C] arrays along an axis. */
export function concat(axis: number, parts: readonly Array64[]): Array64 {
  const length = parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0);
  const shape = (parts[0]?.shape ?? []).map((size, i) => (i === axis ? length : size));
  return fill(shape, (...index) => {
    let place = index[axis] ?? 0;
    for (const part of parts) {
      const size = part.shape[axis] ?? 0;
      if (place < size) {
        const [n, v, u, c] = index.map((value, i) => (i === axis ? place : value));
        return at(part, n ?? 0, v ?? 0, u ?? 0, c ?? 0) ?? Number.NaN;
      }
      place -= size;
    }
    return Number.NaN;
  });
}

export function upsample({ factor: [fy, fx], mode, coordinates }: UpsampleLayer, x: Array64): Array64 {
  const [n, height, width, channels] = asNhwc(x.shape);
  const inside = (value: number, length: number): number => Math.min(Math.max(value, 0), length - 1);
  return fill([n, height * fy, width * fx, channels], (image, v, u, c) => {
    const pixel = (row: number, column: number): number =>
      at(x, image, inside(row, height), inside(column, width), c) ?? Number.NaN;
    if (mode === "nearest") return pixel(Math.floor(v / fy), Math.floor(u / fx));
    // Places beyond the border are clamped; i / factor never is above or left of it.
    const [row, column] =
      coordinates === "asymmetric" ? [v / fy, u / fx] : [(v + 0.5) / fy - 0.5, (u + 0.5) / fx - 0.5];
    const [top, left] = [Math.floor(row), Math.floor(column)];
    const [down, across] = [row - top, column - left];
    return (
      (1 - down) * ((1 - across) * pixel(top, left) + across * pixel(top, left + 1)) +
      down * ((1 - across) * pixel(top + 1, left) + across * pixel(top + 1, left + 1))
    );
  });
}

import type { Limits } from "../limits.ts";
import type { Entry, Rate, Results, Row } from "../result.ts";
import { legend, styleOf } from "./names.ts";
import { axisNumber, dot, line, logScale, path, svg, text, twice } from "./svg.ts";
import { percent, short } from "./table.ts";

const WIDE = { width: 1100, height: 460, left: 64 };
const NARROW = { width: 350, height: 330, left: 40 };
const RIGHT = 20;
const BOTTOM = 44;

interface Point {
  readonly row: Row;
  readonly entry: Entry;
  readonly rate: Rate;
  /** Operations a byte. */
  readonly intensity: number;
}

/** Every case by its operations a byte, beneath the roof that the device's limits make. */
export function rooflinePlot({ rows, limits }: Results): string {
  const points = rows.flatMap((row) =>
    row.entries.flatMap((entry): Point[] =>
      entry.rate && row.work.flops > 0
        ? [{ row, entry, rate: entry.rate, intensity: row.work.flops / row.work.bytes }]
        : [],
    ),
  );
  if (points.length === 0) return "";
  const key = legend(rows, ["ours", "peer", "variant"]);
  return `${key}${twice(plot(points, limits, WIDE), plot(points, limits, NARROW))}`;
}

function plot(points: readonly Point[], limits: Limits, { width, height, left: start }: typeof WIDE): string {
  const ridge = limits.f32 / limits.copy;
  const narrow = width === NARROW.width;
  const x = logScale(
    [ridge / 2, ridge * 2, ...points.map(({ intensity }) => intensity)],
    [start, width - RIGHT],
    axisNumber,
    narrow ? 5 : 7,
  );
  const y = logScale(
    [limits.f32, ...points.map(({ rate }) => rate.gflops)],
    [height - BOTTOM, 20],
    axisNumber,
  );
  const [left, right] = [x.invert(start), x.invert(width - RIGHT)];
  const floor = y.invert(height - BOTTOM);
  const first = Math.max(left, floor / limits.copy);
  const roof = [
    [x(first), y(first * limits.copy)],
    [x(ridge), y(limits.f32)],
    [x(right), y(limits.f32)],
  ] as const;
  return svg(
    width,
    height,
    "Roofline",
    ...x.ticks.flatMap(({ value, label }) => [
      line(x(value), 20, x(value), height - BOTTOM, "grid"),
      text(x(value), height - BOTTOM + 18, label, "tick", "middle"),
    ]),
    ...y.ticks.flatMap(({ value, label }) => [
      line(start, y(value), width - RIGHT, y(value), "grid"),
      text(start - 8, y(value) + 4, label, "tick", "end"),
    ]),
    text(width - RIGHT, height - 8, "operations a byte", "axis", "end"),
    text(start, 12, "GFLOP/s", "axis"),
    path(roof, "roof"),
    text(x(right) - 6, y(limits.f32) + 16, `multiply-add ${short(limits.f32)} GFLOP/s`, "axis", "end"),
    ...points.map(({ row, entry, rate, intensity }) =>
      dot(
        x(intensity),
        y(rate.gflops),
        styleOf(entry),
        `${entry.name}: ${short(rate.gflops)} GFLOP/s, ${percent(rate.share)} of the limit\n${row.title}, ${row.size}`,
      ),
    ),
  );
}

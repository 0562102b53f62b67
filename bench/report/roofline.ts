import type { Results } from "../result.ts";
import { legend, styleOf } from "./names.ts";
import { axisNumber, dot, line, logScale, path, svg, text } from "./svg.ts";
import { percent, short } from "./table.ts";

const WIDTH = 860;
const HEIGHT = 420;
const LEFT = 64;
const BOTTOM = 44;

/** Every case by its operations a byte, beneath the roof that the device's limits make. */
export function rooflinePlot({ rows, limits }: Results): string {
  const points = rows.flatMap((row) =>
    row.entries.flatMap((entry) =>
      entry.rate && row.work.flops > 0
        ? [{ row, entry, rate: entry.rate, intensity: row.work.flops / row.work.bytes }]
        : [],
    ),
  );
  if (points.length === 0) return "";
  const ridge = limits.f32 / limits.copy;
  const x = logScale(
    [ridge / 2, ridge * 2, ...points.map(({ intensity }) => intensity)],
    [LEFT, WIDTH - 20],
    axisNumber,
  );
  const y = logScale(
    [limits.f32, ...points.map(({ rate }) => rate.gflops)],
    [HEIGHT - BOTTOM, 20],
    axisNumber,
  );
  const [left, right] = [x.invert(LEFT), x.invert(WIDTH - 20)];
  const floor = y.invert(HEIGHT - BOTTOM);
  const start = Math.max(left, floor / limits.copy);
  const roof = [
    [x(start), y(start * limits.copy)],
    [x(ridge), y(limits.f32)],
    [x(right), y(limits.f32)],
  ] as const;
  return `${legend(rows, ["ours", "peer", "variant"])}${svg(
    WIDTH,
    HEIGHT,
    "Roofline",
    ...x.ticks.flatMap(({ value, label }) => [
      line(x(value), 20, x(value), HEIGHT - BOTTOM, "grid"),
      text(x(value), HEIGHT - BOTTOM + 18, label, "tick", "middle"),
    ]),
    ...y.ticks.flatMap(({ value, label }) => [
      line(LEFT, y(value), WIDTH - 20, y(value), "grid"),
      text(LEFT - 8, y(value) + 4, label, "tick", "end"),
    ]),
    text(WIDTH - 20, HEIGHT - 8, "operations a byte", "axis", "end"),
    text(LEFT, 12, "GFLOP/s", "axis"),
    path(roof, "roof"),
    text(x(right) - 6, y(limits.f32) - 7, `multiply-add ${short(limits.f32)} GFLOP/s`, "axis", "end"),
    ...points.map(({ row, entry, rate, intensity }) =>
      dot(
        x(intensity),
        y(rate.gflops),
        styleOf(entry),
        `${entry.name}: ${short(rate.gflops)} GFLOP/s, ${percent(rate.share)} of the limit\n${row.title}, ${row.size}`,
      ),
    ),
  )}`;
}

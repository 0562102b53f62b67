import type { Row } from "../result.ts";
import { legend, styleOf } from "./names.ts";
import { axisNumber, dot, line, logScale, svg, text, twice } from "./svg.ts";
import { short } from "./table.ts";

const TOP = 26;
/** Names to the left where there is room, above the marks where there is none. */
const WIDE = { width: 1100, names: 400, step: 22, right: 24 };
const NARROW = { width: 350, names: 0, step: 36, right: 8 };

/** Plot of each contender's time over ours, case by case, with its spread. */
export function ratioPlot(rows: readonly Row[]): string {
  const shown = rows.filter(({ entries }) => entries.some(({ timed }) => timed?.ratio));
  if (shown.length === 0) return "";
  return `${legend(shown, ["peer", "variant"])}${twice(plot(shown, WIDE), plot(shown, NARROW))}`;
}

function plot(shown: readonly Row[], { width, names, step, right }: typeof WIDE): string {
  const ratios = shown.flatMap(({ entries }) => entries.flatMap(({ timed }) => timed?.ratio ?? []));
  const left = names || 8;
  const x = logScale(
    [1, ...ratios.flatMap(({ p10, p90 }) => [p10, p90])],
    [left, width - right],
    (value) => `${axisNumber(value)}×`,
    names ? undefined : 4,
  );
  const height = TOP + step * shown.length + 6;
  const grid = x.ticks.flatMap(({ value, label }) => [
    line(x(value), TOP - 6, x(value), height, value === 1 ? "even" : "grid"),
    text(x(value), 14, label, "tick", x(value) > width - 24 ? "end" : x(value) < 24 ? "start" : "middle"),
  ]);
  const marks = shown.flatMap((row, index) => {
    const y = TOP + step * (index + (names ? 0.5 : 0.72));
    return [
      names ? text(names - 14, y + 4, row.title, "name", "end") : text(left, y - 11, row.title, "name"),
      ...row.entries.flatMap((entry) => {
        const ratio = entry.timed?.ratio;
        if (!ratio) return [];
        const style = styleOf(entry);
        const tip = `${entry.name}: ${short(ratio.median)}× our time (${short(ratio.p10)} to ${short(ratio.p90)})\n${row.title}, ${row.size}`;
        return [
          line(x(ratio.p10), y, x(ratio.p90), y, `spread ${style}`),
          dot(x(ratio.median), y, style, tip),
        ];
      }),
    ];
  });
  return svg(width, height, "Time of the others over ours", ...grid, ...marks);
}

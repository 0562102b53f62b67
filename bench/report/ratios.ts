import type { Row } from "../result.ts";
import { legend, styleOf } from "./names.ts";
import { axisNumber, dot, line, logScale, svg, text } from "./svg.ts";
import { short } from "./table.ts";

const WIDTH = 860;
const NAMES = 300;
const LINE = 22;
const TOP = 26;

/** How many times longer each of the others took than ours, case by case, with its spread. */
export function ratioPlot(rows: readonly Row[]): string {
  const shown = rows.filter(({ entries }) => entries.some(({ timed }) => timed?.ratio));
  if (shown.length === 0) return "";
  const ratios = shown.flatMap(({ entries }) => entries.flatMap(({ timed }) => timed?.ratio ?? []));
  const x = logScale(
    [1, ...ratios.flatMap(({ p10, p90 }) => [p10, p90])],
    [NAMES, WIDTH - 24],
    (value) => `${axisNumber(value)}×`,
  );
  const height = TOP + LINE * shown.length + 6;
  const grid = x.ticks.flatMap(({ value, label }) => [
    line(x(value), TOP - 6, x(value), height, value === 1 ? "even" : "grid"),
    text(x(value), 14, label, "tick", "middle"),
  ]);
  const marks = shown.flatMap((row, index) => {
    const y = TOP + LINE * (index + 0.5);
    return [
      text(NAMES - 14, y + 4, row.title, "name", "end"),
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
  return `${legend(shown, ["peer", "variant"])}${svg(WIDTH, height, "Time of the others over ours", ...grid, ...marks)}`;
}

import { type Entry, type Row, timeOf } from "../result.ts";
import { legend, styleOf } from "./names.ts";
import { axisNumber, dot, escapeText, line, logScale, path, svg, text } from "./svg.ts";
import { short } from "./table.ts";

const WIDTH = 350;
const HEIGHT = 260;
const LEFT = 56;
const BOTTOM = 40;

/** Plots of time over size, one for each series. */
export function growthPlots(rows: readonly Row[]): string {
  const series = new Map<string, Row[]>();
  for (const row of rows) {
    if (!row.growth || !row.entries.some(({ timed }) => timed)) continue;
    series.set(row.growth.series, [...(series.get(row.growth.series) ?? []), row]);
  }
  const plots = [...series].map(
    ([name, members]) => `<figure><figcaption>${escapeText(name)}</figcaption>${plot(members)}</figure>`,
  );
  return plots.length === 0
    ? ""
    : `${legend([...series.values()].flat(), ["ours", "peer", "variant"])}<div class="plots">${plots.join("")}</div>`;
}

function plot(rows: readonly Row[]): string {
  const points = rows.flatMap((row) =>
    row.entries.flatMap((entry) =>
      entry.timed && row.growth
        ? [{ row, entry, at: row.growth.at, ms: timeOf(row, entry.timed).median }]
        : [],
    ),
  );
  const x = logScale(
    points.map(({ at }) => at),
    [LEFT, WIDTH - 16],
    axisNumber,
  );
  const y = logScale(
    points.map(({ ms }) => ms),
    [HEIGHT - BOTTOM, 24],
    axisNumber,
  );
  const names = [...new Set(points.map(({ entry }) => entry.name))];
  const style = (name: string): string => {
    const found: Entry | undefined = points.find(({ entry }) => entry.name === name)?.entry;
    return found ? styleOf(found) : "variant";
  };
  return svg(
    WIDTH,
    HEIGHT,
    "Time over size",
    ...x.ticks.flatMap(({ value, label }) => [
      line(x(value), 24, x(value), HEIGHT - BOTTOM, "grid"),
      text(x(value), HEIGHT - BOTTOM + 18, label, "tick", "middle"),
    ]),
    ...y.ticks.flatMap(({ value, label }) => [
      line(LEFT, y(value), WIDTH - 16, y(value), "grid"),
      text(LEFT - 8, y(value) + 4, label, "tick", "end"),
    ]),
    text(WIDTH - 16, HEIGHT - 4, rows[0]?.growth?.axis ?? "", "axis", "end"),
    text(LEFT, 14, "ms", "axis"),
    ...names.map((name) =>
      path(
        points.filter(({ entry }) => entry.name === name).map(({ at, ms }) => [x(at), y(ms)] as const),
        `course ${style(name)}`,
      ),
    ),
    ...points.map(({ row, entry, at, ms }) =>
      dot(x(at), y(ms), styleOf(entry), `${entry.name}: ${short(ms)} ms\n${row.title}, ${row.size}`),
    ),
  );
}

import { figures, svg } from "./dom.ts";

const [WIDTH, HEIGHT, FOOT] = [320, 110, 18];

/** How often a unit had each value; heights are logarithmic, so that rare ones are seen. */
export function histogram({
  range: [least, largest],
  counts,
}: {
  readonly range: readonly [number, number];
  readonly counts: readonly number[];
}): SVGElement {
  const most = Math.log1p(Math.max(...counts));
  const width = WIDTH / counts.length;
  const bars = counts.map((count, i) => {
    const height = most > 0 ? (Math.log1p(count) / most) * (HEIGHT - FOOT) : 0;
    return svg(
      "rect",
      { x: i * width + 0.5, y: HEIGHT - FOOT - height, width: Math.max(1, width - 1), height },
      svg("title", {}, `${figures(least + ((largest - least) * i) / counts.length)} and more: ${count}`),
    );
  });
  return svg(
    "svg",
    {
      class: "histogram",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": "histogram, logarithmic",
    },
    ...bars,
    svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - FOOT + 0.5, y2: HEIGHT - FOOT + 0.5 }),
    svg("text", { x: 0, y: HEIGHT - 4 }, figures(least)),
    svg("text", { x: WIDTH, y: HEIGHT - 4, "text-anchor": "end" }, figures(largest)),
  );
}

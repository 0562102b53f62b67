import { figure, svg } from "../dom.ts";

const WIDTH = 176;
const HEIGHT = 64;

/** Plots what was climbed over the steps, from its least value to its largest, with numbers at both ends. */
export function curvePlot(curve: ArrayLike<number>): SVGElement {
  const values = Array.from(curve);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = most - least || 1;
  const path = values
    .map((value, i) => {
      const x = 1 + ((WIDTH - 2) * i) / Math.max(1, values.length - 1);
      const y = HEIGHT - 2 - ((HEIGHT - 14) * (value - least)) / span;
      return `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
  const words = `What it climbed by, over ${values.length} steps: from ${figure(values[0] ?? 0)} to ${figure(values.at(-1) ?? 0)}, ${figure(least)} at the least and ${figure(most)} at the most`;
  const element = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words });
  const title = svg("title", {});
  title.textContent = words;
  const top = svg("text", { x: 2, y: 8 });
  top.textContent = figure(most);
  const end = svg("text", { x: WIDTH - 2, y: 8, "text-anchor": "end" });
  end.textContent = `${values.length} steps`;
  element.append(
    title,
    svg("path", { class: "axis", d: `M1 ${HEIGHT - 1}H${WIDTH - 1}` }),
    svg("path", { class: "climb", d: path }),
    top,
    end,
  );
  return element;
}

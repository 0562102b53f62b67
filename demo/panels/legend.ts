import { type ColorMapName, colorMap } from "../../src/figures.ts";
import { figure, h } from "../dom.ts";

/** A colour bar with its numbers. */
export interface Legend {
  readonly element: HTMLElement;
  /**
   * @param hidden share of the scale, counted from zero, that is not drawn.
   * @param middle what stands between the numbers of an unsigned scale. Default: the unit.
   */
  set(options: {
    map: ColorMapName;
    min: number;
    max: number;
    unit: string;
    hidden?: number;
    middle?: string;
  }): void;
}

export function legend(): Legend {
  const ramp = h("div", { class: "ramp" });
  const ticks = h("div", { class: "ticks" });
  const element = h("div", { class: "legend" }, ramp, ticks);
  return {
    element,
    set({ map, min, max, unit, hidden = 0, middle = unit }) {
      const table = colorMap(map);
      const stops = Array.from({ length: 33 }, (_, i) => {
        const at = 3 * Math.round((i / 32) * 255);
        return `rgb(${table[at]},${table[at + 1]},${table[at + 2]})`;
      });
      ramp.style.backgroundImage = `linear-gradient(to right, ${stops.join(",")})`;
      const signed = min < 0 && max === -min;
      const gap = h("i", {});
      gap.style.left = signed ? `${50 - 50 * hidden}%` : "0";
      gap.style.width = signed ? `${100 * hidden}%` : `${100 * hidden}%`;
      ramp.replaceChildren(...(hidden > 0 ? [gap] : []));
      ticks.replaceChildren(
        h("span", {}, figure(min)),
        h("span", {}, signed ? "0" : middle),
        h("span", {}, signed ? figure(max).replace(/^(?!−)/, "+") : figure(max)),
      );
      element.title = unit;
      element.setAttribute("role", "img");
      element.setAttribute("aria-label", `Colours from ${figure(min)} to ${figure(max)}, ${unit}`);
    },
  };
}

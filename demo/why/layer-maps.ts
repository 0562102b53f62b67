import { figure, h } from "../dom.ts";
import { select } from "../state/selection.ts";
import type { InputPixel } from "../subjects.ts";
import type { WhyAnswers } from "./answers.ts";
import { type MapTile, mapTile } from "./map-tile.ts";

/** Grad-CAM at every layer with pixels, along the network. A press selects the layer, and its maps are the ones weighed. */
export function layerMapsView(answers: WhyAnswers): {
  readonly element: HTMLElement;
  draw(): void;
  point(at: InputPixel | undefined): void;
} {
  const { store } = answers;
  const row = h("div", { class: "tiles", role: "group", "aria-label": "Grad-CAM along the network" });
  const element = h("div", { class: "along hidden" }, row);
  const tiles = new Map<string, { tile: MapTile; name: HTMLElement; box: HTMLElement }>();
  return {
    element,
    draw() {
      const all = answers.layerMaps;
      element.classList.toggle("hidden", all.length === 0);
      const weighed = store.state.weighs ?? answers.layers.at(-1);
      for (const { request, about, answer, ends, progress } of all) {
        const { layer = "" } = request;
        let known = tiles.get(layer);
        if (!known) {
          const tile = mapTile(answers, layer, () => {
            select(store, { layer });
            store.set({ weighs: layer });
          });
          const name = h("span", {}, layer);
          const box = h("div", { class: "tile" }, tile.element, name);
          known = { tile, name, box };
          tiles.set(layer, known);
          row.append(box);
        }
        const { tile, box } = known;
        tile.draw(answer, ends);
        tile.element.title = answer
          ? `${answer.robust.size.join(" × ")}, up to ${figure(ends?.max ?? 0)}`
          : "";
        tile.element.setAttribute("aria-label", `Grad-CAM of ${about} at ${layer}: select the layer`);
        tile.element.setAttribute("aria-pressed", String(layer === weighed));
        box.classList.toggle("empty", !answer);
        box.classList.toggle("working", progress.stage === "working");
      }
    },
    point(at) {
      for (const { tile, name } of tiles.values()) {
        const value = tile.point(at);
        const layer = name.dataset.layer ?? name.textContent ?? "";
        name.dataset.layer = layer;
        name.textContent = value === undefined ? layer : figure(value);
      }
    },
  };
}

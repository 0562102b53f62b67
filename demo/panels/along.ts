import { figure, h } from "../dom.ts";
import type { Session } from "../session.ts";
import { type MapTile, mapTile } from "./map-tile.ts";

/** Grad-CAM at every layer with pixels, along the network. A press selects the layer, and its maps are the ones weighed. */
export function alongView(session: Session): {
  readonly element: HTMLElement;
  draw(): void;
  point(at: { readonly y: number; readonly x: number } | undefined): void;
} {
  const { store, enquiry } = session;
  const row = h("div", { class: "tiles", role: "group", "aria-label": "Grad-CAM along the network" });
  const element = h("div", { class: "along hidden" }, row);
  const tiles = new Map<string, { tile: MapTile; name: HTMLElement; box: HTMLElement }>();
  return {
    element,
    draw() {
      const all = enquiry.along;
      element.classList.toggle("hidden", all.length === 0);
      const weighed = store.state.weighs ?? enquiry.layers.at(-1);
      for (const { layer, about, answer, ends, progress } of all) {
        let known = tiles.get(layer);
        if (!known) {
          const tile = mapTile(session, layer, () => store.set({ ...EMPTY, layer, weighs: layer }));
          const name = h("span", {}, layer);
          const box = h("div", { class: "tile" }, tile.element, name);
          known = { tile, name, box };
          tiles.set(layer, known);
          row.append(box);
        }
        const { tile, box } = known;
        tile.draw(answer, ends);
        tile.element.title = answer ? `${answer.flat.size.join(" × ")}, up to ${figure(ends?.max ?? 0)}` : "";
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

/** A layer that is selected has no map and no voxel selected in it. */
const EMPTY = { channel: undefined, y: undefined, x: undefined };

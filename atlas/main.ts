import type { AtlasIndex } from "../src/lab/atlas/site.ts";
import { addressOf, type Place, placeOf } from "./address.ts";
import { atlasIndex, unitsOf } from "./data.ts";
import { h } from "./dom.ts";
import { homePage } from "./home.ts";
import { searchPage } from "./search.ts";
import { unitPage } from "./unit.ts";
import { wallPage } from "./wall.ts";

/** Counts the pages that were asked for: one that comes late is not shown. */
let asked = 0;

start();

function start(): void {
  let index: AtlasIndex;
  try {
    index = atlasIndex();
  } catch (error) {
    element("page").replaceChildren(h("p", { role: "alert" }, (error as Error).message));
    return;
  }
  const search = h("input", {
    type: "search",
    placeholder: "layer, class, concept",
    "aria-label": "Search layers, classes, concepts",
  });
  search.addEventListener("change", () => {
    if (search.value.trim()) location.hash = addressOf({ page: "search", query: search.value.trim() });
  });
  const links = index.layers.map(({ name }) =>
    h("a", { href: addressOf({ page: "layer", layer: name }), "data-layer": name }, name),
  );
  element("top").replaceChildren(
    h("a", { class: "home", href: addressOf({ page: "home" }) }, index.model),
    h("nav", { "aria-label": "Layers" }, ...links),
    search,
  );
  const show = async (): Promise<void> => {
    const place = placeOf(location.hash);
    const turn = ++asked;
    for (const link of links) {
      const own = "layer" in place && place.layer === link.dataset.layer;
      if (own) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const nodes = await pageOf(index, place).catch((error: Error) => [
      h("p", { role: "alert" }, error.message),
    ]);
    if (turn !== asked) return;
    document.title = titleOf(index, place);
    element("page").replaceChildren(...nodes);
    window.scrollTo(0, 0);
  };
  window.addEventListener("hashchange", show);
  window.addEventListener("keydown", (event) => {
    const place = placeOf(location.hash);
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (place.page !== "unit" || step === undefined || event.target instanceof HTMLInputElement) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const units = index.layers.find(({ name }) => name === place.layer)?.drivenBy.length ?? 0;
    const channel = place.channel + step;
    if (channel >= 0 && channel < units) location.hash = addressOf({ ...place, channel });
  });
  void show();
}

async function pageOf(index: AtlasIndex, place: Place): Promise<Node[]> {
  if (place.page === "home") return homePage(index);
  if (place.page === "search") return searchPage(index, place.query);
  const layer = index.layers.find(({ name }) => name === place.layer);
  if (!layer) throw new Error(`The atlas has no layer “${place.layer}”.`);
  const units = await unitsOf(layer);
  if (place.page === "layer") return wallPage(index, layer, units, place);
  const unit = units[place.channel];
  if (!unit) throw new Error(`${layer.name} has units 0 to ${units.length - 1}, not ${place.channel}.`);
  return unitPage(index, layer, units, unit);
}

function titleOf({ model }: AtlasIndex, place: Place): string {
  switch (place.page) {
    case "home":
      return `${model}: atlas`;
    case "layer":
      return `${place.layer} · ${model}`;
    case "unit":
      return `${place.layer}, unit ${place.channel} · ${model}`;
    case "search":
      return `${place.query} · ${model}`;
  }
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`expected an element "${id}" in the page, got none`);
  return found;
}

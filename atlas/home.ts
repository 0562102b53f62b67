import type { AtlasIndex, AtlasLayer } from "../src/lab/atlas/site.ts";
import { addressOf } from "./address.ts";
import { h, percent } from "./dom.ts";
import { sprite, wallOf } from "./sprite.ts";

/** Pictures of a layer that its card shows. */
const SHOWN = 7;

export function homePage(index: AtlasIndex): Node[] {
  const { model, data, pictures, accuracy, layers, notes } = index;
  const units = layers.reduce((sum, { drivenBy }) => sum + drivenBy.length, 0);
  return [
    h("h1", {}, model),
    h(
      "p",
      { class: "quiet" },
      `${units} units in ${layers.length} layers, seen over ${pictures} pictures of ${data}`,
      accuracy === undefined ? "" : `, of which the network names ${percent(accuracy)} rightly`,
      ".",
    ),
    h("div", { class: "layers", style: "margin-top:20px" }, ...layers.map(card)),
    ...(notes.length > 0 ? [h("h2", {}, "How this was made")] : []),
    ...notes.map((note) => h("p", { class: "quiet small" }, note)),
  ];
}

function card(layer: AtlasLayer): HTMLElement {
  const { name, shape, field, still, drivenBy } = layer;
  const wall = wallOf(layer);
  const facts = [
    shape.join("×"),
    field && `sees ${field.join("×")} pixels`,
    still.length > 0 && `${still.length} never change`,
  ].filter(Boolean);
  const living = [...drivenBy.keys()].filter((channel) => !still.includes(channel));
  const some = Array.from({ length: Math.min(SHOWN, living.length) }, (_, i) => {
    return living[Math.floor((i * living.length) / Math.min(SHOWN, living.length))] ?? 0;
  });
  return h(
    "a",
    { class: "card", href: addressOf({ page: "layer", layer: name }) },
    h("strong", {}, name),
    h("div", { class: "quiet small" }, facts.join(" · ")),
    wall &&
      h(
        "div",
        { class: "strip", style: "--side:38px" },
        ...some.map((channel) => sprite(wall, channel, `unit ${channel}`)),
      ),
  );
}

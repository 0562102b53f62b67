import type { AtlasLayer, AtlasPictureKind, AtlasWall } from "../src/lab/atlas/site.ts";
import { addressOf } from "./address.ts";
import { h } from "./dom.ts";

/** One of the small pictures that a file holds in rows. */
export function sprite(
  { file, columns, rows }: Pick<AtlasWall, "file" | "columns" | "rows">,
  n: number,
  words: string,
): HTMLElement {
  const at = (i: number, of: number): string => (of > 1 ? `${(100 * i) / (of - 1)}%` : "0");
  return h("span", {
    class: "sprite",
    role: "img",
    "aria-label": words,
    style: `background-image:url("${file}");background-size:${100 * columns}% ${100 * rows}%;background-position:${at(n % columns, columns)} ${at(Math.floor(n / columns), rows)}`,
  });
}

/** What of a layer's units can be shown, first what was asked for. */
export function wallOf(layer: AtlasLayer, kind?: AtlasPictureKind): AtlasWall | undefined {
  return layer.walls.find((wall) => wall.kind === kind) ?? layer.walls[0];
}

/** A small picture of a unit that leads to its page. */
export function unitTile(
  layer: AtlasLayer,
  channel: number,
  {
    words,
    kind,
    class: more = "",
  }: { words?: string; kind?: AtlasPictureKind | undefined; class?: string } = {},
): HTMLElement {
  const wall = wallOf(layer, kind);
  const name = words ?? String(channel);
  const still = layer.still.includes(channel) ? " still" : "";
  return h(
    "a",
    {
      class: `tile${still}${more && ` ${more}`}`,
      href: addressOf({ page: "unit", layer: layer.name, channel }),
      title: `${layer.name}, unit ${channel}`,
    },
    wall ? sprite(wall, channel, `${layer.name}, unit ${channel}`) : h("span", { class: "sprite" }),
    h("span", { class: `name ${more}` }, name),
  );
}

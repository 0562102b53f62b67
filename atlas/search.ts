import type { AtlasIndex, AtlasLayer } from "../src/lab/atlas/site.ts";
import { addressOf } from "./address.ts";
import { h } from "./dom.ts";
import { unitTile } from "./sprite.ts";

/** Units that are listed of a layer. */
const LISTED = 24;

/** Layers by name, and units by the classes that drive them and by their concept. */
export function searchPage(index: AtlasIndex, query: string): Node[] {
  const { layers, labels } = index;
  const asked = query.trim().toLowerCase();
  const isAsked = (name: string): boolean => name.toLowerCase().includes(asked);
  const wanted = asked === "" ? [] : labels.flatMap((label, n) => (isAsked(label) ? [n] : []));
  const named = asked === "" ? [] : layers.filter(({ name }) => isAsked(name));
  const found = layers.flatMap((layer) => {
    const units = unitsFor(index, layer, wanted, asked === "" ? () => false : isAsked);
    return units.length > 0 ? [{ layer, units }] : [];
  });
  const heading = h("h1", {}, asked === "" ? "Search" : `“${query.trim()}”`);
  if (named.length === 0 && found.length === 0) {
    const about = `Search finds layers by their names, and units by the classes that drive them${layers.some(({ concepts }) => concepts) ? " and the concepts that they detect" : ""}.`;
    return [
      heading,
      h("p", {}, asked === "" ? about : `Nothing has that name. ${about}`),
      knownLabels(labels),
    ];
  }
  return [
    heading,
    ...(named.length > 0
      ? [
          h("h2", {}, "Layers"),
          h(
            "p",
            {},
            ...named.flatMap(({ name }) => [
              h("a", { href: addressOf({ page: "layer", layer: name }) }, name),
              " ",
            ]),
          ),
        ]
      : []),
    ...found
      .toReversed()
      .flatMap(({ layer, units }) => [
        h("h2", {}, `${layer.name}: ${units.length} ${units.length === 1 ? "unit" : "units"}`),
        h(
          "div",
          { class: "wall" },
          ...units
            .slice(0, LISTED)
            .map(({ channel, words }) => unitTile(layer, channel, { words: `${channel} ${words}` })),
        ),
        ...(units.length > LISTED
          ? [h("p", { class: "quiet small" }, `${units.length - LISTED} more that it drives less`)]
          : []),
      ]),
  ];
}

interface FoundUnit {
  readonly channel: number;
  readonly words: string;
  /** Place of the class among those that drive the unit. */
  readonly place: number;
}

function unitsFor(
  { labels }: AtlasIndex,
  layer: AtlasLayer,
  wanted: readonly number[],
  isAsked: (name: string) => boolean,
): FoundUnit[] {
  return layer.drivenBy
    .flatMap((drivers, channel): FoundUnit[] => {
      const concept = layer.concepts?.[channel];
      if (concept && isAsked(concept))
        return [{ channel, words: concept.split("/").at(-1) ?? "", place: -1 }];
      const place = drivers.findIndex((label) => wanted.includes(label));
      return place < 0 ? [] : [{ channel, words: labels[drivers[place] ?? -1] ?? "", place }];
    })
    .sort((a, b) => a.place - b.place || a.channel - b.channel);
}

function knownLabels(labels: readonly string[]): HTMLElement {
  const some = labels.slice(0, 60);
  return h(
    "p",
    { class: "small" },
    ...some.flatMap((label) => [h("a", { href: addressOf({ page: "search", query: label }) }, label), " "]),
  );
}

import type { AtlasIndex, AtlasLayer, AtlasPictureKind, AtlasUnit } from "../src/lab/atlas/site.ts";
import { addressOf, SORTS, type Sort } from "./address.ts";
import { h } from "./dom.ts";
import { unitTile, wallOf } from "./sprite.ts";

export const KIND_WORDS: Readonly<Record<AtlasPictureKind, string>> = {
  wanted: "what each unit wants",
  activation: "the picture that excites it most",
  relevance: "the picture it matters most for",
};

const SORT_WORDS: Readonly<Record<Sort, string>> = {
  number: "by number",
  class: "by the class that drives it",
  zeros: "silent ones last",
};

/** All units of a layer. */
export function wallPage(
  { labels }: AtlasIndex,
  layer: AtlasLayer,
  units: readonly AtlasUnit[],
  asked: { readonly show?: AtlasPictureKind | undefined; readonly sort?: Sort | undefined },
): Node[] {
  const { sort = "number" } = asked;
  const kind = wallOf(layer, asked.show)?.kind;
  const ordered = inOrder(units, sort);
  const go = (change: Partial<typeof asked>) => {
    location.hash = addressOf({ page: "layer", layer: layer.name, ...asked, ...change });
  };
  const choices = layer.walls.map((wall) =>
    h("option", { value: wall.kind, selected: wall.kind === kind }, KIND_WORDS[wall.kind]),
  );
  return [
    h("h1", {}, layer.name),
    h("p", { class: "quiet" }, aboutLayer(layer)),
    h(
      "div",
      { class: "bar" },
      choices.length > 1 &&
        h(
          "label",
          {},
          "Show ",
          h(
            "select",
            {
              onchange: ({ target }: Event) =>
                go({ show: (target as HTMLSelectElement).value as AtlasPictureKind }),
            },
            ...choices,
          ),
        ),
      h(
        "label",
        {},
        "Order ",
        h(
          "select",
          { onchange: ({ target }: Event) => go({ sort: (target as HTMLSelectElement).value as Sort }) },
          ...SORTS.filter((name) => name !== "class" || labels.length > 0).map((name) =>
            h("option", { value: name, selected: name === sort }, SORT_WORDS[name]),
          ),
        ),
      ),
    ),
    h(
      "div",
      { class: "wall" },
      ...ordered.map(({ channel }) => {
        const [label] = layer.drivenBy[channel] ?? [];
        // Of "texture/stripes" the tile has room for the last part.
        const concept = layer.concepts?.[channel]?.split("/").at(-1);
        const words = layer.names?.[channel] ?? concept ?? (label === undefined ? "" : labels[label]);
        return unitTile(layer, channel, { kind, words: words ? `${channel} ${words}` : String(channel) });
      }),
    ),
  ];
}

function aboutLayer({ shape, field, drivenBy, still }: AtlasLayer): string {
  const seen = field ? `each place sees ${field.join("×")} pixels` : "each sees the whole picture";
  const silent = still.length > 0 ? `; ${still.length} never change, their names are red` : "";
  return `${drivenBy.length} units of shape ${shape.join("×")}; ${seen}${silent}.`;
}

function inOrder(units: readonly AtlasUnit[], sort: Sort): AtlasUnit[] {
  const class_ = ({ labels }: AtlasUnit): number => labels[0]?.label ?? Number.POSITIVE_INFINITY;
  return units.toSorted((a, b) => {
    if (sort === "zeros") return a.zeros - b.zeros || a.channel - b.channel;
    if (sort === "class" && class_(a) !== class_(b)) return class_(a) - class_(b);
    return a.channel - b.channel;
  });
}

import type { AtlasIndex, AtlasLayer, AtlasPatches, AtlasUnit, AtlasWeight } from "../src/lab/atlas/site.ts";
import { addressOf } from "./address.ts";
import { figures, h, percent } from "./dom.ts";
import { histogram } from "./histogram.ts";
import { sprite, unitTile } from "./sprite.ts";

/** One unit: what it wants, what excites it, when it fires, and what it stands between. */
export function unitPage(
  index: AtlasIndex,
  layer: AtlasLayer,
  units: readonly AtlasUnit[],
  unit: AtlasUnit,
): Node[] {
  const { channel, wanted, activation, relevance, labels, correlated, reads, readBy } = unit;
  const concept = layer.concepts?.[channel];
  const name = layer.names?.[channel];
  const step = (to: number, words: string): HTMLElement | undefined =>
    units[to]
      ? h("a", { href: addressOf({ page: "unit", layer: layer.name, channel: to }) }, words)
      : undefined;
  return [
    h(
      "div",
      { class: "bar small", style: "margin-top:0" },
      h("a", { href: addressOf({ page: "layer", layer: layer.name }) }, layer.name),
      step(channel - 1, "← previous"),
      step(channel + 1, "next →"),
    ),
    h("h1", {}, `${layer.name}, unit ${channel}`, name === undefined ? "" : `: ${name}`),
    h("p", { class: "quiet" }, aboutUnit(layer, unit), concept ? ` It detects: ${concept}.` : ""),
    h(
      "div",
      { class: "unit" },
      section(
        "What it wants",
        wanted && [
          h("img", { class: "picture", src: wanted.file, alt: `picture made to excite unit ${channel}` }),
          h("p", { class: "quiet small" }, wanted.caption),
        ],
      ),
      section("What excites it most", activation && [patches(activation)]),
      section("What it matters most for", relevance && [patches(relevance)]),
      section("Its values", [
        ...(unit.histogram ? [histogram(unit.histogram)] : []),
        h(
          "table",
          {},
          fact("mean", figures(unit.mean)),
          fact("deviation", figures(unit.deviation)),
          fact("least … largest", `${figures(unit.least)} … ${figures(unit.largest)}`),
          fact("zeros", percent(unit.zeros)),
        ),
      ]),
      section("Classes that drive it", labels.length > 0 ? [classes(index, unit)] : undefined),
      section(
        "Varies together with",
        correlated.length > 0
          ? [
              h(
                "div",
                { class: "others" },
                ...correlated.map(({ channel, correlation }) =>
                  unitTile(layer, channel, {
                    words: `${channel}: ${correlation.toFixed(2)}`,
                    class: correlation < 0 ? "negative" : "",
                  }),
                ),
              ),
            ]
          : undefined,
      ),
      section("Reads", reads.length > 0 ? [weights(index, reads)] : undefined),
      section("Is read by", readBy.length > 0 ? [weights(index, readBy)] : undefined),
    ),
  ];
}

function section(title: string, content: readonly Node[] | undefined): HTMLElement | undefined {
  return content && h("section", {}, h("h2", {}, title), ...content);
}

function fact(name: string, value: string): HTMLElement {
  return h("tr", {}, h("td", { class: "quiet" }, name), h("td", { class: "number" }, value));
}

function aboutUnit({ still, field }: AtlasLayer, { channel, zeros, least, largest }: AtlasUnit): string {
  if (still.includes(channel)) {
    return zeros === 1 ? "Dead: it was zero everywhere." : `It had the value ${figures(least)} everywhere.`;
  }
  const seen = field ? ` Each of its places sees ${field.join("×")} pixels.` : "";
  return `It fires at ${percent(1 - zeros)} of all places, up to ${figures(largest)}.${seen}`;
}

function patches({ patches, ...picture }: AtlasPatches): HTMLElement {
  return h(
    "div",
    { class: "patches" },
    ...patches.map(({ id, label, value }, n) => {
      const words = [label, id].filter(Boolean).join(" · ");
      return h(
        "figure",
        { title: `${words}: ${figures(value)}` },
        sprite(picture, n, words),
        h("figcaption", {}, `${figures(value)} ${label ?? id}`),
      );
    }),
  );
}

function classes({ labels }: AtlasIndex, unit: AtlasUnit): HTMLElement {
  const most = Math.max(...unit.labels.map(({ mean }) => Math.abs(mean)), Number.MIN_VALUE);
  return h(
    "table",
    {},
    ...unit.labels.map(({ label, mean }) =>
      h(
        "tr",
        {},
        h(
          "td",
          {},
          h("a", { href: addressOf({ page: "search", query: labels[label] ?? "" }) }, labels[label] ?? ""),
        ),
        h("td", { class: "number" }, figures(mean)),
        h(
          "td",
          {},
          h("span", { class: "measure", style: `width:${Math.round((120 * Math.abs(mean)) / most)}px` }),
        ),
      ),
    ),
  );
}

function weights(index: AtlasIndex, weights: readonly AtlasWeight[]): HTMLElement {
  return h(
    "div",
    { class: "others" },
    ...weights.map(({ layer: name, channel, sum, norm }) => {
      const layer = index.layers.find((own) => own.name === name);
      const words = `${channel}: ${sum < 0 ? "−" : "+"}${Number(norm.toPrecision(2))}`;
      return layer && unitTile(layer, channel, { words, class: sum < 0 ? "negative" : "" });
    }),
  );
}

import { colorize } from "../../src/figures.ts";
import type { DecoderStep } from "../../src/units.ts";
import { h } from "../dom.ts";
import { paint } from "../pixels.ts";
import { select } from "../state/selection.ts";
import type { WhyAnswers } from "./answers.ts";
import type { Decoder } from "./decoder.ts";

/**
 * A decoder from its coarsest maps to its finest, of each resolution the map that does most for what is asked. A press goes to
 * the map in the room.
 */
export function decoderView(
  { store }: WhyAnswers,
  decoder: Decoder,
): { readonly element: HTMLElement; draw(): void } {
  const title = h("span", { class: "says" });
  const row = h("div", { class: "tiles", role: "group", "aria-label": "The decoder from coarse to fine" });
  const element = h("div", { class: "along decoder hidden" }, title, row);
  let drawn: readonly [unknown, string] | undefined;

  const tileOf = ({ layer, channel, data, shape: [height = 1, width = 1], share }: DecoderStep) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const [least, most] = data.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)] as const,
      [0, 0] as readonly [number, number],
    );
    const reach = Math.max(-least, most) || 1;
    const map = least < 0 ? "polar" : store.state.colors;
    paint(canvas, colorize(data, { map, min: least < 0 ? -reach : 0, max: reach, width }));
    const part = `${Math.round(100 * share)} %`;
    const words = `map ${channel} of ${layer}, ${height} by ${width}: ${part} of what the maps of this layer add`;
    const go = () => select(store, { layer, channel });
    return h(
      "div",
      { class: "tile" },
      h("button", { class: "map", title: words, "aria-label": `Go to ${words}`, onclick: go }, canvas),
      h("span", {}, layer),
      h("span", {}, `${height} × ${width} · ${part}`),
    );
  };

  return {
    element,
    draw() {
      const { maps } = decoder;
      element.classList.toggle("hidden", !maps);
      if (!maps) return;
      const { about, found, progress } = maps;
      title.textContent =
        progress.stage === "failed"
          ? progress.message
          : `From coarse to fine: the maps that do most for ${about}`;
      row.classList.toggle("working", !found);
      const { colors } = store.state;
      if (drawn?.[0] === found && drawn?.[1] === colors) return;
      drawn = [found, colors];
      const empty = () =>
        h("div", { class: "tile empty" }, h("div", { class: "map blank" }), h("span", {}, "…"));
      row.replaceChildren(...(found ? found.steps.map(tileOf) : decoder.layers.map(empty)));
    },
  };
}

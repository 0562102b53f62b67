import { h } from "../dom.ts";
import { paint } from "../pixels.ts";
import { select } from "../state/selection.ts";
import type { CardPicture, WantAnswers } from "./answers.ts";
import { pixelsOf } from "./growing.ts";

/** The channels of a layer side by side, each with the picture that it wants; a press selects the channel. */
export interface WallView {
  readonly element: HTMLElement;
  draw(layer: string, tiles: readonly CardPicture[]): void;
}

export function wallView(answers: WantAnswers): WallView {
  const { store } = answers;
  const element = h("div", { class: "wall", role: "group" });
  let standing = "";
  let tiles: { readonly button: HTMLButtonElement; draw(tile: CardPicture): void }[] = [];

  const tileOf = (layer: string, channel: number) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = wordsOf(answers, layer, channel);
    const button = h(
      "button",
      { title: name, onclick: () => select(store, { layer, channel }) },
      canvas,
      h("span", {}, String(channel)),
    );
    let drawn: Float32Array | undefined;
    return {
      button,
      draw({ picture }: CardPicture) {
        const nothing = picture?.nothing;
        button.setAttribute("aria-pressed", String(store.state.channel === channel));
        button.classList.toggle("dead", nothing !== undefined);
        const state = nothing ?? (picture ? "" : "not grown yet");
        button.setAttribute("aria-label", state ? `${name}: ${state}` : name);
        button.title = nothing === undefined ? name : `${name}: ${nothing}`;
        if (!picture || picture.data === drawn) return;
        drawn = picture.data;
        if (nothing === undefined) paint(canvas, pixelsOf(picture));
        else canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
      },
    };
  };
  return {
    element,
    draw(layer, pictures) {
      const wanted = `${layer} ${pictures.length}`;
      if (wanted !== standing) {
        standing = wanted;
        tiles = pictures.map((_, channel) => tileOf(layer, channel));
        element.replaceChildren(...tiles.map(({ button }) => button));
        element.setAttribute("aria-label", `Channels of ${layer}`);
        element.scrollTop = 0;
      }
      for (const [n, picture] of pictures.entries()) tiles[n]?.draw(picture);
    },
  };
}

/** A channel in words: of an answer's layer, its class. */
export function wordsOf({ session }: WantAnswers, layer: string, channel: number): string {
  const { logits, output } = session.head;
  return layer === logits || layer === output ? session.nameOf(channel) : `map ${channel}`;
}

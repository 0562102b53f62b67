import { h } from "../dom.ts";
import { workView } from "../panels/work-view.ts";
import { paint } from "../pixels.ts";
import { select } from "../state/selection.ts";
import type { Tile, Wall, WantAnswers } from "./answers.ts";
import { pixelsOf } from "./growing.ts";

/** The channels of a layer side by side, each with the picture that it wants; a press selects the channel. */
export interface WallView {
  readonly element: HTMLElement;
  draw(wall: Wall | undefined): void;
}

export function wallView(answers: WantAnswers, save: () => void): WallView {
  const { store } = answers;
  const title = h("b", {});
  const count = h("small", {});
  const take = h("button", { class: "quiet small", "aria-label": "Save the wall", onclick: save }, "Save…");
  const work = workView({ stop: () => answers.stopWall(), again: () => answers.growWallAgain() });
  const grid = h("div", { class: "wall", role: "group" });
  const element = h(
    "article",
    { class: "group walls" },
    h("header", {}, title, count, take),
    work.element,
    grid,
  );
  let layer: string | undefined;
  let tiles: { readonly button: HTMLButtonElement; draw(tile: Tile): void }[] = [];

  const tileOf = (of: string, channel: number) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = wordsOf(answers, of, channel);
    const button = h(
      "button",
      { title: name, onclick: () => select(store, { layer: of, channel }) },
      canvas,
      h("span", {}, String(channel)),
    );
    let drawn: Float32Array | undefined;
    return {
      button,
      draw({ picture, dead }: Tile) {
        button.setAttribute("aria-pressed", String(store.state.channel === channel));
        button.classList.toggle("dead", dead);
        const state = dead ? "does not fire" : picture ? "" : "not grown yet";
        button.setAttribute("aria-label", state ? `${name}: ${state}` : name);
        if (!picture || picture.data === drawn) return;
        drawn = picture.data;
        paint(canvas, pixelsOf(picture));
      },
    };
  };
  return {
    element,
    draw(wall) {
      element.classList.toggle("hidden", !wall);
      if (!wall) return;
      if (wall.layer !== layer || wall.tiles.length !== tiles.length) {
        layer = wall.layer;
        tiles = wall.tiles.map(({ channel }) => tileOf(wall.layer, channel));
        grid.replaceChildren(...tiles.map(({ button }) => button));
        grid.setAttribute("aria-label", `Channels of ${wall.layer}`);
        grid.scrollTop = 0;
      }
      title.textContent = `All of ${wall.layer}`;
      const silent = wall.tiles.filter(({ dead }) => dead).length;
      const { length } = wall.tiles;
      count.textContent = `${length} channels${silent > 0 ? `; ${silent} do not fire` : ""}`;
      take.classList.toggle("hidden", wall.progress.stage !== "done");
      work.draw(wall.progress, `the wall of ${wall.layer}`);
      for (const [n, tile] of wall.tiles.entries()) tiles[n]?.draw(tile);
    },
  };
}

/** A channel in words: of an answer's layer, its class. */
export function wordsOf({ session }: WantAnswers, layer: string, channel: number): string {
  const { logits, output } = session.head;
  return layer === logits || layer === output ? session.nameOf(channel) : `map ${channel}`;
}

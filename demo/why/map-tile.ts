import { cursorOver, putAt } from "../cursor-over.ts";
import { h } from "../dom.ts";
import type { InputPixel } from "../subjects.ts";
import type { WhyAnswers } from "./answers.ts";
import type { Answer, Ends } from "./color-ends.ts";
import { drawMap, valueAt } from "./draw-map.ts";

/** A map over the picture, with the cursor that all maps share. */
export interface MapTile {
  readonly element: HTMLButtonElement;
  draw(answer: Answer | undefined, ends: Ends | undefined): void;
  /** Shows the cursor; returns the value under it. */
  point(at: InputPixel | undefined): number | undefined;
}

/** Makes a tile; a press is told to `press`. Arrow keys move the cursor while it has the focus. */
export function mapTile({ session, store }: WhyAnswers, label: string, press: () => void): MapTile {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const cross = h("i", { class: "cross hidden" });
  const element = h("button", { class: "map", "aria-label": label, onclick: press }, canvas, cross);
  const [height, width] = session.inputSize;
  let drawn = "";
  let from: Answer | undefined;
  let picture: Float32Array | undefined;
  cursorOver(element, canvas, session);

  return {
    element,
    draw(answer, ends) {
      const { strength, colors } = store.state;
      const now = `${strength} ${colors} ${ends?.min} ${ends?.max}`;
      if (answer === from && now === drawn && picture === session.input) return;
      [from, drawn, picture] = [answer, now, session.input];
      const context = canvas.getContext("2d");
      if (!context) return;
      canvas.width = width;
      canvas.height = height;
      context.drawImage(session.picture, 0, 0);
      if (answer && ends) drawMap(context, answer, ends, store.state);
    },
    point(place) {
      cross.classList.toggle("hidden", !place);
      if (!place) return undefined;
      putAt(cross, place, session.inputSize);
      return from && valueAt(from, place, session.inputSize);
    },
  };
}

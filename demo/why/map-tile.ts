import { h } from "../dom.ts";
import type { InputPixel } from "../session.ts";
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
  const { cursor } = session;
  const canvas = h("canvas", { "aria-hidden": "true" });
  const cross = h("i", { class: "cross hidden" });
  const element = h("button", { class: "map", "aria-label": label, onclick: press }, canvas, cross);
  const [height, width] = session.inputSize;
  let drawn = "";
  let from: Answer | undefined;
  let picture: Float32Array | undefined;
  let at: InputPixel | undefined;
  const within = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));

  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    cursor.emit({
      y: within(Math.floor(((clientY - box.top) / box.height) * height), height),
      x: within(Math.floor(((clientX - box.left) / box.width) * width), width),
    });
  });
  element.addEventListener("pointerleave", () => cursor.emit(undefined));
  element.addEventListener("blur", () => cursor.emit(undefined));
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.shiftKey) return;
    const [dy = 0, dx = 0] = step;
    const { y, x } = at ?? { y: Math.floor(height / 2), x: Math.floor(width / 2) };
    cursor.emit({ y: within(y + dy, height), x: within(x + dx, width) });
    event.preventDefault();
    event.stopPropagation();
  });

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
      at = place;
      cross.classList.toggle("hidden", !place);
      if (!place) return undefined;
      cross.style.left = `${(100 * (place.x + 0.5)) / width}%`;
      cross.style.top = `${(100 * (place.y + 0.5)) / height}%`;
      return from && valueAt(from, place, session.inputSize);
    },
  };
}

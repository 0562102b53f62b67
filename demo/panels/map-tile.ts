import { h } from "../dom.ts";
import type { Session } from "../session.ts";
import { drawMap, valueAt } from "../why/draw.ts";
import type { Answer } from "../why/enquiry.ts";
import type { Ends } from "../why/shade.ts";

/** A map over the picture, with the cursor that all maps share. */
export interface MapTile {
  readonly element: HTMLButtonElement;
  draw(answer: Answer | undefined, ends: Ends | undefined): void;
  /** Shows the cursor; returns the value under it. */
  point(at: { readonly y: number; readonly x: number } | undefined): number | undefined;
}

/** Makes a tile; a press is told to `press`. Arrow keys move the cursor while it has the focus. */
export function mapTile(session: Session, label: string, press: () => void): MapTile {
  const { enquiry, store } = session;
  const canvas = h("canvas", { "aria-hidden": "true" });
  const cross = h("i", { class: "cross hidden" });
  const element = h("button", { class: "map", "aria-label": label, onclick: press }, canvas, cross);
  const [height, width] = session.inputSize;
  let drawn = "";
  let from: Answer | undefined;
  let picture: Float32Array | undefined;
  let at: { readonly y: number; readonly x: number } | undefined;
  const within = (value: number, size: number) => Math.min(size - 1, Math.max(0, value));

  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    enquiry.cursor.emit({
      y: within(Math.floor(((clientY - box.top) / box.height) * height), height),
      x: within(Math.floor(((clientX - box.left) / box.width) * width), width),
    });
  });
  element.addEventListener("pointerleave", () => enquiry.cursor.emit(undefined));
  element.addEventListener("blur", () => enquiry.cursor.emit(undefined));
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.shiftKey) return;
    const [dy = 0, dx = 0] = step;
    const { y, x } = at ?? { y: Math.floor(height / 2), x: Math.floor(width / 2) };
    enquiry.cursor.emit({ y: within(y + dy, height), x: within(x + dx, width) });
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
      if (context) drawMap(context, session, { answer, ends });
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

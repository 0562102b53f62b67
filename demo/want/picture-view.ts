import { h } from "../dom.ts";
import { paint } from "../pixels.ts";
import type { CardPicture } from "./answers.ts";
import { pixelsOf } from "./growing.ts";

/** A picture that grows in place, with its name over it and what is said of it under it. */
export interface PictureView {
  readonly element: HTMLElement;
  /** @param label for a screen reader: what it shows. */
  draw(shown: CardPicture, label: string): void;
}

export function pictureView(): PictureView {
  const about = h("span", { class: "about" });
  const canvas = h("canvas", { role: "img" });
  const nothing = h("p", { class: "nothing" });
  const caption = h("p", { class: "caption" });
  const element = h(
    "div",
    { class: "face grown" },
    about,
    h("div", { class: "frame" }, canvas, nothing),
    caption,
  );
  let drawn: Float32Array | undefined;
  return {
    element,
    draw({ name, picture, done }, label) {
      about.textContent = name;
      about.title = name;
      const empty = picture?.nothing;
      canvas.setAttribute("aria-label", picture ? label : `${label}: nothing yet`);
      canvas.classList.toggle("hidden", empty !== undefined);
      nothing.textContent = empty ?? "";
      nothing.classList.toggle("hidden", empty === undefined);
      element.classList.toggle("empty", empty !== undefined);
      if (picture?.data !== drawn) {
        drawn = picture?.data;
        if (picture) paint(canvas, pixelsOf(picture));
        else canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
      }
      const { step, says } = picture ?? {};
      const grows = step === undefined ? "" : `after ${step} ${step === 1 ? "step" : "steps"}`;
      caption.textContent = done ? (says ?? "") : (says ?? grows);
      caption.title = caption.textContent;
    },
  };
}

import { h } from "../dom.ts";
import { workView } from "../panels/work-view.ts";
import { paint } from "../pixels.ts";
import type { AskedPicture, WantAnswers } from "./answers.ts";
import { type Growing, pixelsOf } from "./growing.ts";

/** A picture that grows in place, with its progress and ways to stop it and to take it away. */
export interface PictureView {
  readonly element: HTMLElement;
  draw(asked: AskedPicture, words: PictureWords): void;
}

/** What is said of a picture. */
export interface PictureWords {
  /** Over it. */
  readonly head: string;
  /** For a screen reader: what it shows. */
  readonly label: string;
  /** Under it, when it is done. */
  readonly caption: string;
  /** True if it shows nothing. */
  readonly empty: boolean;
}

export function pictureView(answers: WantAnswers, save: () => void): PictureView {
  let key = "";
  const about = h("span", { class: "about" });
  const take = h("button", { class: "quiet small", onclick: save }, "Save…");
  const canvas = h("canvas", { role: "img" });
  const work = workView({ stop: () => answers.stop(key), again: () => answers.again(key) });
  const caption = h("p", { class: "caption" });
  const element = h(
    "div",
    { class: "face grown" },
    h("div", { class: "head" }, about, take),
    h("div", { class: "frame" }, canvas),
    work.element,
    caption,
  );
  let drawn: Float32Array | undefined;
  return {
    element,
    draw(asked, words) {
      ({ key } = asked);
      about.textContent = words.head;
      about.title = words.head;
      const shown: Growing | undefined = asked.found ?? asked.live;
      canvas.setAttribute("aria-label", shown ? words.label : `${words.label}: nothing yet`);
      if (shown?.data !== drawn) {
        drawn = shown?.data;
        if (shown) paint(canvas, pixelsOf(shown));
        else canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
      }
      element.classList.toggle("empty", words.empty);
      take.classList.toggle("hidden", !asked.found);
      take.setAttribute("aria-label", `Save ${words.label}`);
      work.draw(asked.progress, words.label);
      const { step } = asked.live ?? {};
      caption.textContent = asked.found
        ? words.caption
        : step === undefined
          ? ""
          : `after ${step} ${step === 1 ? "step" : "steps"}`;
    },
  };
}

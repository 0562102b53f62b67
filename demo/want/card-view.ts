import { h } from "../dom.ts";
import { workView } from "../panels/work-view.ts";
import type { WantAnswers } from "./answers.ts";
import type { Card } from "./card.ts";
import { controlsOf } from "./controls.ts";
import { factsView } from "./facts.ts";
import { type PictureView, pictureView } from "./picture-view.ts";
import type { Ask } from "./slice.ts";
import { wallView } from "./wall-view.ts";

/** Something that is asked for: its pictures, its choices, and what is known of them. */
export interface CardView {
  readonly element: HTMLElement;
  draw(card: Card): void;
}

/** @param save opens the dialog that saves the card's pictures. */
export function cardView(
  ask: Ask,
  answers: WantAnswers,
  save: (card: Card) => void,
  fail: (error: unknown) => void,
): CardView {
  let card: Card | undefined;
  const withCard = (work: (card: Card) => void) => () => card && work(card);
  const title = h("b", {});
  const count = h("small", {});
  const take = h("button", { class: "quiet small", onclick: withCard(save) }, "Save…");
  const close = h("button", { class: "quiet small", onclick: () => answers.toggle(ask) }, "×");
  const work = workView({
    stop: withCard((one) => answers.stop(one)),
    again: withCard((one) => answers.again(one)),
  });
  const controls = controlsOf(ask, answers, fail);
  const facts = factsView(answers.session);
  const says = h("p", { class: "note" });
  const strip = h("div", { class: "grown-strip" });
  const wall = ask === "wall" ? wallView(answers) : undefined;
  const beside = h("div", { class: "beside" }, ...controls.elements, work.element, facts.element, says);
  const element = h(
    "article",
    { class: wall ? "group walls" : "group" },
    h("header", {}, title, count, take, close),
    ...(wall ? [work.element, says, wall.element] : [h("div", { class: "dreamt" }, strip, beside)]),
  );
  const views: PictureView[] = [];

  return {
    element,
    draw(now) {
      card = now;
      const pictures = answers.picturesOf(now);
      const grown = answers.grownOf(now);
      const progress = answers.progressOf(now);
      const done = now.parts.length > 0 && progress.stage === "done";
      element.setAttribute("aria-label", now.title);
      title.textContent = now.title;
      title.title = now.summary;
      close.setAttribute("aria-label", `Close: ${now.title}`);
      take.setAttribute("aria-label", `Save: ${now.title}`);
      take.classList.toggle(
        "hidden",
        !done || pictures.every(({ picture }) => picture?.nothing !== undefined),
      );
      const streams = pictures.some(({ name, done }) => name === "camera" && !done);
      if (now.parts.length > 0 && !streams) work.draw(progress, now.title);
      else work.element.classList.add("hidden");
      controls.draw();
      const few = now.few ? " In few steps: software adapter." : "";
      says.textContent =
        now.lacks ??
        (done && (grown[0]?.facts ?? grown[0]?.pictures[0]?.judged) ? few.trim() : `${now.summary}.${few}`);
      says.classList.toggle("hidden", says.textContent === "");
      if (wall) {
        const silent = pictures.filter(({ picture }) => picture?.nothing !== undefined).length;
        count.textContent = `${pictures.length} channels${silent > 0 ? `; ${silent} show nothing` : ""}`;
        wall.draw(answers.asked.layer ?? "", pictures);
        return;
      }
      while (views.length < Math.max(1, pictures.length)) {
        const view = pictureView();
        views.push(view);
        strip.append(view.element);
      }
      strip.classList.toggle("several", pictures.length > 1);
      for (const [n, view] of views.entries()) {
        const shown = pictures[n] ?? { name: "", picture: undefined, done: false };
        view.element.classList.toggle("hidden", n >= Math.max(1, pictures.length));
        view.draw(shown, shown.name ? `${now.title}, ${shown.name}` : now.title);
      }
      facts.draw(done ? grown[0] : undefined, answers.asked.subject);
    },
  };
}

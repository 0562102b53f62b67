import { figure, h } from "../dom.ts";
import { legend } from "../panels/legend.ts";
import { workView } from "../panels/work-view.ts";
import type { InputPixel } from "../subjects.ts";
import type { Card, WhyAnswers } from "./answers.ts";
import { colorsOf } from "./color-ends.ts";
import { mapTile } from "./map-tile.ts";
import { trustView } from "./trust-view.ts";

/** One map with its class, its colours, its trust, and ways to stop it and to take it away. */
export interface CardView {
  readonly element: HTMLElement;
  /** @param over whether its map lies over the image. */
  draw(card: Card, over: boolean): void;
  point(at: InputPixel | undefined): void;
}

export function cardView(answers: WhyAnswers, first: Card, save: (card: Card) => void): CardView {
  const { store, session } = answers;
  let card = first;
  const { technique } = first.request;
  const about = h("span", { class: "about" });
  const take = h(
    "button",
    {
      class: "quiet small",
      title: "Save this map, or copy the command that makes it",
      onclick: () => save(card),
    },
    "Save…",
  );
  const tile = mapTile(answers, technique.title, () => store.set({ over: card.id }));
  const key = legend();
  const work = workView({
    stop: () => answers.stop(card.request),
    again: () => answers.again(card.request),
  });
  const note = h("p", { class: "caption" });
  const under = h("p", { class: "caption value" });
  const trust = trustView(session.software, () => answers.stopTrust(card.request));
  const element = h(
    "div",
    { class: "card" },
    h(
      "div",
      { class: "face" },
      h("div", { class: "head" }, about, take),
      tile.element,
      work.element,
      key.element,
      under,
      note,
    ),
    trust.element,
  );
  let quiet = "";

  return {
    element,
    draw(next, over) {
      card = next;
      const { answer, ends } = card;
      about.textContent = card.about;
      tile.element.setAttribute("aria-label", `${technique.title}, ${card.about}: lay it over the image`);
      tile.element.setAttribute("aria-pressed", String(over));
      take.classList.toggle("hidden", !answer);
      take.setAttribute("aria-label", `Save ${technique.title}, ${card.about}`);
      element.classList.toggle("empty", !answer);
      tile.draw(answer, ends);
      work.draw(card.progress, `${technique.title}, ${card.about}`);
      key.element.classList.toggle("hidden", !answer);
      if (answer && ends) {
        const { size, unit } = answer.robust;
        key.set({ map: colorsOf(answer, store.state.colors), ...ends, unit, middle: "" });
        quiet = `${unit} · ${size.join(" × ")}`;
        note.textContent = `${ends.note} ${accountOf(card)}`.trim();
        if (!under.classList.contains("pointed")) under.textContent = quiet;
      } else {
        quiet = "";
        under.textContent = "";
        note.textContent = "";
      }
      trust.draw(card.trust);
    },
    point(at) {
      const value = tile.point(at);
      under.classList.toggle("pointed", value !== undefined);
      if (value === undefined || !at) under.textContent = quiet;
      else under.replaceChildren(h("b", {}, figure(value)), ` at (y ${at.y}, x ${at.x})`);
    },
  };
}

/** The technique's own account of its map, in a sentence. */
function accountOf({ answer, request }: Card): string {
  const account = answer?.found.account;
  return account ? (request.technique.accountInWords?.(account, figure) ?? "") : "";
}

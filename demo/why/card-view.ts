import { figure, h } from "../dom.ts";
import { legend } from "../panels/legend.ts";
import type { InputPixel } from "../subjects.ts";
import { isOpen } from "../tasks/queue.ts";
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
  const bar = h("progress", { max: 1 });
  const says = h("span", {});
  const stop = h("button", { class: "small" });
  const work = h("div", { class: "work" }, h("div", { class: "row" }, says, stop), bar);
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
      work,
      key.element,
      under,
      note,
    ),
    trust.element,
  );
  let quiet = "";

  const drawWork = () => {
    const { progress, request } = card;
    const open = progress.stage !== "done";
    work.classList.toggle("hidden", !open);
    bar.classList.toggle("hidden", progress.stage !== "working");
    work.classList.toggle("failed", progress.stage === "failed");
    const name = `${technique.title}, ${card.about}`;
    bar.setAttribute("aria-label", `Progress of ${name}`);
    if (progress.stage === "working") {
      if (progress.fraction === undefined) bar.removeAttribute("value");
      else bar.value = progress.fraction;
      says.textContent =
        progress.fraction === undefined ? "Working…" : `${Math.round(100 * progress.fraction)} %`;
    } else if (progress.stage === "failed") says.textContent = progress.message;
    else says.textContent = progress.stage === "waiting" ? "Waiting" : "Stopped";
    const going = isOpen(progress);
    stop.textContent = going ? "Stop" : "Try again";
    stop.setAttribute("aria-label", `${stop.textContent}: ${name}`);
    stop.onclick = () => (going ? answers.stop(request) : answers.again(request));
  };

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
      drawWork();
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

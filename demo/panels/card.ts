import { figure, h } from "../dom.ts";
import type { Session } from "../session.ts";
import type { Card } from "../why/enquiry.ts";
import { colorsOf } from "../why/shade.ts";
import { legend } from "./legend.ts";
import { mapTile } from "./map-tile.ts";
import { trustView } from "./trust-view.ts";

/** One map with its class, its colours, its trust, and ways to stop it and to take it away. */
export interface CardView {
  readonly element: HTMLElement;
  /** @param over whether its map lies over the image. */
  draw(card: Card, over: boolean): void;
  point(at: { readonly y: number; readonly x: number } | undefined): void;
}

export function cardView(session: Session, first: Card, takeAway: (card: Card) => void): CardView {
  const { store, enquiry } = session;
  let card = first;
  const { technique } = first.question;
  const about = h("span", { class: "about" });
  const take = h(
    "button",
    {
      class: "quiet small",
      title: "Save this map, or copy the command that makes it",
      onclick: () => takeAway(card),
    },
    "Save…",
  );
  const tile = mapTile(session, technique.title, () => store.set({ over: card.id }));
  const key = legend();
  const bar = h("progress", { max: 1 });
  const says = h("span", {});
  const stop = h("button", { class: "small" });
  const work = h("div", { class: "work" }, h("div", { class: "row" }, says, stop), bar);
  const note = h("p", { class: "caption" });
  const under = h("p", { class: "caption value" });
  const trust = trustView(enquiry.software, () => enquiry.stopTrust(card.question));
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
    const { progress, question } = card;
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
    } else if (progress.stage === "failed") says.textContent = progress.words;
    else says.textContent = progress.stage === "waiting" ? "Waiting" : "Stopped";
    const going = progress.stage === "working" || progress.stage === "waiting";
    stop.textContent = going ? "Stop" : "Try again";
    stop.setAttribute("aria-label", `${stop.textContent}: ${name}`);
    stop.onclick = () => (going ? enquiry.stop(question) : enquiry.again(question));
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
        const { flat } = answer;
        key.set({ map: colorsOf(flat, store.state.colors), ...ends, unit: flat.unit, middle: "" });
        const [h1, w1] = flat.size;
        quiet = `${flat.unit} · ${h1} × ${w1}`;
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

const ACCOUNTS: Readonly<Record<string, (account: Readonly<Record<string, number>>) => string>> = {
  "integrated-gradients": ({ relative = 0 }) =>
    `Completeness: ${figure(100 * Math.abs(relative))} % missing.`,
  "local-linear": ({ score = 0, bias = 0 }) => `Of ${figure(score)} the biases hold ${figure(bias)}.`,
  lrp: ({ score = 0, bias = 0, residual = 0 }) =>
    `Of ${figure(score)} the biases took ${figure(bias)}; ${figure(residual)} is missing.`,
  lime: ({ r2 = 0, segments = 0 }) => `R² ${figure(r2)} over ${segments} segments.`,
};

/** What a technique says about itself, in a few words. */
function accountOf({ answer, question }: Card): string {
  const account = answer?.found.account;
  return account ? (ACCOUNTS[question.technique.name]?.(account) ?? "") : "";
}

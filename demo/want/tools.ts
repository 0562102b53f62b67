import { PICTURE_TECHNIQUES } from "../../src/synthesis.ts";
import { h } from "../dom.ts";
import type { WantAnswers } from "./answers.ts";
import { classesOf } from "./controls.ts";
import type { Ask } from "./slice.ts";

/** What can be asked beside what a unit wants, in groups. */
const MENU: readonly (readonly [label: string, asks: readonly (readonly [ask: Ask, title: string])[]])[] = [
  [
    "Of what is selected",
    [
      ["dream", "The picture that it wants"],
      ["wall", "Wall: all channels of the layer"],
    ],
  ],
  ["Of this picture", PICTURE_TECHNIQUES.map(({ name, title }) => [name, title])],
  [
    "Of the answer",
    [
      ["fooling", "Fooling picture"],
      ["attack", "Attack, and defences"],
    ],
  ],
];

/** The question, what it is about, and what else can be asked. */
export function toolsOf(answers: WantAnswers): { readonly element: HTMLElement; draw(): void } {
  const { store } = answers;
  const title = h("h2", {});
  const about = h("select", {
    "aria-label": "What is asked about",
    onchange: () => {
      const { value } = about;
      store.set({ of: value === "unit" ? undefined : value === "answer" ? "answer" : Number(value) });
    },
  });
  const seed = h("button", {
    title: "Grow it again from other random numbers (N)",
    onclick: () => store.set({ seed: store.state.seed + 1 }),
  });
  const offered = MENU.flatMap(([, asks]) =>
    asks.map(([ask, text]) => [ask, h("option", { value: ask }, text)] as const),
  );
  const options = new Map(offered);
  const menu = h(
    "select",
    {
      class: "more",
      "aria-label": "Ask more",
      onchange: () => {
        if (menu.value !== "") answers.toggle(menu.value);
        menu.value = "";
      },
    },
    h("option", { value: "" }, "Ask more…"),
    ...MENU.map(([label, asks]) => {
      const members = asks.map(([ask]) => options.get(ask));
      return h("optgroup", { label }, ...members);
    }),
  );
  const element = h(
    "div",
    { class: "tools" },
    title,
    h("span", { class: "space" }),
    about,
    seed,
    menu,
    h("button", { class: "quiet", onclick: () => store.set({ want: [] }) }, "Clear"),
  );
  return {
    element,
    draw() {
      const { state } = store;
      const { about: words } = answers.asked;
      title.textContent = words === undefined ? "What does it want?" : `What does ${words} want?`;
      title.title = title.textContent;
      drawAbout(about, answers);
      seed.textContent = state.seed === 0 ? "Another seed" : `Another seed (${state.seed})`;
      for (const [ask, option] of options) option.disabled = state.want.includes(ask);
    },
  };
}

/** Offers what can be asked about: what is selected, the class that is asked, any class that has a name. */
function drawAbout(about: HTMLSelectElement, answers: WantAnswers): void {
  const { session, store } = answers;
  const { layer, channel, y, x, of, target } = store.state;
  const option = (value: string, text: string) => h("option", { value }, text);
  const unit = layer !== undefined && channel !== undefined && (session.mapCounts || y !== undefined);
  const best = typeof target === "number" ? target : session.predictions[0]?.index;
  about.replaceChildren(
    ...(unit ? [option("unit", `${layer} · ${channel}${y === undefined ? "" : ` (${y}, ${x})`}`)] : []),
    option("answer", best === undefined ? "the answer" : `${session.nameOf(best)} (answer)`),
    ...classesOf(answers).map(([value, text]) => option(value, text)),
  );
  about.value = typeof of === "number" ? String(of) : of === undefined && unit ? "unit" : "answer";
}

import type { Head } from "../../src/index.ts";
import { h, segmented, slider } from "../dom.ts";
import type { Session } from "../session.ts";
import type { Card } from "../why/enquiry.ts";
import { correlation } from "../why/shade.ts";
import type { ScaleOfMaps } from "../why/slice.ts";
import { pngOf, sheetOfCards } from "../why/take-away.ts";
import { alongView } from "./along.ts";
import { type CardView, cardView } from "./card.ts";
import { download, takeDialog } from "./take.ts";

/** The answers to "Why this?", side by side, with a cursor that they share. */
export function dock(
  session: Session,
  onError: (error: unknown) => void,
  onAsk: () => void,
): { element: HTMLElement; parts: readonly HTMLElement[]; draw(): void; dispose(): void } {
  const { store, enquiry } = session;
  const take = takeDialog(session, onError);
  const title = h("h2", {});
  const scale = segmented<ScaleOfMaps>(
    "Where the colours end",
    [
      ["robust", "Robust"],
      ["raw", "Raw"],
      ["shared", "Shared"],
    ],
    (value) => store.set({ ends: value }),
  );
  scale.element.title =
    "Robust: gradients are clipped at their 99th percentile. Raw: nothing is clipped. Shared: one scale for the classes of a technique.";
  const layer = h(
    "select",
    {
      "aria-label": "Layer whose maps the CAMs weigh",
      title: "Layer whose maps the CAMs weigh",
      onchange: () => store.set({ weighs: layer.value === enquiry.layers.at(-1) ? undefined : layer.value }),
    },
    ...enquiry.layers.map((value) => h("option", { value }, value)),
  );
  const toggle = (text: string, hint: string, change: () => void) =>
    h("button", { class: "toggle", title: hint, onclick: change }, text);
  const along = toggle("Layers", "Grad-CAM at every layer, along the network (L)", () =>
    store.set({ along: !store.state.along }),
  );
  const trust = toggle("Trust", "Measure how far each map can be trusted (T)", () =>
    store.set({ trust: !store.state.trust }),
  );
  const strength = slider("Strength", { min: 0, max: 1, step: 0.01 }, (value) =>
    store.set({ strength: value }),
  );
  const save = async () => {
    try {
      download(await pngOf(sheetOfCards(session, enquiry.cards), 1), "vitrine-why.png");
    } catch (error) {
      onError(error);
    }
  };
  const bar = h(
    "div",
    { class: "tools" },
    title,
    h("span", { class: "space" }),
    strength.element,
    scale.element,
    layer,
    along,
    trust,
    h("button", { title: "Save all maps as one picture", onclick: () => void save() }, "Save all"),
    h("button", { class: "quiet", onclick: () => store.set({ why: [], over: undefined }) }, "Clear"),
  );
  const strip = alongView(session);
  const cards = h("div", { class: "cards", tabIndex: -1 });
  const element = h(
    "section",
    { class: "panel dock hidden", "aria-label": "Why this?" },
    bar,
    strip.element,
    cards,
  );
  const groups = new Map<string, { element: HTMLElement; alike: HTMLElement; row: HTMLElement }>();
  const views = new Map<string, CardView>();

  const groupOf = ({ question: { technique } }: Card) => {
    const known = groups.get(technique.name);
    if (known) return known;
    const alike = h("small", {});
    const row = h("div", { class: "pairing" });
    const unpin = () => store.set({ why: store.state.why.filter((name) => name !== technique.name) });
    const made = {
      alike,
      row,
      element: h(
        "article",
        { class: "group", "aria-label": technique.title },
        h(
          "header",
          { title: technique.summary },
          h("b", {}, technique.title),
          alike,
          h(
            "button",
            { class: "quiet small", "aria-label": `Close ${technique.title}`, onclick: unpin },
            "✕",
          ),
        ),
        row,
      ),
    };
    groups.set(technique.name, made);
    return made;
  };

  let shape = "";
  let shown = 0;
  const draw = () => {
    const all = enquiry.cards;
    const { state } = store;
    element.classList.toggle("hidden", all.length === 0);
    document.body.classList.toggle("asked", all.length > 0);
    const about = [...new Set(all.map((card) => card.about))];
    title.textContent = `Why ${about.join(" or ")}?`;
    scale.set(state.ends);
    layer.value = enquiry.layers.find((name) => name === state.weighs) ?? enquiry.layers.at(-1) ?? "";
    layer.classList.toggle("hidden", !all.some(({ question }) => question.technique.weighsMaps));
    along.setAttribute("aria-pressed", String(state.along));
    trust.setAttribute("aria-pressed", String(state.trust));
    strength.set(state.strength, `${Math.round(100 * state.strength)} %`);
    const ids = all.map(({ id }) => id);
    const now = ids.join();
    const anew = now !== shape;
    if (anew) {
      for (const id of views.keys()) if (!ids.includes(id)) views.delete(id);
      for (const name of groups.keys()) if (!state.why.includes(name)) groups.delete(name);
      for (const { row } of groups.values()) row.replaceChildren();
      for (const card of all) {
        const view = views.get(card.id) ?? cardView(session, card, take.show);
        views.set(card.id, view);
        groupOf(card).row.append(view.element);
      }
      cards.replaceChildren(...state.why.flatMap((name) => groups.get(name)?.element ?? []));
    }
    const over = enquiry.over?.id;
    for (const card of all) views.get(card.id)?.draw(card, card.id === over);
    for (const [name, { alike }] of groups) alike.textContent = likeness(session.head, all, name);
    strip.draw();
    if (anew) {
      const more = state.why.length > shown;
      if (more && shown > 0) cards.scrollTo({ left: cards.scrollWidth });
      [shape, shown] = [now, state.why.length];
      if (more) onAsk();
    }
  };
  const stops = [
    enquiry.changed.listen(draw),
    store.listen((_, changed) => {
      if (["strength", "colors", "ends"].some((key) => changed.has(key as "ends"))) draw();
    }),
    enquiry.cursor.listen((at) => {
      for (const view of views.values()) view.point(at);
      strip.point(at);
    }),
  ];
  return {
    element,
    parts: [element, take.element],
    draw,
    dispose() {
      for (const stop of stops) stop();
      document.body.classList.remove("asked");
    },
  };
}

/** How like the maps of two classes are, in words. */
function likeness({ scores, channels }: Head, cards: readonly Card[], name: string): string {
  // The sides of a yes or no are one score and its opposite: their maps are alike by nature.
  if (scores === "sigmoid" && channels === 1) return "";
  const [a, b] = cards.filter(({ question }) => question.technique.name === name);
  if (!a?.answer || !b?.answer) return "";
  const alike = correlation(a.answer.flat.values, b.answer.flat.values);
  if (!Number.isFinite(alike)) return "";
  const figures = `r ${alike.toFixed(2).replace("-", "−")}`;
  return alike > 0.9 ? `${figures}: hardly depends on the class` : figures;
}

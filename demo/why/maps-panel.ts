import type { Head } from "../../src/graph.ts";
import { h, segmented, slider } from "../dom.ts";
import { download } from "../download.ts";
import type { MountedPanel, Panel, PanelHost } from "../panels/panel.ts";
import type { Card, WhyAnswers } from "./answers.ts";
import { type CardView, cardView } from "./card-view.ts";
import { correlation } from "./color-ends.ts";
import type { Decoder } from "./decoder.ts";
import { decoderView } from "./decoder-view.ts";
import { pngOf, sheetOfCards } from "./export-figure.ts";
import { layerMapsView } from "./layer-maps.ts";
import { saveDialog } from "./save-dialog.ts";
import type { ScaleOfMaps } from "./slice.ts";

/** The answers to "Why this?": maps side by side, with a cursor that they share. They tell when they are to be drawn. */
export function mapsPanel(answers: WhyAnswers, decoder: Decoder): Panel {
  return { title: "Why", place: "bottom", needs: [], mount: (host) => mount(answers, decoder, host) };
}

function mount(
  answers: WhyAnswers,
  decoder: Decoder,
  { session, fail, show, bringForward }: PanelHost,
): MountedPanel {
  const { store } = answers;
  const dialog = saveDialog(answers, fail);
  const title = h("h2", {});
  const scale = segmented<ScaleOfMaps>(
    "Range of the colours",
    [
      ["robust", "Robust"],
      ["raw", "Raw"],
      ["shared", "Shared"],
    ],
    (value) => store.set({ ends: value }),
  );
  scale.element.title =
    "Robust: gradients are clipped at their 99th percentile. Raw: nothing is clipped. Shared: one scale for the classes of a technique.";
  const layer = h("select", {
    "aria-label": "Layer whose maps the CAMs weigh",
    title: "Layer whose maps the CAMs weigh",
    onchange: () => store.set({ weighs: layer.value === answers.layers.at(-1) ? undefined : layer.value }),
  });
  const toggle = (text: string, hint: string, change: () => void) =>
    h("button", { class: "toggle", title: hint, onclick: change }, text);
  const layers = toggle("Layers", "Grad-CAM at every layer, along the network (L)", () =>
    store.set({ layerMaps: !store.state.layerMaps }),
  );
  const growing = toggle("Decoder", "The decoder’s maps from coarse to fine (G)", () =>
    store.set({ decoder: !store.state.decoder }),
  );
  const trust = toggle("Trust", "Measure how far each map can be trusted (T)", () =>
    store.set({ trust: !store.state.trust }),
  );
  const strength = slider("Strength", { min: 0, max: 1, step: 0.01 }, (value) =>
    store.set({ strength: value }),
  );
  const save = async () => {
    try {
      download(await pngOf(sheetOfCards(answers), 1), "vitrine-why.png");
    } catch (error) {
      fail(error);
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
    layers,
    growing,
    trust,
    h("button", { title: "Save all maps as one picture", onclick: () => void save() }, "Save all"),
    h("button", { class: "quiet", onclick: () => store.set({ why: [], over: undefined }) }, "Clear"),
  );
  const layerMaps = layerMapsView(answers);
  const decoderMaps = decoderView(answers, decoder);
  const cards = h("div", { class: "cards", tabIndex: -1 });
  const element = h(
    "section",
    { class: "panel dock", "aria-label": "Why this?" },
    bar,
    layerMaps.element,
    decoderMaps.element,
    cards,
  );
  const groups = new Map<string, { element: HTMLElement; alike: HTMLElement; row: HTMLElement }>();
  const views = new Map<string, CardView>();

  const groupOf = ({ request: { technique } }: Card) => {
    const known = groups.get(technique.name);
    if (known) return known;
    const alike = h("small", {});
    const row = h("div", { class: "pairing" });
    const unpin = () => store.set({ why: store.state.why.filter((name) => name !== technique.name) });
    const group = {
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
    groups.set(technique.name, group);
    return group;
  };

  let offered = "";
  let shape = "";
  let shown = 0;
  const draw = () => {
    const all = answers.cards;
    const { state } = store;
    show(all.length > 0);
    title.textContent = answers.question;
    scale.set(state.ends);
    const { layers: weighable } = answers;
    if (weighable.join("\n") !== offered) {
      offered = weighable.join("\n");
      layer.replaceChildren(...weighable.map((value) => h("option", { value }, value)));
    }
    layer.value = weighable.find((name) => name === state.weighs) ?? weighable.at(-1) ?? "";
    layer.classList.toggle("hidden", !all.some(({ request }) => request.technique.weighsMaps));
    layers.setAttribute("aria-pressed", String(state.layerMaps));
    growing.classList.toggle("hidden", decoder.layers.length === 0);
    growing.setAttribute("aria-pressed", String(state.decoder));
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
        const view = views.get(card.id) ?? cardView(answers, card, dialog.show);
        views.set(card.id, view);
        groupOf(card).row.append(view.element);
      }
      cards.replaceChildren(...state.why.flatMap((name) => groups.get(name)?.element ?? []));
    }
    const over = answers.over?.id;
    for (const card of all) views.get(card.id)?.draw(card, card.id === over);
    for (const [name, { alike }] of groups) alike.textContent = likeness(session.head, all, name);
    layerMaps.draw();
    decoderMaps.draw();
    if (anew) {
      const more = state.why.length > shown;
      if (more && shown > 0) cards.scrollTo({ left: cards.scrollWidth });
      [shape, shown] = [now, state.why.length];
      if (more) bringForward();
    }
  };
  const stops = [
    answers.changed.listen(draw),
    decoder.changed.listen(() => decoderMaps.draw()),
    session.cursor.listen((at) => {
      for (const view of views.values()) view.point(at);
      layerMaps.point(at);
    }),
  ];
  return {
    element,
    draw,
    dispose() {
      for (const stop of stops) stop();
      dialog.dispose();
    },
  };
}

/** The likeness of the maps of two classes, in words. */
function likeness({ scores, channels }: Head, cards: readonly Card[], name: string): string {
  // The sides of a yes or no are one score and its opposite: their maps are alike by nature.
  if (scores === "sigmoid" && channels === 1) return "";
  const [a, b] = cards.filter(({ request }) => request.technique.name === name);
  if (!a?.answer || !b?.answer) return "";
  const alike = correlation(a.answer.robust.values, b.answer.robust.values);
  if (!Number.isFinite(alike)) return "";
  const figures = `r ${alike.toFixed(2).replace("-", "−")}`;
  return alike > 0.9 ? `${figures}: hardly depends on the class` : figures;
}

import { classColor } from "../../src/figures.ts";
import { h, slider } from "../dom.ts";
import { headChoice } from "../panels/head-choice.ts";
import type { MountedPanel, Panel, PanelHost } from "../panels/panel.ts";
import { inPercent } from "../percent.ts";
import type { Session } from "../session.ts";
import type { SharedState } from "../state/shared.ts";
import type { Store } from "../state/store.ts";
import { subject } from "../state/subject.ts";
import { placeOf } from "./draw-classes.ts";
import { type PlacesState, placesSlice } from "./slice.ts";

/** The classes that the picture has: their colours, their names, and the share of the picture that each has. */
export function classesPanel(session: Session, store: Store<SharedState & PlacesState>): Panel {
  return {
    title: "What is where",
    place: "left",
    needs: [subject, placesSlice],
    mount: (host) => mount(session, store, host),
  };
}

function mount(session: Session, store: Store<SharedState & PlacesState>, { show }: PanelHost): MountedPanel {
  const list = h("ol", { class: "answers classes", "aria-label": "Classes in the picture" });
  const choice = headChoice(session, "answer");
  const lay = h(
    "button",
    {
      class: "toggle",
      title: "The classes over the picture (O)",
      onclick: () => store.set({ classes: !store.state.classes }),
    },
    "Over the picture",
  );
  const cover = slider("Strength", { min: 0, max: 1, step: 0.01 }, (value) =>
    store.set({ cover: value, classes: true }),
  );
  const element = h(
    "section",
    { class: "where" },
    h("h2", {}, "What is where", h("small", {}, "share of the picture")),
    list,
    h("div", { class: "row" }, lay, cover.element),
    h("p", { class: "note" }, "Click the picture: why here?"),
    choice.element,
  );
  const rows = new Map<number, HTMLElement>();

  const drawList = () => {
    const { labels } = session;
    show(labels !== undefined);
    rows.clear();
    if (!labels) return;
    const { target } = store.state;
    const named = labels.areas.map(({ index, name, share }) => {
      const color = h("i", { class: "swatch" });
      color.style.background = `rgb(${classColor(index).join(" ")})`;
      const button = h(
        "button",
        {
          title: `number ${index}: ask about it wherever it is`,
          "aria-pressed": String(target === index),
          onclick: () => store.set({ target: target === index ? undefined : index, at: undefined }),
        },
        color,
        h("span", {}, name),
        h("span", {}, inPercent(100 * share)),
      );
      button.style.setProperty("--share", `${(100 * share).toFixed(2)}%`);
      rows.set(index, button);
      return h("li", {}, button);
    });
    const rest = 1 - labels.areas.reduce((sum, { share }) => sum + share, 0);
    // What is left of a sum of shares is no place.
    const none = Math.round(rest * labels.data.length) > 0;
    list.replaceChildren(
      ...named,
      ...(none
        ? [h("li", { class: "none" }, h("span", {}, "no class"), h("span", {}, inPercent(100 * rest)))]
        : []),
    );
    choice.draw();
  };
  const stops = [
    session.answered.listen(drawList),
    session.cursor.listen((at) => {
      const { labels } = session;
      const index = at && labels?.data[placeOf(labels, at, session.inputSize)];
      for (const [row, button] of rows) button.classList.toggle("pointed", row === index);
    }),
  ];
  return {
    element,
    draw(changed) {
      const { classes, cover: strength } = store.state;
      lay.setAttribute("aria-pressed", String(classes));
      cover.set(strength, `${Math.round(100 * strength)} %`);
      // Another output is drawn when it has answered.
      if (!changed || changed.has("target")) drawList();
    },
    dispose() {
      for (const stop of stops) stop();
    },
  };
}

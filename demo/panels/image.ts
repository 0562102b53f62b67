import { type MapPlace, receptiveField } from "../../src/graph.ts";
import { cursorOver, putAt } from "../cursor-over.ts";
import { h } from "../dom.ts";
import { paint } from "../pixels.ts";
import { drawSample, isSample, randomSample, SAMPLES } from "../samples.ts";
import { picture } from "../state/picture.ts";
import { selection } from "../state/selection.ts";
import { subject } from "../state/subject.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";
import { preprocessingChoice } from "./preprocessing-choice.ts";

/** The picture that the network sees, a few to choose from, and ways to bring one's own. */
export const imagePanel: Panel = {
  title: "Image",
  place: "left",
  needs: [picture, selection, subject],
  mount,
};

function mount({ session, openFiles }: PanelHost): MountedPanel {
  const { store } = session;
  const title = h("small", {});
  const sees = h("div", { class: "sees hidden" });
  session.composed.setAttribute("role", "img");
  session.composed.setAttribute("aria-label", "The image as the network sees it");
  const cross = h("i", { class: "cross hidden" });
  const mark = h("i", { class: "mark hidden" });
  const frame = h("div", { class: "picture" }, session.composed, sees, mark, cross);
  const prepared = preprocessingChoice(session, "picture");
  const samples = h("div", { class: "samples", role: "group", "aria-label": "Sample pictures" });
  const buttons = new Map<string, HTMLButtonElement>();
  const element = h(
    "section",
    {},
    h("h2", {}, "Image", title),
    frame,
    prepared.element,
    samples,
    h(
      "div",
      { class: "row" },
      h(
        "button",
        {
          class: "grow",
          title: "A random picture (Space)",
          onclick: () => store.set({ image: randomSample() }),
        },
        "Next picture",
      ),
      h(
        "button",
        {
          class: "grow",
          title: "A picture, or a model: model.json with its weights, .onnx, .keras, .h5, .zip",
          onclick: openFiles,
        },
        "Open…",
      ),
    ),
  );

  const press = () => {
    for (const [name, button] of buttons) {
      button.setAttribute("aria-pressed", String(name === store.state.image));
    }
  };
  void (async () => {
    for (const name of SAMPLES) {
      if (session.disposed) return;
      const canvas = document.createElement("canvas");
      const label = `Picture ${buttons.size + 1}`;
      const button = h(
        "button",
        { "aria-label": label, "aria-pressed": "false", onclick: () => store.set({ image: name }) },
        canvas,
      );
      buttons.set(name, button);
      samples.append(button);
      paint(canvas, await drawSample(session.device, name, 48));
    }
    press();
  })().catch(() => {});

  const [height, width] = session.inputSize;
  const outline = (unit: (MapPlace & { readonly layer: string }) | undefined) => {
    sees.classList.toggle("hidden", unit === undefined);
    const form = session.room.exhibitOf(unit?.layer)?.form;
    if (!unit || !form) return;
    const { layer } = unit;
    const { inside } = receptiveField(session.graph, { layer, ...form.placeOf(unit) });
    const percent = (value: number, of: number) => `${((100 * value) / of).toFixed(2)}%`;
    sees.style.left = percent(inside.left, width);
    sees.style.top = percent(inside.top, height);
    sees.style.width = percent(inside.right - inside.left, width);
    sees.style.height = percent(inside.bottom - inside.top, height);
  };
  cursorOver(session.composed, session.composed, session);
  const selected = () => {
    const { layer, channel = 0, y, x } = store.state;
    return layer !== undefined && y !== undefined && x !== undefined ? { layer, channel, y, x } : undefined;
  };
  const stops = [
    session.cursor.listen((at) => {
      cross.classList.toggle("hidden", !at || !session.overlaid());
      if (at) putAt(cross, at, session.inputSize);
    }),
    session.hovered.listen(({ hovered }) => outline(hovered ?? selected())),
    session.shownPicture.listen((shown) => {
      title.textContent = shown.title;
      title.title = isSample(store.state.image)
        ? `picture ${store.state.image} of the synthetic data set`
        : shown.title;
      outline(selected());
      prepared.draw();
    }),
  ];
  return {
    element,
    draw() {
      press();
      outline(selected());
      const { at } = store.state;
      mark.classList.toggle("hidden", !at);
      if (at) putAt(mark, { y: at[0], x: at[1] }, session.inputSize);
    },
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

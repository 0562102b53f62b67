import { h } from "../dom.ts";
import type { MountedPanel, Panel, PanelHost } from "../panels/panel.ts";
import { selection } from "../state/selection.ts";
import { subject } from "../state/subject.ts";
import type { WantAnswers } from "./answers.ts";
import { factsView } from "./facts.ts";
import { pictureView } from "./picture-view.ts";
import { saveDialog } from "./save-dialog.ts";
import { wantSlice } from "./slice.ts";
import { toolsOf } from "./tools.ts";
import { wallView } from "./wall-view.ts";

/** The answers to "What does it want?": pictures that grow side by side. */
export function picturesPanel(answers: WantAnswers): Panel {
  return {
    title: "Want",
    place: "bottom",
    needs: [selection, subject, wantSlice],
    mount: (host) => mount(answers, host),
  };
}

function mount(answers: WantAnswers, { session, fail, show, bringForward }: PanelHost): MountedPanel {
  const { store } = answers;
  const dialog = saveDialog(answers, fail);
  const tools = toolsOf(answers);
  const dreamOf = pictureView(answers, dialog.dream);
  const facts = factsView(session);
  const says = h("p", { class: "note" });
  const dreamGroup = h(
    "article",
    { class: "group dreamt", "aria-label": "What it wants" },
    dreamOf.element,
    h("div", { class: "beside" }, facts.element, says),
  );
  const deepOf = pictureView(answers, dialog.deepDream);
  const deepGroup = h("article", { class: "group", "aria-label": "DeepDream" }, deepOf.element);
  const wallOf = wallView(answers, dialog.wall);
  const missing = h("p", { class: "note missing", role: "status" });
  const cards = h("div", { class: "cards", tabIndex: -1 }, dreamGroup, deepGroup, wallOf.element, missing);
  const element = h(
    "section",
    { class: "panel dock wanted", "aria-label": "What does it want?" },
    tools.element,
    cards,
  );

  let shown = 0;
  const draw = () => {
    const { state } = store;
    const { dream, deepDream, layer, subject: asked } = answers;
    const { want } = state;
    show(want.length > 0);
    if (want.length > 0) {
      dreamGroup.classList.toggle("hidden", !dream);
      if (dream) {
        const { found, about } = dream;
        dreamOf.draw(dream, {
          head: about,
          label: `${answers.growth.technique.title}, ${about}`,
          caption: found ? `${found.shape[1]} × ${found.shape[0]}, ${answers.growth.steps} steps` : "",
          empty: found?.dead ?? false,
        });
        facts.draw(found, asked);
        const few = session.software && state.steps === undefined ? "In few steps: software adapter." : "";
        says.textContent = found ? few : `${answers.growth.technique.summary}. ${few}`;
      }
      deepGroup.classList.toggle("hidden", !deepDream);
      if (deepDream) {
        deepOf.draw(deepDream, {
          head: `More of ${deepDream.about}`,
          label: `DeepDream, ${deepDream.about}`,
          caption: "The picture, with more of what the layer sees in it.",
          empty: false,
        });
      }
      wallOf.draw(answers.wall);
      const lacks = layer === undefined && want.some((ask) => ask !== "dream");
      missing.textContent = lacks ? "Select a layer for its wall, or to dream of the picture." : "";
      missing.classList.toggle("hidden", !lacks);
    }
    if (want.length > shown) bringForward();
    shown = want.length;
  };
  const drawAll = () => {
    tools.draw();
    draw();
  };
  const stops = [answers.changed.listen(draw), session.answered.listen(drawAll)];
  return {
    element,
    draw: drawAll,
    dispose() {
      for (const stop of stops) stop();
      dialog.dispose();
    },
  };
}

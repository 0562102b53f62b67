import { h } from "../dom.ts";
import type { MountedPanel, Panel, PanelHost } from "../panels/panel.ts";
import { selection } from "../state/selection.ts";
import { subject } from "../state/subject.ts";
import type { WantAnswers } from "./answers.ts";
import { type CardView, cardView } from "./card-view.ts";
import { saveDialog } from "./save-dialog.ts";
import { type Ask, wantSlice } from "./slice.ts";
import { toolsOf } from "./tools.ts";

/** The answers to "What does it want?": cards of pictures that grow side by side. */
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
  const views = new Map<Ask, CardView>();
  const cards = h("div", { class: "cards", tabIndex: -1 });
  const element = h(
    "section",
    { class: "panel dock wanted", "aria-label": "What does it want?" },
    tools.element,
    cards,
  );

  const viewOf = (ask: Ask): CardView => {
    const view = views.get(ask) ?? cardView(ask, answers, dialog.show, fail);
    views.set(ask, view);
    return view;
  };
  let standing = "";
  let shown = 0;
  const draw = () => {
    const { want } = store.state;
    show(want.length > 0);
    const wanted = answers.cards;
    const stand = wanted.map(({ ask }) => ask).join();
    if (stand !== standing) {
      standing = stand;
      cards.replaceChildren(...wanted.map(({ ask }) => viewOf(ask).element));
      for (const ask of views.keys()) if (!want.includes(ask)) views.delete(ask);
    }
    for (const card of wanted) viewOf(card.ask).draw(card);
    if (want.length > shown) {
      bringForward();
      cards.lastElementChild?.scrollIntoView({ inline: "nearest", block: "nearest" });
    }
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

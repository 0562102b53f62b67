import { h } from "../dom.ts";
import type { MountedPanel, Panel } from "../panels/panel.ts";
import { selection } from "../state/selection.ts";
import { subject } from "../state/subject.ts";
import type { WantAnswers } from "./answers.ts";
import { wantSlice } from "./slice.ts";

/** The button that asks, at the foot of what is selected. */
export function askPanel(answers: WantAnswers): Panel {
  return {
    title: "What does it want?",
    place: "right",
    needs: [selection, subject, wantSlice],
    mount: ({ session }) => mount(answers, session.answered.listen.bind(session.answered)),
  };
}

function mount(answers: WantAnswers, onAnswer: (draw: () => void) => () => void): MountedPanel {
  const button = h("button", {
    class: "primary",
    title: "Grow the picture that it wants most (V)",
    onclick: () => answers.toggle("dream"),
  });
  const element = h("section", { class: "wants" }, button);
  const draw = () => {
    const { about } = answers.asked;
    const asked = answers.store.state.want.includes("dream");
    button.textContent = `What does ${about ?? "it"} want?`;
    button.setAttribute("aria-pressed", String(asked));
    button.disabled = about === undefined && !asked;
  };
  return { element, draw, dispose: onAnswer(draw) };
}

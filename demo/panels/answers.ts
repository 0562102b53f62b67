import { h } from "../dom.ts";
import type { Session } from "../session.ts";

/** What the network says: its five strongest classes as bars. Choosing one makes it the target of questions. */
export function answersPanel(session: Session): { element: HTMLElement; dispose(): void } {
  const { store } = session;
  const list = h("ol", { class: "answers", "aria-live": "polite" });
  const element = h("section", {}, h("h2", {}, "What it says", h("small", {}, "probability")), list);
  const draw = () => {
    const { target } = store.state;
    list.replaceChildren(
      ...session.answers.map(({ index, label, probability, logit }) => {
        const percent = 100 * probability;
        const button = h(
          "button",
          {
            title: `class ${index}, logit ${logit.toFixed(2)}: make it the target`,
            "aria-pressed": String(target === index),
            onclick: () => store.set({ target: target === index ? undefined : index }),
          },
          h("span", {}, label ?? `class ${index}`),
          h("span", {}, `${percent >= 99.95 ? "100" : percent < 0.05 ? "< 0.1" : percent.toFixed(1)} %`),
        );
        button.style.setProperty("--share", `${percent.toFixed(2)}%`);
        return h("li", {}, button);
      }),
    );
  };
  const stops = [
    session.answered.listen(draw),
    store.listen((_, changed) => changed.has("target") && draw()),
  ];
  return {
    element,
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

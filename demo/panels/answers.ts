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
      ...session.answers.map(({ index, label, probability, logit, value, share }) => {
        const score =
          logit === undefined ? `value ${(value ?? 0).toPrecision(4)}` : `logit ${logit.toFixed(2)}`;
        const part = share ?? probability;
        const percent = part === undefined ? undefined : 100 * part;
        const button = h(
          "button",
          {
            title: `class ${index}, ${score}: make it the target`,
            "aria-pressed": String(target === index),
            onclick: () => store.set({ target: target === index ? undefined : index }),
          },
          h("span", {}, label ?? `class ${index}`),
          h("span", {}, percent === undefined ? (value ?? 0).toPrecision(4) : inPercent(percent)),
        );
        button.style.setProperty("--share", `${(percent ?? 0).toFixed(2)}%`);
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

function inPercent(percent: number): string {
  return `${percent >= 99.95 ? "100" : percent < 0.05 ? "< 0.1" : percent.toFixed(1)} %`;
}

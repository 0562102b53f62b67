import type { Head } from "../../src/graph.ts";
import type { Prediction } from "../../src/index.ts";
import { figure, h } from "../dom.ts";
import { inPercent } from "../percent.ts";
import { subject } from "../state/subject.ts";
import { headChoice } from "./head-choice.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";

/** The meaning of the number behind each answer. */
function unitOf({ kind, scores, channels }: Head): string {
  if (kind === "places") return scores === "values" ? "mean over all places" : "share of the picture";
  if (kind === "values") return "value";
  if (kind === "softmax") return "probability";
  return channels === 1 ? "probability, yes or no" : "probability of each";
}

/** A score in words: the logit, or the value. */
function scoreOf({ logit, value }: Prediction): string {
  return logit === undefined ? `value ${figure(value ?? 0)}` : `logit ${logit.toFixed(2).replace("-", "−")}`;
}

/** The network's answer: its strongest classes or labels as bars, or its values. Choosing one makes it the target of questions. */
export const predictionsPanel: Panel = { title: "What it says", place: "left", needs: [subject], mount };

function mount({ session, show }: PanelHost): MountedPanel {
  const { store } = session;
  const unit = h("small", {});
  const list = h("ol", { class: "answers", "aria-live": "polite" });
  const broken = h("p", { class: "note warn hidden", role: "status" });
  const choice = headChoice(session, "answer");
  const element = h("section", {}, h("h2", {}, "What it says", unit), list, broken, choice.element);
  const draw = () => {
    // Classes of places have a legend of their own.
    show(session.labels === undefined);
    const { target } = store.state;
    const { head } = session;
    unit.textContent = unitOf(head);
    choice.draw();
    broken.textContent = session.broken ?? "";
    broken.classList.toggle("hidden", !session.broken);
    list.classList.toggle("plain", head.kind === "values");
    list.replaceChildren(
      ...session.predictions.map((answer) => {
        const { index, probability, share, value } = answer;
        const part = share ?? probability;
        const name = session.nameOf(index);
        const button = h(
          "button",
          {
            title: `number ${index}, ${scoreOf(answer)}: make it the target`,
            "aria-pressed": String(target === index),
            onclick: () => store.set({ target: target === index ? undefined : index }),
          },
          h("span", {}, name),
          h("span", {}, part === undefined ? figure(value ?? 0) : inPercent(100 * part)),
        );
        button.style.setProperty("--share", `${(100 * (part ?? 0)).toFixed(2)}%`);
        return h("li", {}, button);
      }),
    );
  };
  return {
    element,
    draw(changed) {
      // Another output is drawn when it has answered.
      if (changed?.has("target")) draw();
    },
    dispose: session.answered.listen(draw),
  };
}

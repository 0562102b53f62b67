import type { SyntheticPicture } from "../../src/synthesis.ts";
import { figure, h } from "../dom.ts";
import { inPercent } from "../percent.ts";
import type { Session } from "../session.ts";
import type { Subject } from "../subjects.ts";
import { curvePlot } from "./curve.ts";

/** What is measured of a subject. */
export function measureOf(subject: Subject, { head }: Session): string {
  if (typeof subject === "number") return head.scores === "values" ? "Value" : "Logit";
  return subject.y === undefined ? "Mean activation" : "Activation";
}

/** What is known of a picture that has grown: how it climbed, what the network sees in it, and whether it shows anything. */
export function factsView(session: Session): {
  readonly element: HTMLElement;
  draw(picture: SyntheticPicture | undefined, subject: Subject | undefined): void;
} {
  const element = h("div", { class: "account", "aria-live": "polite" });
  let drawn: SyntheticPicture | undefined;
  return {
    element,
    draw(picture, subject) {
      element.classList.toggle("hidden", !picture);
      if (picture === drawn) return;
      drawn = picture;
      if (!picture || subject === undefined) return;
      const { curve, value, prediction, probability, notes = [] } = picture;
      const rows: [term: string, value: string][] = [[measureOf(subject, session), figure(value)]];
      if (prediction) {
        const { index, probability: best, share } = prediction;
        const part = best ?? share;
        const says = session.nameOf(index);
        rows.push(["Network says", part === undefined ? says : `${says}, ${inPercent(100 * part)}`]);
        if (probability !== undefined && index !== subject && typeof subject === "number") {
          rows.push([session.nameOf(subject), inPercent(100 * probability)]);
        }
      }
      element.replaceChildren(
        curvePlot(curve),
        h(
          "dl",
          { class: "facts" },
          ...rows.flatMap(([term, said]) => [h("dt", {}, term), h("dd", {}, said)]),
        ),
        ...notes.map((note) => h("p", { class: "note warn" }, note)),
        h("p", { class: "note" }, "Measured of the picture in 8 bits, without random moves."),
      );
    },
  };
}

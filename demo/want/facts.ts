import type { SyntheticPicture } from "../../src/synthesis.ts";
import { figure, h } from "../dom.ts";
import { inPercent } from "../percent.ts";
import type { Session } from "../session.ts";
import type { Subject } from "../subjects.ts";
import type { Grown } from "./card.ts";
import { curvePlot } from "./curve.ts";

/** What is measured of a subject. */
export function measureOf(subject: Subject, { head }: Session): string {
  if (typeof subject === "number") return head.scores === "values" ? "Value" : "Logit";
  return subject.y === undefined ? "Mean activation" : "Activation";
}

type Row = readonly [term: string, value: string];

/** What is known of pictures that have grown: how they climbed, and what the network sees in them. */
export function factsView(session: Session): {
  readonly element: HTMLElement;
  draw(grown: Grown | undefined, subject: Subject | undefined): void;
} {
  const element = h("div", { class: "account", "aria-live": "polite" });
  let drawn: Grown | undefined;
  return {
    element,
    draw(grown, subject) {
      element.classList.toggle("hidden", !grown);
      if (grown === drawn) return;
      drawn = grown;
      if (!grown) return;
      const [picture] = grown.pictures;
      const { curve, judged } = picture ?? {};
      const rows: Row[] = [...(judged && subject !== undefined ? rowsOf(judged, subject, session) : [])];
      rows.push(...(grown.facts ?? []));
      element.replaceChildren(
        ...(curve && curve.length > 1 ? [curvePlot(curve)] : []),
        h(
          "dl",
          { class: "facts" },
          ...rows.flatMap(([term, said]) => [h("dt", {}, term), h("dd", {}, said)]),
        ),
        ...(grown.notes ?? []).map((note) => h("p", { class: "note" }, note)),
        ...(judged
          ? [h("p", { class: "note" }, "Measured of the picture in 8 bits, without random moves.")]
          : []),
      );
    },
  };
}

/** A number that is not torn from its unit. */
const whole = (text: string): string => text.replaceAll(" ", "\u00a0");

/** What a technique knows of a picture that it has judged. */
function rowsOf(
  { value, prediction, probability }: SyntheticPicture,
  subject: Subject,
  session: Session,
): Row[] {
  const rows: Row[] = [[measureOf(subject, session), figure(value)]];
  if (!prediction) return rows;
  const { index, probability: best, share } = prediction;
  const part = best ?? share;
  const says = session.nameOf(index);
  rows.push(["Network says", part === undefined ? says : `${says}, ${whole(inPercent(100 * part))}`]);
  if (probability !== undefined && index !== subject && typeof subject === "number") {
    rows.push([session.nameOf(subject), inPercent(100 * probability)]);
  }
  return rows;
}

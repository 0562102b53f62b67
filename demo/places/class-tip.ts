import { probabilitiesOf } from "../../src/graph.ts";
import { h } from "../dom.ts";
import type { MountedPanel, Panel } from "../panels/panel.ts";
import { inPercent } from "../percent.ts";
import type { Session } from "../session.ts";
import type { InputPixel } from "../subjects.ts";
import { placeOf } from "./draw-classes.ts";

/** The class under the cursor on the picture, beside it. */
export function classTip(session: Session): Panel {
  return { title: "Class", place: "over", needs: [], mount: () => mount(session) };
}

function mount(session: Session): MountedPanel {
  const { composed: picture } = session;
  const element = h("div", { class: "tip hidden", role: "status" });
  const says = ({ y, x }: InputPixel): readonly [what: string, probability: string] | undefined => {
    const { head, labels } = session;
    if (!labels) return undefined;
    const place = placeOf(labels, { y, x }, session.inputSize);
    const index = labels.data[place] ?? -1;
    if (index < 0) return ["no class", ""];
    const { data } = labels.scores;
    const here = data.subarray(place * head.channels, (place + 1) * head.channels);
    const probability = probabilitiesOf(head, here as Float32Array)?.[index];
    return [session.nameOf(index), probability === undefined ? "" : inPercent(100 * probability)];
  };
  const stop = session.cursor.listen((at) => {
    const here = picture.matches(":hover, :focus-visible");
    const said = at && here ? says(at) : undefined;
    element.classList.toggle("hidden", !said);
    if (!at || !said) return;
    const [what, probability] = said;
    element.replaceChildren(
      h("b", {}, what),
      probability ? ` ${probability}` : "",
      h("div", {}, `(y ${at.y}, x ${at.x})${probability ? " · click: why here?" : ""}`),
    );
    const [height, width] = session.inputSize;
    const box = picture.getBoundingClientRect();
    const { width: wide, height: tall } = element.getBoundingClientRect();
    const left = box.left + ((at.x + 0.5) / width) * box.width + 16;
    const top = box.top + ((at.y + 0.5) / height) * box.height + 20;
    element.style.transform = `translate(${Math.min(left, innerWidth - wide - 8)}px, ${
      top + tall > innerHeight ? top - tall - 32 : top
    }px)`;
  });
  return { element, dispose: stop };
}

import { h } from "../dom.ts";
import { turnPage } from "../navigation.ts";
import type { Exhibit } from "../room/exhibit.ts";
import type { Session } from "../session.ts";

/** The numbers of the maps that are shown of an open layer, where not all are at once, and buttons to the others. */
export function pagingOf(session: Session): { readonly element: HTMLElement; draw(exhibit: Exhibit): void } {
  const shown = h("span", { class: "grow", "aria-live": "polite" });
  const turn = (by: -1 | 1) => {
    const label = by < 0 ? "The maps before" : "The maps after";
    const title = `${label} (Page ${by < 0 ? "Up" : "Down"})`;
    const props = { class: "small", "aria-label": label, title, onclick: () => turnPage(session, by) };
    return h("button", props, by < 0 ? "‹" : "›");
  };
  const [back, on] = [turn(-1), turn(1)];
  const element = h(
    "div",
    { class: "row", role: "group", "aria-label": "Maps that are shown" },
    back,
    shown,
    on,
  );
  return {
    element,
    draw({ goal, size: [, , channels] }) {
      const { first, maps } = goal.placing;
      element.classList.toggle("hidden", maps === channels);
      shown.textContent = `Maps ${first}${maps > 1 ? `–${first + maps - 1}` : ""} of ${channels}`;
      back.disabled = first === 0;
      on.disabled = first + maps >= channels;
    },
  };
}

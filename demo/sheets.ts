import { h } from "./dom.ts";
import { Emitter } from "./emitter.ts";

const SMALL = matchMedia("(max-width: 820px)");

/** The panels as a phone has them: sheets over the room, one at a time, with a tab for each. */
export interface Sheets {
  readonly tabs: HTMLElement;
  /** Another sheet is open, or none. */
  readonly changed: Emitter<void>;
  /** True if the page is as narrow as a phone. */
  readonly small: boolean;
  /** Adds a sheet, whose tab is not offered yet. */
  add(title: string, element: HTMLElement): void;
  /** Offers a sheet's tab, or takes it away. */
  offer(title: string, offered: boolean): void;
  /** Opens a sheet, on a phone, in place of one that is always there, which is where the reader asked. */
  bringForward(title: string): void;
}

/** @param first the sheets whose tabs are always there, after that of the room. */
export function createSheets(first: readonly (readonly [title: string, element: HTMLElement])[]): Sheets {
  const changed = new Emitter<void>();
  const tabs = h("nav", { class: "tabs", "aria-label": "Sheets" });
  const sheets = new Map<string, { readonly tab: HTMLElement; readonly element: HTMLElement | undefined }>();
  let open = "Room";

  const show = (title: string) => {
    open = title;
    for (const [name, { tab, element }] of sheets) {
      tab.setAttribute("aria-pressed", String(name === open));
      element?.classList.toggle("open-sheet", name === open);
    }
    document.body.classList.toggle("under-sheet", open !== "Room");
    changed.emit();
  };
  const add = (title: string, element: HTMLElement | undefined): HTMLElement => {
    const tab = h("button", { "aria-pressed": String(title === open), onclick: () => show(title) }, title);
    sheets.set(title, { tab, element });
    tabs.append(tab);
    return tab;
  };
  add("Room", undefined);
  for (const [title, element] of first) add(title, element);
  return {
    tabs,
    changed,
    get small() {
      return SMALL.matches;
    },
    add: (title, element) => add(title, element).classList.add("hidden"),
    offer: (title, offered) => sheets.get(title)?.tab.classList.toggle("hidden", !offered),
    bringForward(title) {
      if (SMALL.matches && first.some(([asking]) => asking === open)) show(title);
    },
  };
}

import { h } from "../dom.ts";

export type Options = readonly (readonly [value: string, text: string, hint?: string])[];

/** A choice of one of several, drawn from the state. */
export function choice(
  label: string,
  options: () => Options,
  value: () => string,
  set: (value: string) => void,
): { readonly element: HTMLSelectElement; draw(): void } {
  const element = h("select", { "aria-label": label, onchange: () => set(element.value) });
  let drawn = "";
  return {
    element,
    draw() {
      const offered = options();
      const written = JSON.stringify(offered);
      if (written !== drawn) {
        drawn = written;
        element.replaceChildren(
          ...offered.map(([value, title, hint]) => h("option", { value, title: hint }, title)),
        );
      }
      element.value = value();
      element.title = offered.find(([one]) => one === element.value)?.[2] ?? "";
    },
  };
}

/** A button that lets the reader choose files. */
export function opener(
  text: string,
  hint: string,
  take: (files: readonly File[]) => void,
  how: { readonly accept?: string; readonly multiple?: boolean; readonly folder?: boolean } = {},
): HTMLElement {
  const { accept = "", multiple = accept === "", folder = false } = how;
  const input = h("input", {
    ...{ type: "file", class: "hidden", "aria-hidden": "true", tabIndex: -1, accept, multiple },
    onchange: () => {
      if (input.files && input.files.length > 0) take([...input.files]);
      input.value = "";
    },
  });
  input.webkitdirectory = folder;
  return h(
    "span",
    { class: "opener" },
    h("button", { title: hint, onclick: () => input.click() }, text),
    input,
  );
}

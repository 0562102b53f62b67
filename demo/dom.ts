type Child = Node | string | undefined | false;

/** Makes an element: properties are set, `class`, `data-…` and `aria-…` as attributes, `on…` as listeners. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Readonly<Record<string, unknown>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (name === "class" || name === "role" || name === "for" || name.includes("-")) {
      element.setAttribute(name, String(value));
    } else {
      (element as unknown as Record<string, unknown>)[name] = value;
    }
  }
  element.append(
    ...children.filter((child): child is Node | string => child !== undefined && child !== false),
  );
  return element;
}

/** Elements of an SVG drawing. */
export function svg(tag: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** A choice of few, side by side. */
export interface Segmented<T extends string> {
  readonly element: HTMLElement;
  set(value: T): void;
}

let groups = 0;

/** Radio buttons that look like one control; arrow keys move between them, as the browser has it. */
export function segmented<T extends string>(
  label: string,
  options: readonly (readonly [value: T, text: string])[],
  onChange: (value: T) => void,
): Segmented<T> {
  const name = `choice-${groups++}`;
  const inputs = options.map(([value]) =>
    h("input", { type: "radio", name, value, onchange: () => onChange(value) }),
  );
  const element = h(
    "div",
    { class: "segmented", role: "radiogroup", "aria-label": label },
    ...options.map(([, text], index) => h("label", {}, inputs[index], h("span", {}, text))),
  );
  return {
    element,
    set(value) {
      for (const input of inputs) input.checked = input.value === value;
    },
  };
}

export interface Slider {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  set(value: number, text: string): void;
}

/** A labelled slider whose value stands beside it. */
export function slider(
  label: string,
  { min, max, step }: { readonly min: number; readonly max: number; readonly step: number },
  onInput: (value: number) => void,
): Slider {
  const output = h("output", {});
  const input = h("input", {
    type: "range",
    min: String(min),
    max: String(max),
    step: String(step),
    "aria-label": label,
    oninput: () => onInput(input.valueAsNumber),
  });
  const element = h("label", { class: "slider" }, h("span", {}, label), output, input);
  return {
    element,
    input,
    set(value, text) {
      input.value = String(value);
      output.textContent = text;
      input.setAttribute("aria-valuetext", text);
      const { min: low, max: high } = input;
      const share = (value - Number(low)) / Math.max(1e-9, Number(high) - Number(low));
      input.style.setProperty("--share", `${(100 * share).toFixed(1)}%`);
    },
  };
}

/** A number for people: three significant digits, a true minus, no exponent where none is needed. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e5 || size < 1e-3
      ? value.toExponential(1)
      : value.toFixed(Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(size)))));
  return text.replace("-", "−");
}

/** A whole number with thin spaces. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

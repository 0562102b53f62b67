import { inputOf, inputsOf } from "../../src/graph.ts";
import { fixInputs } from "../../src/network.ts";
import { h } from "../dom.ts";
import type { MountedPanel, Panel, PanelHost } from "./panel.ts";

/** The inputs beside the picture, where a network has any: their numbers are typed. */
export const inputsPanel: Panel = { title: "Other inputs", place: "left", needs: [], mount };

/** Values that a field shows, at most. */
const SHOWN = 64;

function mount({ session, fail }: PanelHost): MountedPanel {
  const { source } = session;
  const asked = inputOf(source);
  const others = inputsOf(source).filter((input) => input !== asked);
  const fields = others.map(({ name, shape, values }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const field = h("input", {
      type: "text",
      "aria-label": `Values of ${name}`,
      placeholder: count === 1 ? "a number" : `${count} numbers, or one for all`,
      value: values && values.length <= SHOWN ? values.join(", ") : "",
    });
    return { name, count, field, given: values !== undefined };
  });
  const lacking = fields.filter(({ given }) => !given);
  const use = async () => {
    const typed = fields.filter(({ field, given }) => field.value.trim() !== "" || !given);
    const values = typed.map(
      ({ name, count, field }) => [name, numbersIn(name, field.value, count)] as const,
    );
    const free = {
      ...source,
      layers: source.layers.map((layer) =>
        layer.op === "input" && typed.some(({ name }) => name === layer.name)
          ? { ...layer, values: undefined }
          : layer,
      ),
    };
    session.readAnew(await fixInputs(free, Object.fromEntries(values)));
  };
  const element = h(
    "section",
    { class: "stack" },
    h("h2", {}, "Other inputs"),
    ...fields.map(({ name, field }, index) =>
      h(
        "label",
        { class: "typed" },
        h("span", {}, `${name}, ${others[index]?.shape.join(" × ") || "one number"}`),
        field,
      ),
    ),
    h(
      "div",
      { class: "row" },
      h("button", { class: "grow", onclick: () => void use().catch(fail) }, "Use these"),
    ),
    lacking.length > 0
      ? h(
          "p",
          { class: "note warn" },
          `The network says nothing before it has ${listed(lacking.map(({ name }) => name))}.`,
        )
      : undefined,
  );
  element.classList.toggle("hidden", fields.length === 0);
  return { element, dispose() {} };
}

/** The numbers in a text; one stands for all. @throws Error that names the input. */
function numbersIn(name: string, text: string, count: number): Float32Array {
  const parts = text.split(/[\s,;[\]]+/).filter((part) => part !== "");
  const numbers = parts.map(Number);
  if (!numbers.every(Number.isFinite) || ![1, count].includes(numbers.length)) {
    throw new Error(
      `Input ${name}: expected ${count === 1 ? "a number" : `${count} numbers, or one for all`}, got ${parts.length === 0 ? "nothing" : `“${text.slice(0, 60)}”, ${parts.length} of them`}.`,
    );
  }
  return Float32Array.from({ length: count }, (_, i) => numbers[numbers.length === 1 ? 0 : i] ?? 0);
}

const listed = (names: readonly string[]): string => names.map((name) => `“${name}”`).join(" and ");

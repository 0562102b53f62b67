import { h } from "../dom.ts";
import { broughtOf } from "../incoming-files.ts";
import type { Asked } from "./asked.ts";
import { choice, opener } from "./choices.ts";
import { UNITS } from "./style-network.ts";

/** A control that is seen with techniques that ask for something. */
interface HelperControl {
  readonly element: HTMLElement;
  draw(): void;
}

/** The generator of techniques that need one, and how to open another. */
export function generatorControls(asked: Asked, fail: (error: unknown) => void): HelperControl {
  const { generator } = asked;
  const name = h("p", { class: "note" });
  const gives = choice(
    "What the generator gives",
    () => [["", "gives: choose"], ...UNITS.map(([value, , text]) => [value, `gives ${text}`] as const)],
    () => generator.gives ?? "",
    (value) => generator.say(UNITS.find(([one]) => one === value)?.[0]),
  );
  const open = opener(
    "Open a generator…",
    "A network from a code to a picture of at least the size of this network's input: .onnx, .keras, .h5, model.json with its weights, .zip",
    (files) => void generator.open(broughtOf(files)).catch(fail),
  );
  const element = h("div", { class: "helper" }, name, gives.element, open);
  return {
    element,
    draw() {
      element.classList.toggle("hidden", !asked.growth.technique.asks.includes("generator"));
      name.textContent =
        generator.name ??
        "The generator that comes with the page, trained on the data set: 96\u00a0×\u00a096.";
      gives.element.classList.toggle("hidden", !generator.asksGives);
      gives.draw();
    },
  };
}

/** The pictures of techniques that look through many, and how to open others. */
export function naturalsControls(asked: Asked, fail: (error: unknown) => void): HelperControl {
  const { naturals } = asked;
  const says = h("p", { class: "note" });
  const take = (files: readonly File[]) => {
    try {
      naturals.open(files);
    } catch (error) {
      fail(error);
    }
  };
  const hint = "of your own, a few hundred or more; they stay in this page";
  const open = opener("Pictures…", `Pictures ${hint}`, take, { accept: "image/*", multiple: true });
  const folder = opener("Folder…", `A folder with pictures ${hint}`, take, { folder: true });
  const element = h("div", { class: "helper" }, says, h("div", { class: "row" }, open, folder));
  return {
    element,
    draw() {
      element.classList.toggle("hidden", !asked.growth.technique.asks.includes("pictures"));
      says.textContent = naturals.says;
    },
  };
}

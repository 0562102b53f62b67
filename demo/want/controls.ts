import { readPicture } from "../../src/index.ts";
import { ATTACKS, attackNamed, FOOLINGS } from "../../src/robustness.ts";
import { pictureTechniqueNamed } from "../../src/synthesis.ts";
import { h } from "../dom.ts";
import { broughtOf } from "../incoming-files.ts";
import { paint } from "../pixels.ts";
import { randomSample } from "../samples.ts";
import type { WantAnswers } from "./answers.ts";
import { choice, type Options, opener } from "./choices.ts";
import { DREAMS } from "./dreams.ts";
import { usualSteps } from "./growth.ts";
import { generatorControls, naturalsControls } from "./helper-controls.ts";
import { type Ask, EPSILONS, FROM_PICTURE, OWN, STEPS, type WantState } from "./slice.ts";
import { UNITS } from "./style-network.ts";

/** The choices of one card. */
export interface Controls {
  readonly elements: readonly HTMLElement[];
  draw(): void;
}

const NONE: Controls = { elements: [], draw() {} };

/** The choices that a card has. */
export function controlsOf(ask: Ask, answers: WantAnswers, fail: (error: unknown) => void): Controls {
  if (ask === "dream") return dreamControls(answers, fail);
  if (ask === "attack") return attackControls(answers);
  if (ask === "fooling") return foolingControls(answers);
  if (ask === "wall") return NONE;
  const technique = pictureTechniqueNamed(ask);
  if (technique.draws) return styleControls(answers, fail);
  return technique.asks.includes("secondPicture") ? secondControls(answers, fail) : NONE;
}

function together(...choices: readonly { readonly element: HTMLElement; draw(): void }[]): Controls {
  return {
    elements: choices.map(({ element }) => element),
    draw() {
      for (const { draw } of choices) draw();
    },
  };
}

const named = (all: readonly { readonly name: string; readonly title: string; readonly summary: string }[]) =>
  all.map(({ name, title, summary }) => [name, title, summary] as const);

function dreamControls(answers: WantAnswers, fail: (error: unknown) => void): Controls {
  const { session, store, asked } = answers;
  const offered = () => {
    const { steps, technique } = asked.growth;
    const all = [...STEPS, usualSteps(technique, session.software), steps];
    return [...new Set(all)].sort((a, b) => a - b).map((count) => [String(count), `${count} steps`] as const);
  };
  return together(
    choice(
      "How the picture grows",
      () => named(DREAMS),
      () => store.state.by,
      (by) => store.set({ by, steps: undefined }),
    ),
    choice(
      "Steps",
      offered,
      () => String(asked.growth.steps),
      (steps) => store.set({ steps: Number(steps) }),
    ),
    generatorControls(asked, fail),
    naturalsControls(asked, fail),
  );
}

/** The classes that can be chosen, by number. */
export function classesOf({ session }: WantAnswers): (readonly [value: string, text: string])[] {
  const { head, predictions } = session;
  const indices = head.labels
    ? Array.from({ length: head.classes }, (_, index) => index)
    : predictions.map(({ index }) => index);
  return indices.map((index) => [String(index), session.nameOf(index)]);
}

function attackControls(answers: WantAnswers): Controls {
  const { store } = answers;
  const epsilon = choice(
    "How far the attack may go",
    () =>
      [...new Set([...EPSILONS, store.state.epsilon])].map((one) => [String(one), `ε ${one}/255`] as const),
    () => String(store.state.epsilon),
    (value) => store.set({ epsilon: Number(value) }),
  );
  const target = choice(
    "The class that the network shall see",
    () => [["", "any other class"], ...classesOf(answers)],
    () => String(store.state.to ?? ""),
    (value) => store.set({ to: value === "" ? undefined : Number(value) }),
  );
  const attack = choice(
    "Attack",
    () => named(ATTACKS),
    () => store.state.attack,
    (attack) => store.set({ attack }),
  );
  return {
    elements: [attack.element, target.element, epsilon.element],
    draw() {
      const { options, untargetedOnly } = attackNamed(store.state.attack);
      epsilon.element.disabled = !("epsilon" in options);
      target.element.disabled = untargetedOnly ?? false;
      for (const { draw } of [attack, target, epsilon]) draw();
    },
  };
}

function foolingControls({ store }: WantAnswers): Controls {
  const ways = (): Options => [
    ...named(FOOLINGS),
    [FROM_PICTURE, "From this picture", "This picture climbs until the network is sure of another class"],
  ];
  return together(
    choice(
      "Way to fool the network",
      ways,
      () => store.state.fooling,
      (fooling) => store.set({ fooling: fooling as WantState["fooling"] }),
    ),
  );
}

function secondControls({ store, asked }: WantAnswers, fail: (error: unknown) => void): Controls {
  const canvas = h("canvas", { class: "second", role: "img" });
  const take = async ([file]: readonly File[]) => {
    if (!file) return;
    asked.bringSecond({ title: file.name, pixels: await readPicture(file) });
    // The same word again is another picture.
    store.set({ second: randomSample() });
    store.set({ second: OWN });
  };
  const element = h(
    "div",
    { class: "seconds" },
    canvas,
    h(
      "div",
      {},
      h(
        "button",
        { title: "Another second picture", onclick: () => store.set({ second: randomSample() }) },
        "Next",
      ),
      opener("Open…", "A second picture of your own", (files) => void take(files).catch(fail), {
        accept: "image/*",
      }),
    ),
  );
  let drawn = "";
  return {
    elements: [element],
    draw() {
      const { secondKey, secondName } = asked;
      canvas.setAttribute("aria-label", `The second picture: ${secondName}`);
      if (secondKey === drawn) return;
      drawn = secondKey;
      asked.secondPicture(96).then((pixels) => {
        if (drawn === secondKey) paint(canvas, pixels);
      }, fail);
    },
  };
}

function styleControls({ asked: { style }, camera }: WantAnswers, fail: (error: unknown) => void): Controls {
  const name = h("p", { class: "note" });
  const units = (which: "takes" | "gives", words: string) =>
    choice(
      `What the style network ${which}`,
      () => [
        ["", `${words}: choose`],
        ...UNITS.map(([value, , text]) => [value, `${words} ${text}`] as const),
      ],
      () => style[which] ?? "",
      (value) => style.say(which, UNITS.find(([one]) => one === value)?.[0]),
    );
  const [takes, gives] = [units("takes", "takes"), units("gives", "gives")];
  const webcam = h("button", {
    class: "toggle",
    title: "Draw the camera’s picture, frame by frame; it stays in this page",
    onclick: () => (camera.runs ? camera.stop() : void camera.start().catch(fail)),
  });
  const open = opener(
    "Open…",
    "A style network of your own: .onnx, .keras, .h5, model.json with its weights, .zip",
    (files) => void style.open(broughtOf(files)).catch(fail),
  );
  return {
    elements: [name, takes.element, gives.element, h("div", { class: "row" }, open, webcam)],
    draw() {
      name.textContent =
        style.name ?? "The network that comes with the page: outlines embossed on brown grain.";
      const { asks } = style;
      takes.element.classList.toggle("hidden", !asks.takes);
      gives.element.classList.toggle("hidden", !asks.gives);
      takes.draw();
      gives.draw();
      webcam.textContent = camera.runs ? "Stop" : "Webcam";
      webcam.setAttribute("aria-label", camera.runs ? "Stop the camera" : "Webcam");
      webcam.setAttribute("aria-pressed", String(camera.runs));
      webcam.disabled = style.lacks !== undefined;
    },
  };
}

import { h } from "../dom.ts";
import type { WantAnswers } from "./answers.ts";
import { DREAMS } from "./dreams.ts";
import { usualSteps } from "./request.ts";
import { type Ask, STEPS } from "./slice.ts";

/** The question, and how its pictures grow. */
export function toolsOf(answers: WantAnswers): { readonly element: HTMLElement; draw(): void } {
  const { session, store } = answers;
  const title = h("h2", {});
  const about = h("select", {
    "aria-label": "What is asked about",
    onchange: () => {
      const { value } = about;
      store.set({ of: value === "unit" ? undefined : value === "answer" ? "answer" : Number(value) });
    },
  });
  const technique = h(
    "select",
    {
      "aria-label": "How the picture grows",
      onchange: () => store.set({ by: technique.value, steps: undefined }),
    },
    ...DREAMS.map(({ name, title, summary }) => h("option", { value: name, title: summary }, title)),
  );
  const steps = h("select", {
    "aria-label": "Steps",
    onchange: () => store.set({ steps: Number(steps.value) }),
  });
  const seed = h("button", {
    title: "Grow it again from other random numbers (N)",
    onclick: () => store.set({ seed: store.state.seed + 1 }),
  });
  const toggle = (ask: Ask, text: string, hint: string) =>
    h("button", { class: "toggle", title: hint, onclick: () => answers.toggle(ask) }, text);
  const deep = toggle("deep-dream", "DeepDream", "The picture with more of the selected layer in it");
  const wall = toggle("wall", "Wall", "Every channel of the selected layer, with the picture that it wants");
  const element = h(
    "div",
    { class: "tools" },
    title,
    h("span", { class: "space" }),
    about,
    technique,
    steps,
    seed,
    deep,
    wall,
    h("button", { class: "quiet", onclick: () => store.set({ want: [] }) }, "Clear"),
  );

  const draw = () => {
    const { state } = store;
    const { subject: asked, layer } = answers;
    title.textContent = asked === undefined ? "What does it want?" : `What does ${answers.about} want?`;
    drawAbout(about, answers);
    technique.value = state.by;
    const { growth } = answers;
    technique.title = growth.technique.summary;
    const usual = usualSteps(growth.technique, session.software);
    const offered = [...new Set([...STEPS, usual, growth.steps])].sort((a, b) => a - b);
    steps.replaceChildren(...offered.map((count) => h("option", { value: String(count) }, `${count} steps`)));
    steps.value = String(growth.steps);
    seed.textContent = state.seed === 0 ? "Another seed" : `Another seed (${state.seed})`;
    for (const [button, ask] of [
      [deep, "deep-dream"],
      [wall, "wall"],
    ] as const) {
      button.setAttribute("aria-pressed", String(state.want.includes(ask)));
      button.disabled = layer === undefined && !state.want.includes(ask);
    }
  };

  return { element, draw };
}

/** Offers what can be asked about: what is selected, the class that is asked, any class that has a name. */
function drawAbout(about: HTMLSelectElement, answers: WantAnswers): void {
  const { session, store } = answers;
  const { state } = store;
  const { head, predictions } = session;
  const { layer, channel, y, x, of } = state;
  const option = (value: string, text: string) => h("option", { value }, text);
  const indices = head.labels
    ? Array.from({ length: head.classes }, (_, index) => index)
    : predictions.map(({ index }) => index);
  const unit = layer !== undefined && channel !== undefined && (session.mapCounts || y !== undefined);
  const best = typeof state.target === "number" ? state.target : predictions[0]?.index;
  about.replaceChildren(
    ...(unit ? [option("unit", `${layer} · ${channel}${y === undefined ? "" : ` (${y}, ${x})`}`)] : []),
    option("answer", best === undefined ? "the answer" : `${session.nameOf(best)} (answer)`),
    ...indices.map((index) => option(String(index), session.nameOf(index))),
  );
  about.value = typeof of === "number" ? String(of) : of === undefined && unit ? "unit" : "answer";
}

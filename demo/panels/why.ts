import { ATTRIBUTIONS, attributionNamed } from "../../src/index.ts";
import { h } from "../dom.ts";
import type { Session } from "../session.ts";
import { subjectsOf } from "../why/question.ts";

/** What the menu calls all techniques. */
const ALL = "all";

/** Techniques by the way they find out. */
const KINDS: readonly (readonly [string, readonly string[]])[] = [
  [
    "Weigh a layer’s maps",
    ["grad-cam", "grad-cam-plus-plus", "layer-cam", "cam", "score-cam", "ablation-cam"],
  ],
  ["Hide parts of the image", ["occlusion", "rise", "lime"]],
  ["Follow the gradient", ["saliency", "saliency-mask", "smoothgrad", "smoothgrad-squared", "vargrad"]],
  ["Share the score out", ["integrated-gradients", "gradient-input", "local-linear", "lrp"]],
  ["Positive paths only", ["guided-backprop", "guided-grad-cam", "deconvnet"]],
];

/** "Why this?": which technique, about which class, beside which other. The answers stand in the dock. */
export function whyPanel(session: Session): { element: HTMLElement; ask(): void; dispose(): void } {
  const { store } = session;
  const known = new Set(KINDS.flatMap(([, names]) => names));
  const others = ATTRIBUTIONS.map(({ name }) => name).filter((name) => !known.has(name));
  const technique = h(
    "select",
    { "aria-label": "Technique", onchange: () => describe() },
    ...[...KINDS, ["Others", others] as const].flatMap(([label, names]) => {
      const options = names.flatMap((name) => {
        const found = ATTRIBUTIONS.find((one) => one.name === name);
        return found ? [h("option", { value: name }, found.title)] : [];
      });
      return options.length > 0 ? [h("optgroup", { label }, ...options)] : [];
    }),
    h("option", { value: ALL }, `All ${ATTRIBUTIONS.length} techniques`),
  );
  const chooser = (label: string, choose: (value: string) => void) => {
    const select = h("select", { "aria-label": label, onchange: () => choose(select.value) });
    return select;
  };
  const target = chooser("About", (value) =>
    store.set({ target: value === "top" ? undefined : value === "unit" ? "unit" : Number(value) }),
  );
  const versus = chooser("Beside", (value) =>
    store.set({ versus: value === "" ? undefined : value === "second" ? "second" : Number(value) }),
  );
  const says = h("p", { class: "note" });
  const button = h("button", { class: "primary grow", onclick: () => ask() }, "Ask why");
  const element = h(
    "section",
    { class: "stack why" },
    h("h2", {}, "Why this?"),
    h(
      "div",
      { class: "fields" },
      h("label", { class: "field" }, h("span", {}, "About"), target),
      h("label", { class: "field" }, h("span", {}, "Beside"), versus),
      h("label", { class: "field" }, h("span", {}, "Technique"), technique),
    ),
    h("div", { class: "row" }, button),
    says,
  );

  const ask = () => {
    if (button.disabled) return;
    const { why } = store.state;
    const names = technique.value === ALL ? ATTRIBUTIONS.map(({ name }) => name) : [technique.value];
    store.set({ why: [...why, ...names.filter((name) => !why.includes(name))] });
  };
  const describe = () => {
    const { why } = store.state;
    if (session.broken) {
      says.textContent = "There is no answer to ask about.";
      button.disabled = true;
      return;
    }
    const all = technique.value === ALL;
    says.textContent = all
      ? "One after another; each can be stopped."
      : attributionNamed(technique.value).summary;
    const asked = all ? why.length === ATTRIBUTIONS.length : why.includes(technique.value);
    button.disabled = asked;
    button.textContent = asked ? "Asked" : why.length > 0 ? "Ask this too" : "Ask why";
  };
  const draw = () => {
    const { state } = store;
    const [best] = session.answers;
    const { head } = session;
    // Names for all that have one; else the few that were answered.
    const indices = head.labels
      ? Array.from({ length: head.classes }, (_, index) => index)
      : session.answers.map(({ index }) => index);
    const classes = indices.map((index) => ({ index, label: session.nameOf(index) }));
    const options = () => classes.map(({ index, label }) => h("option", { value: String(index) }, label));
    const top = best
      ? `${session.nameOf(best.index)} (${head.kind === "values" ? "first" : "top"})`
      : "top class";
    const unit =
      state.layer !== undefined && state.channel !== undefined
        ? [
            h(
              "option",
              { value: "unit" },
              `${state.layer} · ${state.channel}${state.y === undefined ? "" : ` (${state.y}, ${state.x})`}`,
            ),
          ]
        : [];
    target.replaceChildren(h("option", { value: "top" }, top), ...unit, ...options());
    target.value = state.target === undefined ? "top" : String(state.target);
    if (target.selectedIndex < 0) target.value = "top";
    const [first, second] = subjectsOf({ ...state, versus: "second" }, session.answers);
    const runnerUp = typeof second === "number" ? session.nameOf(second) : "";
    versus.replaceChildren(
      h("option", { value: "" }, "no other"),
      h("option", { value: "second" }, second === undefined ? "the runner-up" : `${runnerUp} (next)`),
      ...options().filter(({ value }) => value !== String(first)),
    );
    versus.value = String(state.versus ?? "");
    if (versus.selectedIndex < 0) versus.value = "";
    describe();
  };
  const stops = [
    session.answered.listen(draw),
    store.listen((_, changed) => {
      const asks = ["target", "versus", "layer", "channel", "y", "x", "why"] as const;
      if (asks.some((key) => changed.has(key))) draw();
    }),
  ];
  draw();
  return {
    element,
    ask,
    dispose: () => {
      for (const stop of stops) stop();
    },
  };
}

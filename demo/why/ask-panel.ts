import { ATTRIBUTIONS, type AttributionTechnique, attributionNamed } from "../../src/index.ts";
import { h } from "../dom.ts";
import type { MountedPanel, Panel } from "../panels/panel.ts";
import { selection } from "../state/selection.ts";
import { subject } from "../state/subject.ts";
import { subjectsOf } from "../subjects.ts";
import type { WhyAnswers } from "./answers.ts";
import { whySlice } from "./slice.ts";

/** The menu's name for all techniques together. */
const ALL = "all";

/** The keys of the state that the panel shows. */
const ASKS = ["target", "versus", "at", "layer", "channel", "y", "x", "why"] as const;

const GROUPS = [
  "Weigh a layer’s maps",
  "Hide parts of the image",
  "Follow the gradient",
  "Share the score out",
  "Positive paths only",
] as const;

/** The group of a technique in the menu: the way it finds out, as its record has it. */
function groupOf({ kind, forwardOnly }: AttributionTechnique): (typeof GROUPS)[number] {
  if (kind === "cam") return "Weigh a layer’s maps";
  if (forwardOnly) return "Hide parts of the image";
  if (kind === "signal") return "Positive paths only";
  return kind === "attribution" ? "Share the score out" : "Follow the gradient";
}

/** The panel that asks why: by which technique, about which class, beside which other. The maps stand in a panel of their own. */
export function askPanel(answers: WhyAnswers): Panel & { ask(): void } {
  let ask = () => {};
  return {
    title: "Why this?",
    place: "left",
    needs: [selection, subject, whySlice],
    mount() {
      const mounted = mount(answers);
      ask = mounted.ask;
      return mounted;
    },
    ask: () => ask(),
  };
}

function mount({ session, store }: WhyAnswers): MountedPanel & { ask(): void } {
  const technique = h(
    "select",
    { "aria-label": "Technique", onchange: () => describe() },
    ...GROUPS.map((label) => {
      const members = ATTRIBUTIONS.filter((one) => groupOf(one) === label);
      return h(
        "optgroup",
        { label },
        ...members.map(({ name, title }) => h("option", { value: name }, title)),
      );
    }),
    h("option", { value: ALL }, `All ${ATTRIBUTIONS.length} techniques`),
  );
  technique.value = "grad-cam";
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
  const where = chooser("Where", (value) => value === "all" && store.set({ at: undefined }));
  const whereField = h("label", { class: "field" }, h("span", {}, "Where"), where);
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
      whereField,
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
    const [best] = session.predictions;
    const { head } = session;
    // Names for all that have one; else the few that were answered.
    const indices = head.labels
      ? Array.from({ length: head.classes }, (_, index) => index)
      : session.predictions.map(({ index }) => index);
    const classes = indices.map((index) => ({ index, label: session.nameOf(index) }));
    const options = () => classes.map(({ index, label }) => h("option", { value: String(index) }, label));
    const top = best
      ? `${session.nameOf(best.index)} (${head.kind === "values" ? "first" : "top"})`
      : "top class";
    const unit =
      state.layer !== undefined && state.channel !== undefined && (session.mapCounts || state.y !== undefined)
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
    const [first, second] = subjectsOf(
      { ...state, versus: "second" },
      session.predictions,
      session.mapCounts,
    );
    const runnerUp = typeof second === "number" ? session.nameOf(second) : "";
    versus.replaceChildren(
      h("option", { value: "" }, "no other"),
      h("option", { value: "second" }, second === undefined ? "the runner-up" : `${runnerUp} (next)`),
      ...options().filter(({ value }) => value !== String(first)),
    );
    versus.value = String(state.versus ?? "");
    if (versus.selectedIndex < 0) versus.value = "";
    const { at } = state;
    whereField.classList.toggle("hidden", !session.labels);
    where.replaceChildren(
      h("option", { value: "all" }, "wherever it is"),
      h("option", { value: "at", disabled: !at }, at ? `at (y ${at[0]}, x ${at[1]})` : "click the picture"),
    );
    where.value = at ? "at" : "all";
    describe();
  };
  return {
    element,
    ask,
    draw(changed) {
      if (!changed || ASKS.some((key) => changed.has(key))) draw();
    },
    dispose: session.answered.listen(draw),
  };
}

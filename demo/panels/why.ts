import { type Answer, isTechnique, TECHNIQUES, type TechniqueName } from "../asking.ts";
import { h, slider } from "../dom.ts";
import { paint } from "../pixels.ts";
import type { Session } from "../session.ts";
import { legend } from "./legend.ts";

/** "Why this?": a technique, a target, and the map beside and over the image. */
export function whyPanel(
  session: Session,
  onError: (error: unknown) => void,
): { element: HTMLElement; run(): Promise<void>; dispose(): void } {
  const { store } = session;
  let running: AbortController | undefined;

  const technique = h(
    "select",
    { "aria-label": "Technique", onchange: () => store.set({ technique: technique.value }) },
    ...Object.entries(TECHNIQUES).map(([value, { title }]) => h("option", { value }, title)),
  );
  const target = h("select", {
    "aria-label": "Target",
    onchange: () =>
      store.set({
        target: target.value === "top" ? undefined : target.value === "unit" ? "unit" : Number(target.value),
      }),
  });
  const says = h("p", { class: "note" });
  const button = h(
    "button",
    { class: "primary grow", onclick: () => (running ? running.abort() : void run()) },
    "Ask why",
  );
  const clear = h(
    "button",
    {
      class: "quiet hidden",
      onclick: () => {
        store.set({ technique: undefined });
      },
    },
    "Clear",
  );
  const bar = h("progress", { max: 1, value: 0, class: "hidden", "aria-label": "Progress" });
  const alone = h("canvas", { role: "img", "aria-label": "The map alone" });
  const over = h("canvas", { role: "img", "aria-label": "The map over the image" });
  const key = legend();
  const note = h("p", { class: "note" });
  const opacity = slider("Strength over the image", { min: 0, max: 1, step: 0.01 }, (value) => {
    session.opacity = value;
    opacity.set(value, `${Math.round(100 * value)} %`);
    session.compose();
    mirror();
  });
  opacity.set(session.opacity, `${Math.round(100 * session.opacity)} %`);
  const result = h(
    "div",
    { class: "stack hidden" },
    h(
      "div",
      { class: "pair" },
      h("figure", {}, alone, h("figcaption", {}, "map")),
      h("figure", {}, over, h("figcaption", {}, "over the image")),
    ),
    key.element,
    note,
    opacity.element,
  );
  const element = h(
    "section",
    { class: "stack why" },
    h("h2", {}, "Why this?"),
    h("div", { class: "pair" }, technique, target),
    h("div", { class: "row" }, button, clear),
    bar,
    says,
    result,
  );

  const mirror = () => {
    over.width = session.composed.width;
    over.height = session.composed.height;
    over.getContext("2d")?.drawImage(session.composed, 0, 0);
  };
  const name = (): TechniqueName => (isTechnique(technique.value) ? technique.value : "gradcam");

  const drawTargets = () => {
    const { state } = store;
    const labels = session.graph.labels;
    const best = session.answers[0];
    const options = [
      h("option", { value: "top" }, best ? `${best.label ?? `class ${best.index}`} (top)` : "top class"),
    ];
    if (state.layer !== undefined && state.channel !== undefined) {
      const unit = state.y === undefined ? "" : ` (${state.y}, ${state.x})`;
      options.push(h("option", { value: "unit" }, `${state.layer} · ${state.channel}${unit}`));
    }
    const classes =
      labels?.map((label, index) => ({ index, label })) ??
      session.answers.map(({ index }) => ({ index, label: `class ${index}` }));
    options.push(...classes.map(({ index, label }) => h("option", { value: String(index) }, label)));
    target.replaceChildren(...options);
    const wanted = state.target === undefined ? "top" : String(state.target);
    target.value = options.some(({ value }) => value === wanted) ? wanted : "top";
  };
  const drawAnswer = (answer: Answer | undefined) => {
    result.classList.toggle("hidden", !answer);
    says.classList.toggle("hidden", answer !== undefined);
    clear.classList.toggle("hidden", !answer);
    if (!answer) return;
    paint(alone, session.heatMap(answer));
    mirror();
    const { title } = TECHNIQUES[answer.technique];
    key.set({
      map: answer.signed ? "polar" : store.state.colors,
      min: answer.min,
      max: answer.max,
      unit: answer.unit,
    });
    const empty = answer.max === 0 ? "Nothing speaks for this target: the map is zero everywhere." : "";
    note.textContent = [`${title}, ${answer.unit}.`, answer.clipped, empty].filter(Boolean).join(" ");
    result.scrollIntoView({ block: "nearest" });
  };
  const follow = () => {
    technique.value = isTechnique(store.state.technique) ? store.state.technique : technique.value;
    says.textContent = TECHNIQUES[name()].says;
  };

  async function run(): Promise<void> {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    store.set({ technique: name() });
    button.textContent = "Stop";
    bar.classList.remove("hidden");
    bar.removeAttribute("value");
    try {
      const stopped = new Promise<undefined>((resolve) => {
        mine.signal.addEventListener("abort", () => resolve(undefined), { once: true });
      });
      const found = session.explain(name(), {
        signal: mine.signal,
        onProgress: (fraction) => {
          if (running === mine) bar.value = fraction;
        },
      });
      // The GPU may need a moment to come to a stop; the page does not.
      await Promise.race([found, stopped]);
    } catch (error) {
      if (!mine.signal.aborted && !session.disposed) onError(error);
    } finally {
      if (running === mine) {
        running = undefined;
        button.textContent = "Ask why";
        bar.classList.add("hidden");
      }
    }
  }

  const stops = [
    session.answered.listen(() => {
      drawTargets();
      // A question that was asked stays asked when the picture changes.
      if (store.state.technique !== undefined) void run();
    }),
    session.explained.listen(drawAnswer),
    store.listen((state, changed) => {
      if (["target", "layer", "channel", "y", "x"].some((key) => changed.has(key as "layer"))) drawTargets();
      if (changed.has("technique")) {
        follow();
        if (state.technique === undefined) {
          running?.abort();
          session.forget();
        }
      }
      if (changed.has("colors") && session.explanation) {
        session.compose();
        drawAnswer(session.explanation);
      }
      const asks = changed.has("target") || (changed.has("technique") && !running);
      if (asks && state.technique !== undefined && session.answers.length > 0) void run();
    }),
  ];
  drawTargets();
  follow();
  return {
    element,
    run,
    dispose() {
      running?.abort();
      for (const stop of stops) stop();
    },
  };
}

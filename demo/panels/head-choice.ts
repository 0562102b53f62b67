import { type Head, type HeadKind, headsOf } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import { h } from "../dom.ts";
import type { Session } from "../session.ts";

/** The meaning of an output's numbers, in words. */
const MEANS: Readonly<Record<HeadKind, string>> = {
  softmax: "softmax classes",
  sigmoid: "sigmoid labels",
  values: "plain values",
  places: "places",
};

const NOUNS = {
  softmax: ["class", "classes"],
  sigmoid: ["label", "labels"],
  values: ["value", "values"],
} as const;

/** An output in a few words: "12 classes, softmax", "yes or no, sigmoid", "3 values". */
export function meaningOf({ kind, scores, channels, labels, known }: Head): string {
  const [one, many] = NOUNS[scores];
  const things =
    scores === "sigmoid" && channels === 1 && kind !== "places"
      ? "yes or no"
      : `${channels} ${labels || scores === "values" ? "" : "unnamed "}${channels === 1 ? one : many}`;
  const how = known === "assumed" ? `, ${scores} assumed` : scores === "values" ? "" : `, ${scores}`;
  return `${things}${kind === "places" ? " at every place" : ""}${how}`;
}

/** A graph whose output is read as another head. */
function withHead(graph: Graph, { name }: Head, kind: HeadKind): Graph {
  return { ...graph, heads: { ...graph.heads, [name]: kind } };
}

/**
 * The controls that choose the output that is asked, and what its numbers are taken for.
 * @param where beside the answer where there is a choice or a doubt, else among the network's facts.
 */
export function headChoice(
  session: Session,
  where: "answer" | "facts",
): { readonly element: HTMLElement; draw(): void } {
  const { store } = session;
  const heads = headsOf(session.graph);
  const output = h(
    "select",
    {
      "aria-label": "Output that is asked",
      onchange: () =>
        store.set({
          output: output.value === heads[0]?.name ? undefined : output.value,
          target: undefined,
          versus: undefined,
        }),
    },
    ...heads.map(({ name }) => h("option", { value: name }, name)),
  );
  const kind = h("select", {
    "aria-label": "What its numbers are",
    onchange: () => session.readAnew(withHead(session.source, session.head, kind.value as HeadKind)),
  });
  const reads = h("label", { class: "field" }, h("span", {}, "Read as"), kind);
  const says = h("p", { class: "note" });
  const element = h(
    "div",
    { class: "fields reading" },
    heads.length > 1 ? h("label", { class: "field" }, h("span", {}, "Output"), output) : undefined,
    reads,
    says,
  );
  return {
    element,
    draw() {
      const { head } = session;
      output.value = head.name;
      const kinds: HeadKind[] =
        head.kind === "places"
          ? ["places"]
          : head.channels > 1
            ? ["softmax", "sigmoid", "values"]
            : ["sigmoid", "values"];
      kind.replaceChildren(
        ...kinds.map((value) => {
          const yes = value === "sigmoid" && head.channels === 1;
          return h("option", { value }, yes ? "yes or no (sigmoid)" : MEANS[value]);
        }),
      );
      kind.value = head.kind;
      kind.disabled = kinds.length === 1;
      const doubtful = head.known !== "found";
      reads.classList.toggle("hidden", doubtful !== (where === "answer"));
      const chooses = heads.length > 1 && where === "answer";
      output.parentElement?.classList.toggle("hidden", !chooses);
      element.classList.toggle("hidden", !chooses && doubtful !== (where === "answer"));
      says.textContent =
        head.known === "assumed"
          ? "Assumed: nothing in the model says what these numbers are."
          : head.known === "given"
            ? "As you or the file said; the layers do not say it."
            : "";
      says.classList.toggle("warn", head.known === "assumed");
      says.classList.toggle("hidden", !doubtful || where === "facts");
    },
  };
}

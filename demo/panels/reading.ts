import {
  type Graph,
  type Head,
  type HeadKind,
  headsOf,
  namedPreprocessing,
  type PictureFit,
  type PREPROCESSINGS,
} from "../../src/index.ts";
import { h } from "../dom.ts";
import { preprocessingNameOf } from "../prepared.ts";
import type { Session } from "../session.ts";

/** What the numbers of an output are, in words. */
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

/** What an output says, in a few words: "12 classes, softmax", "yes or no, sigmoid", "3 values". */
export function meaningOf({ kind, scores, channels, labels, known }: Head): string {
  const [one, many] = NOUNS[scores];
  const things =
    scores === "sigmoid" && channels === 1 && kind !== "places"
      ? "yes or no"
      : `${channels} ${labels || scores === "values" ? "" : "unnamed "}${channels === 1 ? one : many}`;
  const how = known === "assumed" ? ", softmax assumed" : scores === "values" ? "" : `, ${scores}`;
  return `${things}${kind === "places" ? " at every place" : ""}${how}`;
}

/** A graph whose output is read as another head. */
function withHead(graph: Graph, { name }: Head, kind: HeadKind): Graph {
  return { ...graph, heads: { ...graph.heads, [name]: kind } };
}

/**
 * Which output is asked, and what its numbers are taken for; with a way to say otherwise.
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
            ? "As you said; the layers do not say it."
            : "";
      says.classList.toggle("warn", head.known === "assumed");
      says.classList.toggle("hidden", !doubtful || where === "facts");
    },
  };
}

const SCALINGS: Readonly<Record<keyof typeof PREPROCESSINGS, string>> = {
  unit: "0 … 1",
  signed: "−1 … 1",
  imagenet: "as ImageNet",
  none: "0 … 255",
};
const FITS: Readonly<Record<PictureFit, string>> = {
  cover: "cropped",
  stretch: "squashed",
  contain: "padded",
};

/**
 * How pictures become the network's input, what of it is a guess, and a way to say otherwise.
 * @param where beside the picture where something is guessed, else among the network's facts.
 */
export function preparation(
  session: Session,
  where: "picture" | "facts",
): { readonly element: HTMLElement; draw(): void } {
  const { preprocessing } = session.graph;
  const { guessed = [], fit = "cover", source } = preprocessing;
  const named = preprocessingNameOf(preprocessing);
  const again = (change: Partial<Graph["preprocessing"]>, settled: "values" | "fit") => {
    const left = guessed.filter((one) => one !== settled);
    const { guessed: _, ...known } = session.source.preprocessing;
    session.readAnew({
      ...session.source,
      preprocessing: { ...known, ...change, ...(left.length > 0 ? { guessed: left } : {}) },
    });
  };
  const values = h(
    "select",
    {
      "aria-label": "How the picture’s values are scaled",
      title: source,
      onchange: () => {
        const { range, mean, std, source } = namedPreprocessing(values.value);
        const { length } = preprocessing.mean;
        again({ range, mean: mean.slice(0, length), std: std.slice(0, length), source }, "values");
      },
    },
    ...(named ? [] : [h("option", { value: "" }, source)]),
    ...Object.entries(SCALINGS).map(([value, text]) => h("option", { value }, text)),
  );
  values.value = named ?? "";
  const fits = h(
    "select",
    {
      "aria-label": "How the picture is fitted",
      onchange: () => again({ fit: fits.value as PictureFit }, "fit"),
    },
    ...Object.entries(FITS).map(([value, text]) => h("option", { value }, text)),
  );
  fits.value = fit;
  const fitted = h("label", { class: "field" }, h("span", {}, "Fitted"), fits);
  const says = h("p", { class: "note warn" });
  const element = h(
    "div",
    { class: "fields reading" },
    h("label", { class: "field" }, h("span", {}, "Scaled"), values),
    fitted,
    says,
  );
  return {
    element,
    draw() {
      const [height, width] = session.inputSize;
      const { pixels } = session.shown ?? {};
      const alike =
        !pixels || Math.abs(pixels.width * height - pixels.height * width) < Math.max(width, height);
      const open = guessed.filter((what) => what === "values" || !alike);
      says.textContent =
        open.length === 2
          ? "How it is scaled and fitted is guessed."
          : open[0] === "values"
            ? "How it is scaled is guessed."
            : open[0] === "fit"
              ? "How it is fitted is guessed."
              : "";
      says.classList.toggle("hidden", open.length === 0);
      fitted.classList.toggle("hidden", alike && where === "picture");
      element.classList.toggle("hidden", open.length > 0 !== (where === "picture"));
    },
  };
}

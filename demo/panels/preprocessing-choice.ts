import { namedPreprocessing, type PictureFit, type PREPROCESSINGS } from "../../src/images.ts";
import type { Graph } from "../../src/index.ts";
import { h } from "../dom.ts";
import { preprocessingNameOf } from "../preprocessing-name.ts";
import type { Session } from "../session.ts";

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
 * The controls that say how pictures become the network's input, and which of it is a guess; a choice reads the network anew.
 * @param where beside the picture where something is guessed, else among the network's facts.
 */
export function preprocessingChoice(
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

import { MEASURES, type Measure, measureValue, TRUST_HEADS, type Trust } from "../../src/metrics.ts";
import { figure, h, svg } from "../dom.ts";
import { isOpen } from "../tasks/queue.ts";
import type { TrustFigures } from "./trust-tasks.ts";

const WIDTH = 160;
const HEIGHT = 56;

const SAYS: Readonly<Record<Measure, string>> = {
  insertion:
    "Area under the score while the map’s strongest pixels are added to a blurred image; in brackets, with the map moved at random",
  deletion:
    "Area under the score while the map’s strongest pixels are removed; in brackets, with the map moved at random",
  muFidelity: "Correlation between the map’s sum over regions and the fall of the score without them",
  infidelity: "Share of the score’s changes that the map leaves unexplained",
  sensitivity: "Change of the map under faint noise, relative to the map",
  modelRandomisation: "Rank correlation with the map of a network with random weights",
  randomLogit: "Rank correlation with the map of a class drawn at random",
  runnerUp: "Rank correlation with the map of the strongest other class",
};

/** Plots the score while pixels are added (solid) and removed (dashed). */
function plot({ insertion, deletion }: Trust): SVGElement | undefined {
  if (!insertion || !deletion) return undefined;
  const most = Math.max(...insertion.curve, ...deletion.curve, 1e-9);
  const path = (curve: readonly number[]) =>
    curve
      .map((score, i) => {
        const x = 1 + ((WIDTH - 2) * i) / Math.max(1, curve.length - 1);
        const y = HEIGHT - 2 - ((HEIGHT - 12) * Math.max(0, score)) / most;
        return `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
      })
      .join("");
  const words = `Score while the strongest pixels are added (solid, area ${figure(insertion.area)}) and removed (dashed, area ${figure(deletion.area)}), up to ${figure(most)}`;
  const element = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words });
  const title = svg("title", {});
  title.textContent = words;
  const top = svg("text", { x: 3, y: 8 });
  top.textContent = figure(most);
  element.append(
    title,
    svg("path", { class: "axis", d: `M1 10H${WIDTH - 1}M1 ${HEIGHT - 2}H${WIDTH - 1}` }),
    svg("path", { class: "going", d: path(deletion.curve) }),
    svg("path", { class: "coming", d: path(insertion.curve) }),
    top,
  );
  return element;
}

/** The trust figures beside a map; each appears when it is measured. */
export function trustView(
  software: boolean,
  onStop: () => void,
): {
  readonly element: HTMLElement;
  draw(figures: TrustFigures | undefined): void;
} {
  const bar = h("progress", { max: 1, "aria-label": "Progress of the trust figures" });
  const stop = h("button", { class: "small", "aria-label": "Stop measuring trust", onclick: onStop }, "Stop");
  const work = h("div", { class: "row" }, bar, stop);
  const body = h("div", { "aria-live": "polite" });
  const element = h("div", { class: "trust" }, body, work);
  let drawn = "";
  return {
    element,
    draw(figures) {
      element.classList.toggle("hidden", !figures);
      if (!figures) return;
      const { found, groups } = figures;
      const parts = groups.map(({ progress }) =>
        progress.stage === "working" ? (progress.fraction ?? 0) : progress.stage === "waiting" ? 0 : 1,
      );
      bar.value = parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length);
      work.classList.toggle(
        "hidden",
        groups.every(({ progress }) => !isOpen(progress)),
      );
      const now = `${found.length} ${groups.map(({ progress }) => progress.stage).join()}`;
      if (now === drawn) return;
      drawn = now;
      const whole = (measure: Measure) => groups.find(({ measures }) => measures.includes(measure));
      const rows = MEASURES.flatMap((measure) => {
        const group = whole(measure);
        if (!group) return [];
        const one = found.find((trust) => measureValue(trust, measure) !== undefined);
        const value = one && measureValue(one, measure);
        const random = (measure === "insertion" || measure === "deletion") && one?.[measure]?.randomBaselines;
        const mean =
          random && random.length > 0
            ? random.reduce((sum, area) => sum + area, 0) / random.length
            : undefined;
        const said =
          value !== undefined
            ? `${figure(value)}${mean === undefined ? "" : ` (${figure(mean)})`}`
            : isOpen(group.progress)
              ? "…"
              : "–";
        const failed = group.progress.stage === "failed" ? group.progress.message : SAYS[measure];
        return [h("dt", { title: failed }, TRUST_HEADS[measure]), h("dd", {}, said)];
      });
      const words = [...new Set(found.flatMap(({ words }) => words))];
      const done = groups.every(({ progress }) => !isOpen(progress));
      const curves = found.map(plot).find((one) => one !== undefined);
      body.replaceChildren(
        ...(curves ? [curves] : []),
        h("dl", {}, ...rows),
        ...words.map((line) => h("p", { class: "warn" }, line)),
        ...(done && software ? [h("p", {}, "Measured in few steps: software adapter.")] : []),
        ...(done && words.length === 0 && found.length > 0
          ? [h("p", {}, "Nothing measured speaks against this map.")]
          : []),
      );
    },
  };
}

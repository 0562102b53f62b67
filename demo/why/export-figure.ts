import { composeFigure, composeMultiples, type Figure, type Multiple, rasterize } from "../../src/figures.ts";
import { deprocess, encodePng } from "../../src/index.ts";
import type { Session } from "../session.ts";
import type { LookState } from "../state/look.ts";
import { nameOf } from "../subjects.ts";
import type { WhyAnswers } from "./answers.ts";
import type { Answer } from "./color-ends.ts";
import type { WhyState } from "./slice.ts";

/** Factors by which a saved picture can be larger. */
export const ZOOMS = [1, 2, 4] as const;

/** A map as the library's figures take it. */
function multipleOf(
  { request: { technique }, found }: Answer,
  { ends, colors }: LookState & WhyState,
): Multiple {
  const { kind, unit } = technique;
  return {
    map: found.data,
    shape: found.shape,
    kind,
    colors,
    unit,
    gaps: found.gaps,
    clip: ends === "raw" ? 100 : undefined,
  };
}

function subtitleOf({ graph, shown }: Session, layer: string | undefined): string {
  return [graph.name, ...(layer === undefined ? [] : [`layer ${layer}`]), shown?.title ?? ""]
    .filter(Boolean)
    .join(" · ");
}

/** The figure of one map, as people publish it: image, overlay, map, colour bar, what was clipped. */
export function figureOfAnswer({ session, store }: WhyAnswers, answer: Answer): Figure {
  const { technique, subject, layer, at } = answer.request;
  return composeFigure({
    image: deprocess(session.input, session.graph),
    title: `${technique.title}: ${nameOf(session.head, subject, at)}`,
    subtitle: subtitleOf(session, layer),
    ...multipleOf(answer, store.state),
  });
}

/** All cards on one sheet: techniques below one another, classes side by side. */
export function sheetOfCards({ session, store, cards, question }: WhyAnswers): Figure {
  const { state } = store;
  const techniques = [...new Set(cards.map(({ request }) => request.technique))];
  const columns = [...new Set(cards.map(({ about }) => about))];
  const alone = columns.length === 1;
  const layer = cards.find(({ request }) => request.layer !== undefined)?.request.layer;
  return composeMultiples({
    image: deprocess(session.input, session.graph),
    title: question,
    subtitle: subtitleOf(session, layer),
    columns: alone ? [""] : columns,
    rows: techniques.map((technique) => ({
      label: technique.title,
      cells: columns.map((about) => {
        const card = cards.find((one) => one.request.technique === technique && one.about === about);
        if (card?.answer) return multipleOf(card.answer, state);
        return card?.progress.stage === "failed" ? card.progress.message : "not computed";
      }),
    })),
    scale: state.ends === "shared" ? "row" : "own",
    wrap: alone,
  });
}

/** A figure as a PNG file, `zoom` pixels to one of its own. */
export async function pngOf(figure: Figure, zoom: number): Promise<Blob> {
  const pixels = await rasterize(figure, { scale: zoom });
  return new Blob([await encodePng(pixels)], { type: "image/png" });
}

/** A figure as a file of vectors. */
export function svgOf({ svg }: Figure): Blob {
  return new Blob([svg], { type: "image/svg+xml" });
}

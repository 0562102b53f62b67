import { h } from "../dom.ts";
import { download } from "../download.ts";
import { npyOf } from "../npy.ts";
import { takeDialog } from "../take-dialog.ts";
import { zoomChoice } from "../zoom-choice.ts";
import type { Card, WhyAnswers } from "./answers.ts";
import { commandOf } from "./command-line.ts";
import { figureOfAnswer, pngOf, svgOf, ZOOMS } from "./export-figure.ts";

/** The dialog that saves a map: the figure at any scale, the numbers, the command that makes the same. */
export function saveDialog(
  answers: WhyAnswers,
  onError: (error: unknown) => void,
): { show(card: Card): void; dispose(): void } {
  const dialog = takeDialog("Save a map", onError);
  const show = (card: Card) => {
    const { answer, request } = card;
    if (!answer) return;
    const { technique } = request;
    const name = `${technique.name}-${card.about.replaceAll(/[^\w]+/g, "-")}`;
    const figure = figureOfAnswer(answers, answer);
    const preview = h("img", {
      src: `data:image/svg+xml,${encodeURIComponent(figure.svg)}`,
      alt: `Figure of ${technique.title}, ${card.about}`,
      width: figure.width,
      height: figure.height,
    });
    const zooms = zoomChoice(figure, ZOOMS, 2);
    const png = () => pngOf(figure, zooms.zoom).then((blob) => download(blob, `${name}.png`), onError);
    dialog.show({
      title: `${technique.title}, ${card.about}`,
      preview,
      saves: [
        h("button", { class: "primary", onclick: () => void png() }, "Save PNG"),
        ...zooms.elements,
        h("button", { onclick: () => download(svgOf(figure), `${name}.svg`) }, "Save SVG"),
        h("span", { class: "grow" }),
        h(
          "button",
          {
            title: `The map’s numbers, float32, ${answer.found.shape.join(" × ")}`,
            onclick: () => download(npyOf(answer.found), `${name}.npy`),
          },
          "Save .npy",
        ),
      ],
      command: commandOf(answers, request),
      without: "The command line asks this technique about classes only.",
    });
  };
  return { show, dispose: dialog.dispose };
}

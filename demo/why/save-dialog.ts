import { h, segmented } from "../dom.ts";
import { download } from "../download.ts";
import { toast } from "../notices.ts";
import type { Card, WhyAnswers } from "./answers.ts";
import { commandOf } from "./command-line.ts";
import { figureOfAnswer, pngOf, svgOf, ZOOMS } from "./export-figure.ts";
import { npyOf } from "./npy.ts";

/** The dialog that saves a map: the figure at any scale, the numbers, the command that makes the same. */
export function saveDialog(
  answers: WhyAnswers,
  onError: (error: unknown) => void,
): { show(card: Card): void; dispose(): void } {
  const dialog = h("dialog", { class: "take", "aria-label": "Save a map" });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
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
    let zoom = 2;
    const size = h("small", {});
    const sized = () => {
      zooms.set(String(zoom));
      size.textContent = `${figure.width * zoom} × ${figure.height * zoom} pixels`;
    };
    const zooms = segmented(
      "Scale",
      ZOOMS.map((factor) => [String(factor), `${factor}×`] as const),
      (value) => {
        zoom = Number(value);
        sized();
      },
    );
    sized();
    const png = () => pngOf(figure, zoom).then((blob) => download(blob, `${name}.png`), onError);
    const command = commandOf(answers, request);
    const copy = () =>
      navigator.clipboard.writeText(command ?? "").then(
        () => toast("Copied."),
        () => onError(new Error("The browser did not let the page copy; select the command and copy it.")),
      );
    dialog.replaceChildren(
      h("h2", {}, `${technique.title}, ${card.about}`),
      preview,
      h(
        "div",
        { class: "row" },
        h("button", { class: "primary", onclick: () => void png() }, "Save PNG"),
        zooms.element,
        size,
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
      ),
      h("h3", {}, "The same on the command line"),
      command === undefined
        ? h("p", { class: "note" }, "The command line asks this technique about classes only.")
        : h("pre", { tabIndex: 0 }, command),
      h(
        "div",
        { class: "row" },
        command !== undefined && h("button", { onclick: () => void copy() }, "Copy"),
        command?.includes("FOLDER") && h("span", { class: "note" }, "FOLDER: where model.json lies."),
        h("span", { class: "grow" }),
        h("button", { onclick: () => dialog.close() }, "Close"),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  };
  return { show, dispose: () => dialog.remove() };
}

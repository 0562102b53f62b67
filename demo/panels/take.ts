import { h, segmented } from "../dom.ts";
import { toast } from "../notices.ts";
import type { Session } from "../session.ts";
import type { Card } from "../why/enquiry.ts";
import { commandOf, figureOfAnswer, npyOf, pngOf, svgOf, ZOOMS } from "../why/take-away.ts";

/** Offers a file for download. */
export function download(blob: Blob, name: string): void {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Takes a map away: the figure at any scale, the numbers, the command that makes the same. */
export function takeDialog(session: Session, onError: (error: unknown) => void) {
  const dialog = h("dialog", { class: "take", "aria-label": "Save a map" });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  const show = (card: Card) => {
    const { answer, question } = card;
    if (!answer) return;
    const { technique } = question;
    const name = `${technique.name}-${card.about.replaceAll(/[^\w]+/g, "-")}`;
    const figure = figureOfAnswer(session, answer);
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
    const command = commandOf(session, question);
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
    dialog.showModal();
  };
  return { element: dialog, show };
}

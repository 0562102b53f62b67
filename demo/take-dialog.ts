import { h } from "./dom.ts";
import { toast } from "./notices.ts";

/** Something that can be taken away. */
export interface Takable {
  readonly title: string;
  readonly preview: HTMLElement;
  /** The buttons that save it. */
  readonly saves: readonly Node[];
  /** The command that makes the same; undefined where the command line cannot. */
  readonly command: string | undefined;
  /** Why there is no command. */
  readonly without: string;
}

/** The dialog that saves what a question found: as files, and as the command that makes the same. */
export function takeDialog(
  label: string,
  onError: (error: unknown) => void,
): { show(what: Takable): void; dispose(): void } {
  const dialog = h("dialog", { class: "take", "aria-label": label });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  const copy = (command: string) =>
    navigator.clipboard.writeText(command).then(
      () => toast("Copied."),
      () => onError(new Error("The browser did not let the page copy; select the command and copy it.")),
    );
  return {
    show({ title, preview, saves, command, without }) {
      dialog.replaceChildren(
        h("h2", {}, title),
        preview,
        h("div", { class: "row" }, ...saves),
        h("h3", {}, "The same on the command line"),
        command === undefined ? h("p", { class: "note" }, without) : h("pre", { tabIndex: 0 }, command),
        h(
          "div",
          { class: "row" },
          command !== undefined && h("button", { onclick: () => void copy(command) }, "Copy"),
          command?.includes("FOLDER") && h("span", { class: "note" }, "FOLDER: where model.json lies."),
          h("span", { class: "grow" }),
          h("button", { onclick: () => dialog.close() }, "Close"),
        ),
      );
      document.body.append(dialog);
      dialog.showModal();
    },
    dispose: () => dialog.remove(),
  };
}

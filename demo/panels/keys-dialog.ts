import { h } from "../dom.ts";
import type { KeyBinding } from "../keyboard.ts";

/** The list of keys. */
export function keysDialog(bindings: readonly KeyBinding[]): HTMLDialogElement {
  const dialog = h(
    "dialog",
    { "aria-label": "Keys" },
    h("h2", {}, "Keys"),
    h(
      "dl",
      {},
      ...bindings.flatMap(({ keys, does }) => [
        h("dt", {}, ...keys.flatMap((key, index) => [index > 0 ? " " : "", h("kbd", {}, key)])),
        h("dd", {}, does),
      ]),
    ),
    h(
      "p",
      { class: "note" },
      "Drag to orbit, with the right button or two fingers to pan, wheel or pinch to come nearer. Drop or paste a picture anywhere; drop a model to look into another network (model.json with its weight files, .onnx, .keras, .h5, a folder or a .zip), and a labels.json or labels.txt beside it to name its classes.",
    ),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

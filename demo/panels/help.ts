import { h } from "../dom.ts";

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["Enter"], "one level down: image, layer, map, voxel"],
  [["Esc"], "one level up"],
  [["←", "→", "↑", "↓"], "along the level"],
  [["Page Up", "Page Down"], "the maps before, the maps after, where not all are shown"],
  [["Space"], "another picture"],
  [["S"], "stack or sheet"],
  [["E"], "explode the stack into maps"],
  [["[", "]"], "threshold down, up"],
  [["M"], "scale per layer or per map"],
  [["C"], "next colour map"],
  [["W"], "ask why, by the technique that is chosen"],
  [[",", "."], "ask about another of the five classes"],
  [["B"], "the runner-up beside it"],
  [["R"], "maps robust, raw, or on one scale"],
  [["T"], "measure how far the maps can be trusted"],
  [["L"], "Grad-CAM along the network"],
  [["F"], "frame what is selected"],
  [["D"], "light or dark"],
  [["H"], "hide or show the panels"],
  [["P"], "save the room as PNG"],
  [["⇧ arrows"], "fly; ⇧ with Page Up and Page Down for height"],
  [["?"], "these keys"],
];

/** The list of keys. */
export function helpDialog(): HTMLDialogElement {
  const dialog = h(
    "dialog",
    { "aria-label": "Keys" },
    h("h2", {}, "Keys"),
    h(
      "dl",
      {},
      ...KEYS.flatMap(([keys, what]) => [
        h("dt", {}, ...keys.flatMap((key, index) => [index > 0 ? " " : "", h("kbd", {}, key)])),
        h("dd", {}, what),
      ]),
    ),
    h(
      "p",
      { class: "note" },
      "Drag to orbit, with the right button or two fingers to pan, wheel or pinch to come nearer. Drop or paste a picture anywhere; drop a model.json with its weight files to look into another network, and a labels.json or labels.txt beside them to name its classes.",
    ),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}

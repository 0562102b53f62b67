import { h, segmented } from "./dom.ts";

/** A choice of how much larger than it is a picture is saved, with the size that it then has; at first it is `usual`. */
export function zoomChoice(
  { width, height }: { readonly width: number; readonly height: number },
  zooms: readonly number[],
  usual: number,
): { readonly elements: readonly HTMLElement[]; readonly zoom: number } {
  let zoom = usual;
  const size = h("small", {});
  const choice = segmented(
    "Scale",
    zooms.map((factor) => [String(factor), `${factor}×`] as const),
    (value) => set(Number(value)),
  );
  const set = (value: number) => {
    zoom = value;
    choice.set(String(zoom));
    size.textContent = `${width * zoom} × ${height * zoom} pixels`;
  };
  set(usual);
  return {
    elements: [choice.element, size],
    get zoom() {
      return zoom;
    },
  };
}

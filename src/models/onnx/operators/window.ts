import type { FileWindow } from "../../lowering/pictures.ts";
import type { Call } from "../call.ts";

/** The window of a convolution or pool over `spatial` axes. */
export function windowOf({ attributes, lowering }: Call, spatial: number): Omit<FileWindow, "size"> {
  const list = (name: string, otherwise: number, length = spatial) => {
    const values = attributes.numbers(name) ?? Array<number>(length).fill(otherwise);
    if (values.length !== length || !values.every(Number.isInteger)) {
      throw lowering.wrong(`expected ${name} of ${length} whole numbers, got [${values}]`);
    }
    return values;
  };
  const [strides, dilations] = [list("strides", 1), list("dilations", 1)];
  const auto = attributes.text("auto_pad", "NOTSET");
  const pads = list("pads", 0, 2 * spatial);
  if (auto === "VALID") return { strides, dilations, padding: "valid" };
  if (auto === "SAME_UPPER") return { strides, dilations, padding: "upper" };
  if (auto === "SAME_LOWER") return { strides, dilations, padding: "lower" };
  if (auto !== "NOTSET" && auto !== "") {
    throw lowering.wrong(`expected auto_pad of NOTSET, VALID, SAME_UPPER or SAME_LOWER, got "${auto}"`);
  }
  return { strides, dilations, padding: { before: pads.slice(0, spatial), after: pads.slice(spatial) } };
}

import { sizeOf } from "../../../gpu/tensor.ts";
import { shapeOf } from "../../lowering/layout.ts";
import { reshaped } from "../../lowering/movement.ts";
import { channelsFirst, type FileWindow, pooled } from "../../lowering/pictures.ts";
import { reduced } from "../../lowering/reduction.ts";
import { missing, type Operator } from "../call.ts";
import { windowOf } from "./window.ts";

/** The first axis of a window and one that does nothing beside it; undefined where more than the first does something. */
function alongFirst({ size, strides, dilations, padding }: FileWindow): FileWindow | undefined {
  const [first, ...rest] = [size, strides, dilations].map(([own = 1]) => [own, 1]);
  const idle = [size, strides].every((some) => some.slice(1).every((one) => one === 1));
  if (!idle || !first || !rest[0] || !rest[1]) return undefined;
  const [more, less] = [rest[0], rest[1]];
  if (typeof padding !== "object") return { size: first, strides: more, dilations: less, padding };
  const { before, after } = padding;
  if (![before, after].every((side) => side.slice(1).every((one) => one === 0))) return undefined;
  return {
    size: first,
    strides: more,
    dilations: less,
    padding: { before: [before[0] ?? 0, 0], after: [after[0] ?? 0, 0] },
  };
}

const pool =
  (mode: "max" | "average"): Operator =>
  (call) => {
    const { attributes, lowering } = call;
    const x = call.layer(0);
    const spatial = Math.max(1, x.axes.length - 2);
    const size = attributes.numbers("kernel_shape");
    if (!size || size.length !== spatial) {
      throw lowering.wrong(`expected kernel_shape of ${spatial} numbers, got [${size}]`);
    }
    const options = {
      ceil: attributes.flag("ceil_mode", false),
      countPadding: attributes.flag("count_include_pad", false),
    };
    const window = { ...windowOf(call, spatial), size };
    const along = spatial > 2 ? alongFirst(window) : undefined;
    const own = shapeOf(x);
    // PyTorch's local response norm pools over channels, which it has made one of three axes.
    const rows = along && reshaped(lowering, x, [...own.slice(0, 3), sizeOf(own.slice(3))]);
    const flat = pooled(
      lowering,
      rows ?? x,
      channelsFirst(rows ? 4 : x.axes.length),
      along ?? window,
      mode,
      options,
    );
    const y = along ? reshaped(lowering, flat, [...shapeOf(flat).slice(0, 3), ...own.slice(3)]) : flat;
    const places = missing(lowering.unsupported("the places of the maxima are not supported"));
    return [y, places].slice(0, call.outputs.length);
  };

const globalPool =
  (mode: "max" | "mean"): Operator =>
  (call) => {
    const x = call.layer(0);
    return reduced(
      call.lowering,
      x,
      mode,
      x.axes.flatMap((_, axis) => (axis > 1 ? [axis] : [])),
      true,
    );
  };

/** One number for each window of a picture, or for all of it. */
export const POOLS: Readonly<Record<string, Operator>> = {
  AveragePool: pool("average"),
  GlobalAveragePool: globalPool("mean"),
  GlobalMaxPool: globalPool("max"),
  MaxPool: pool("max"),
};

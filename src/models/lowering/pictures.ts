import { sizeOf } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";
import type { Border, Padding } from "../../layers/padding.ts";
import { shapeOf } from "./layout.ts";
import { type LayerBody, type Lowering, showShape } from "./lowering.ts";
import type { LayerValue } from "./value.ts";

/** Which of the file's axes is what, in an array of pictures or of lines (one spatial axis). */
export interface PictureAxes {
  readonly channels: number;
  /** One or two, rows before columns. */
  readonly spatial: readonly number[];
}

/** Channels behind the batch, as ONNX and PyTorch have them. */
export function channelsFirst(rank: number): PictureAxes {
  return { channels: 1, spatial: Array.from({ length: rank - 2 }, (_, index) => index + 2) };
}

/** Channels at the end, as TensorFlow has them. */
export function channelsLast(rank: number): PictureAxes {
  return { channels: rank - 1, spatial: Array.from({ length: rank - 2 }, (_, index) => index + 1) };
}

/** The layer that stores a value as [N, H, W, C]; lines as pictures one pixel high. */
export function asPicture(
  lowering: Lowering,
  x: LayerValue,
  { channels, spatial }: PictureAxes,
): { readonly layer: string; readonly height: number; readonly width: number; readonly channels: number } {
  const rank = x.axes.length;
  const [rows, columns] = spatial.length === 1 ? [undefined, spatial[0]] : spatial;
  const batch = x.axes[0] ?? [];
  if (spatial.length < 1 || spatial.length > 2 || rank !== spatial.length + 2) {
    throw lowering.unsupported(`expected pictures or lines (3 or 4 axes), got x of ${showShape(x)}`);
  }
  if (batch.some((factor) => factor !== 0)) {
    throw lowering.unsupported(`expected the batch as the first axis, got x of ${showShape(x)}`);
  }
  const along = (axis: number | undefined) => (axis === undefined ? [] : (x.axes[axis] ?? []));
  const layer = lowering.arranged(x, [along(rows), along(columns), along(channels)]);
  const [, height = 1, width = 1, count = 1] = lowering.stored(layer);
  return { layer, height, width, channels: count };
}

/** What a layer that stores [N, H, W, C] gives, with the file's axes; the batch as x had it. */
export function pictureOf(
  lowering: Lowering,
  layer: string,
  x: LayerValue,
  { channels, spatial }: PictureAxes,
): LayerValue {
  const lines = spatial.length === 1;
  const axes = x.axes.map((axis, index) => {
    if (index === channels) return [3];
    const at = spatial.indexOf(index);
    return at < 0 ? axis : [at + (lines ? 2 : 1)];
  });
  return lowering.value(layer, axes);
}

/** A layer that makes pictures of pictures. */
export function onPicture(
  lowering: Lowering,
  x: LayerValue,
  axes: PictureAxes,
  body: (size: { readonly height: number; readonly width: number; readonly channels: number }) => LayerBody,
): LayerValue {
  const { layer, ...size } = asPicture(lowering, x, axes);
  return pictureOf(lowering, lowering.emit(body(size), [layer]), x, axes);
}

/** A sliding window as files have it, one number for each spatial axis. */
export interface FileWindow {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** "upper": as TensorFlow's "same"; "lower": with the odd row or column in front; or what is added on each side. */
  readonly padding:
    | "valid"
    | "upper"
    | "lower"
    | { readonly before: readonly number[]; readonly after: readonly number[] };
}

/** Numbers for rows and columns: those of a line are for columns. */
export function pairOf(values: readonly number[], rows: number): readonly [number, number] {
  const [a = 1, b = 1] = values.length === 1 ? [rows, values[0] ?? 1] : values;
  return [a, b];
}

/** The padding of a window over a picture. `ofInput`: it is counted in what goes in (convolution), not in what comes out. */
export function paddingOf(
  lowering: Lowering,
  { size, strides, dilations, padding }: FileWindow,
  input: readonly [number, number],
): Padding {
  if (padding === "valid") return "valid";
  if (padding === "upper") return "same";
  if (padding === "lower") {
    const extents = pairOf(size, 1).map((one, axis) => (one - 1) * (pairOf(dilations, 1)[axis] ?? 1) + 1);
    const [vertical, horizontal] = input.map((length, axis) => {
      const stride = pairOf(strides, 1)[axis] ?? 1;
      const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + (extents[axis] ?? 1) - length);
      return [Math.ceil(total / 2), Math.floor(total / 2)] as const;
    });
    const border = {
      top: vertical?.[0] ?? 0,
      bottom: vertical?.[1] ?? 0,
      left: horizontal?.[0] ?? 0,
      right: horizontal?.[1] ?? 0,
    };
    return sizeOf(Object.values(border).map((side) => side + 1)) === 1 ? "valid" : border;
  }
  const [top, left] = pairOf(padding.before, 0);
  const [bottom, right] = pairOf(padding.after, 0);
  const border: Border = { top, bottom, left, right };
  if (Object.values(border).some((side) => side < 0)) {
    throw lowering.unsupported(`expected padding of 0 or more, got [${Object.values(border)}]`);
  }
  return Object.values(border).every((side) => side === 0) ? "valid" : border;
}

/** Weights [outputs, inputs of a group, …spatial] as layers have them: [rows, columns, inputs, outputs]. */
export function kernelOf({ shape, data }: Constant): Constant {
  const [outputs = 1, inputs = 1, ...spatial] = shape;
  const [rows, columns] = pairOf(spatial, 1);
  const taps = rows * columns;
  const turned = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let tap = 0; tap < taps; tap++) {
        turned[(tap * inputs + i) * outputs + o] = data[(o * inputs + i) * taps + tap] ?? 0;
      }
    }
  }
  return { shape: [rows, columns, inputs, outputs], data: turned };
}

/** @throws ModelError when weights are not for a value's channels: [inputs of a group, outputs]. */
export function assertChannels(
  lowering: Lowering,
  x: LayerValue,
  axes: PictureAxes,
  groups: number,
  [inputs, outputs]: readonly [number, number],
): void {
  const channels = shapeOf(x)[axes.channels] ?? 1;
  if (groups >= 1 && inputs * groups === channels && outputs % groups === 0) return;
  throw lowering.wrong(
    `expected weights of ${channels} channels in ${groups} groups, got ${inputs} by ${outputs} (x is ${showShape(x)})`,
  );
}

/** Convolution of pictures or lines; w is [rows, columns, channels of a group, outputs]. */
export function convolved(
  lowering: Lowering,
  x: LayerValue,
  axes: PictureAxes,
  window: Omit<FileWindow, "size">,
  groups: number,
  w: Constant,
  b: Constant | undefined,
): LayerValue {
  return onPicture(lowering, x, axes, ({ height, width, channels }) => {
    const [rows = 1, columns = 1, inputs = 1, outputs = 1] = w.shape;
    assertChannels(lowering, x, axes, groups, [inputs, outputs]);
    const common = {
      strides: pairOf(window.strides, 1),
      dilations: pairOf(window.dilations, 1),
      padding: paddingOf(lowering, { ...window, size: [rows, columns] }, [height, width]),
      ...(b ? { b } : {}),
    };
    if (groups > 1 && inputs === 1) {
      const own = { shape: [rows, columns, channels, outputs / channels], data: w.data };
      return { op: "depthwiseConv2d", w: own, ...common };
    }
    return { op: "conv2d", w, ...common, ...(groups > 1 ? { groups } : {}) };
  });
}

/** Maximum or mean over a sliding window. */
export function pooled(
  lowering: Lowering,
  x: LayerValue,
  axes: PictureAxes,
  window: FileWindow,
  mode: "max" | "average",
  { ceil, countPadding }: { readonly ceil: boolean; readonly countPadding: boolean },
): LayerValue {
  return onPicture(lowering, x, axes, ({ height, width }) => {
    const padding = paddingOf(lowering, window, [height, width]);
    const dilations = pairOf(window.dilations, 1);
    const counts = mode === "average" && countPadding && padding !== "valid";
    return {
      op: "pool",
      mode,
      size: pairOf(window.size, 1),
      strides: pairOf(window.strides, 1),
      padding,
      ...(dilations.some((dilation) => dilation > 1) ? { dilations } : {}),
      ...(ceil ? { ceil } : {}),
      ...(counts ? { countPadding: true } : {}),
    };
  });
}

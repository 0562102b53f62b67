import { InputError } from "../gpu/errors.ts";

/** Rows and columns of zeros around an image. */
export interface Border {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * The way a window meets the border: "valid" stays inside; "same" pads so that the output is ⌈input / stride⌉, with the odd
 * row or column at the bottom or right (as TensorFlow has it); or an explicit border.
 */
export type Padding = "same" | "valid" | Border;

/** A sliding window's geometry; all pairs are [vertical, horizontal]. */
export interface LayerWindow {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: Padding;
}

/** The fields of layers with a sliding window, for an op's `fields`. */
export const WINDOW_FIELDS = { strides: "must", padding: "must" } as const;

export interface WindowGeometry {
  readonly outHeight: number;
  readonly outWidth: number;
  /** Rows of padding above and columns to the left. */
  readonly top: number;
  readonly left: number;
}

/** Pixels of a window, a step or a dilation, at most: beyond, 32 bits do not hold what kernels reckon with. */
const MOST = 2 ** 15;

function along(
  who: string,
  input: number,
  size: number,
  stride: number,
  dilation: number,
  padding: "same" | "valid" | readonly [number, number],
): { out: number; before: number } {
  if (![size, stride, dilation].every((v) => Number.isInteger(v) && v >= 1 && v <= MOST)) {
    throw new InputError(
      `${who}: expected window size, stride and dilation of 1 to ${MOST}, got ${size}, ${stride}, ${dilation}`,
    );
  }
  const extent = (size - 1) * dilation + 1;
  if (padding === "same") {
    const out = Math.ceil(input / stride);
    const total = Math.max(0, (out - 1) * stride + extent - input);
    return { out, before: Math.floor(total / 2) };
  }
  const [before, after] = padding === "valid" ? [0, 0] : padding;
  const out = Math.floor((input + before + after - extent) / stride) + 1;
  if (out < 1) {
    throw new InputError(`${who}: expected an input of at least ${extent - before - after}, got ${input}`);
  }
  return { out, before };
}

/** Output size and leading padding of a window over an H×W image. @throws InputError when the window does not fit. */
export function windowGeometry(
  who: string,
  height: number,
  width: number,
  window: LayerWindow,
): WindowGeometry {
  const { size, strides, dilations, padding } = window;
  const [vertical, horizontal] =
    typeof padding === "string"
      ? [padding, padding]
      : [[padding.top, padding.bottom] as const, [padding.left, padding.right] as const];
  const rows = along(`${who} height`, height, size[0], strides[0], dilations[0], vertical);
  const columns = along(`${who} width`, width, size[1], strides[1], dilations[1], horizontal);
  return { outHeight: rows.out, outWidth: columns.out, top: rows.before, left: columns.before };
}

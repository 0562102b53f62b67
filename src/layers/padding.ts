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
  /** Rows of padding below and columns to the right. */
  readonly bottom: number;
  readonly right: number;
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
  ceil: boolean,
): { out: number; before: number; after: number } {
  assertWindow(who, size, stride, dilation);
  const extent = (size - 1) * dilation + 1;
  if (padding === "same") {
    const out = Math.ceil(input / stride);
    const total = Math.max(0, (out - 1) * stride + extent - input);
    const before = Math.floor(total / 2);
    return { out, before, after: total - before };
  }
  const [before, after] = padding === "valid" ? [0, 0] : padding;
  const steps = (input + before + after - extent) / stride;
  // Rounded up, the last window starts inside of the input or in the padding before it, or there is none.
  const up = Math.ceil(steps) * stride >= input + before ? Math.ceil(steps) : Math.ceil(steps) + 1;
  const out = ceil ? up : Math.floor(steps) + 1;
  if (out < 1) {
    throw new InputError(`${who}: expected an input of at least ${extent - before - after}, got ${input}`);
  }
  return { out, before, after };
}

/** Output size and padding of a window over an H×W image; `ceil` rounds the output's size up. @throws InputError when the window does not fit. */
export function windowGeometry(
  who: string,
  height: number,
  width: number,
  window: LayerWindow & { readonly ceil?: boolean | undefined },
): WindowGeometry {
  const { size, strides, dilations, padding, ceil = false } = window;
  const [vertical, horizontal] =
    typeof padding === "string"
      ? [padding, padding]
      : [[padding.top, padding.bottom] as const, [padding.left, padding.right] as const];
  const rows = along(`${who} height`, height, size[0], strides[0], dilations[0], vertical, ceil);
  const columns = along(`${who} width`, width, size[1], strides[1], dilations[1], horizontal, ceil);
  return {
    outHeight: rows.out,
    outWidth: columns.out,
    top: rows.before,
    left: columns.before,
    bottom: rows.after,
    right: columns.after,
  };
}

/**
 * Output size of a transposed window over an H×W image, and the rows and columns of its full output that the padding takes
 * off above and to the left.
 * @throws InputError when nothing is left, or a number is not whole or too large.
 */
export function spreadGeometry(
  who: string,
  height: number,
  width: number,
  {
    size,
    strides,
    dilations,
    padding,
    outputPadding = [0, 0],
  }: LayerWindow & { readonly outputPadding?: readonly [number, number] },
): Omit<WindowGeometry, "bottom" | "right"> {
  const named = typeof padding === "string";
  const along = (axis: 0 | 1, input: number, border: readonly [number, number]) => {
    const [taps, stride, dilation, added] = [size[axis], strides[axis], dilations[axis], outputPadding[axis]];
    assertWindow(who, taps, stride, dilation);
    if (!Number.isInteger(added) || added < 0 || added > MOST) {
      throw new InputError(`${who}: expected an output padding of 0 to ${MOST}, got ${added}`);
    }
    const extent = (taps - 1) * dilation + 1;
    const full = (input - 1) * stride + extent;
    const [before, after] =
      padding === "same" ? [Math.floor(Math.max(0, extent - stride) / 2), 0] : named ? [0, 0] : border;
    const out = (padding === "same" ? input * stride : full - before - after) + added;
    if (out < 1 || before < 0 || after < 0) {
      throw new InputError(
        `${who}: expected a padding that leaves something of the full output of ${full}, got ${before} and ${after}`,
      );
    }
    return { out, before };
  };
  const rows = along(0, height, named ? [0, 0] : [padding.top, padding.bottom]);
  const columns = along(1, width, named ? [0, 0] : [padding.left, padding.right]);
  return { outHeight: rows.out, outWidth: columns.out, top: rows.before, left: columns.before };
}

function assertWindow(who: string, size: number, stride: number, dilation: number): void {
  if (![size, stride, dilation].every((v) => Number.isInteger(v) && v >= 1 && v <= MOST)) {
    throw new InputError(
      `${who}: expected window size, stride and dilation of 1 to ${MOST}, got ${size}, ${stride}, ${dilation}`,
    );
  }
}

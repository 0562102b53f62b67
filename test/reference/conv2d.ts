/** Sizes of a convolution, of whichever kind; pairs are [vertical, horizontal]. */
export interface ConvolutionSizes {
  readonly x: readonly [n: number, h: number, w: number, c: number];
  readonly y: readonly [n: number, h: number, w: number, c: number];
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows of padding above and columns to the left. */
  readonly before: readonly [number, number];
  /** Default 1. */
  readonly groups?: number | undefined;
}

/** Calls back for every pair of an output and an input pixel that a tap connects; arguments are pixel and tap numbers. */
function taps(sizes: ConvolutionSizes, visit: (output: number, input: number, tap: number) => void): void {
  const { x, y, kernel, strides, dilations, before } = sizes;
  for (let n = 0; n < y[0]; n++) {
    for (let r = 0; r < y[1]; r++) {
      for (let c = 0; c < y[2]; c++) {
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const row = r * strides[0] + ky * dilations[0] - before[0];
            const column = c * strides[1] + kx * dilations[1] - before[1];
            if (row < 0 || row >= x[1] || column < 0 || column >= x[2]) continue;
            visit((n * y[1] + r) * y[2] + c, (n * x[1] + row) * x[2] + column, ky * kernel[1] + kx);
          }
        }
      }
    }
  }
}

type Numbers = Float32Array | Float64Array;

/** Calls back for every pair of an input and an output channel of one group, and the input's number within it. */
function channelPairs(
  { x, y, groups = 1 }: ConvolutionSizes,
  visit: (input: number, output: number, within: number) => void,
): void {
  const [inputs, outputs] = [x[3] / groups, y[3] / groups];
  for (let g = 0; g < groups; g++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) visit(g * inputs + i, g * outputs + o, i);
    }
  }
}

/** Convolution by w [kh, kw, Cin / groups, Cout] in f64. */
export function convolve(sizes: ConvolutionSizes, x: Numbers, w: Numbers, b?: Numbers): Float64Array {
  const cin = sizes.x[3];
  const cout = sizes.y[3];
  const depth = cin / (sizes.groups ?? 1);
  const y = Float64Array.from({ length: sizes.y.reduce((a, v) => a * v) }, (_, i) => b?.[i % cout] ?? 0);
  taps(sizes, (output, input, tap) => {
    channelPairs(sizes, (i, o, within) => {
      const at = output * cout + o;
      y[at] = (y[at] ?? 0) + (x[input * cin + i] ?? 0) * (w[(tap * depth + within) * cout + o] ?? 0);
    });
  });
  return y;
}

/** Gradient of {@link convolve} to x, in f64. */
export function convolveBackward(sizes: ConvolutionSizes, dy: Numbers, w: Numbers): Float64Array {
  const cin = sizes.x[3];
  const cout = sizes.y[3];
  const depth = cin / (sizes.groups ?? 1);
  const dx = new Float64Array(sizes.x.reduce((a, v) => a * v));
  taps(sizes, (output, input, tap) => {
    channelPairs(sizes, (i, o, within) => {
      const at = input * cin + i;
      dx[at] = (dx[at] ?? 0) + (dy[output * cout + o] ?? 0) * (w[(tap * depth + within) * cout + o] ?? 0);
    });
  });
  return dx;
}

/** Depthwise convolution by w [kh, kw, C, M] in f64. */
export function convolveDepthwise(
  sizes: ConvolutionSizes,
  x: Numbers,
  w: Numbers,
  b?: Numbers,
): Float64Array {
  const c = sizes.x[3];
  const filters = sizes.y[3];
  const multiplier = filters / c;
  const y = Float64Array.from({ length: sizes.y.reduce((a, v) => a * v) }, (_, i) => b?.[i % filters] ?? 0);
  taps(sizes, (output, input, tap) => {
    for (let f = 0; f < filters; f++) {
      const at = output * filters + f;
      y[at] = (y[at] ?? 0) + (x[input * c + Math.floor(f / multiplier)] ?? 0) * (w[tap * filters + f] ?? 0);
    }
  });
  return y;
}

/** Gradient of {@link convolveDepthwise} to x, in f64. */
export function convolveDepthwiseBackward(sizes: ConvolutionSizes, dy: Numbers, w: Numbers): Float64Array {
  const c = sizes.x[3];
  const filters = sizes.y[3];
  const multiplier = filters / c;
  const dx = new Float64Array(sizes.x.reduce((a, v) => a * v));
  taps(sizes, (output, input, tap) => {
    for (let f = 0; f < filters; f++) {
      const at = input * c + Math.floor(f / multiplier);
      dx[at] = (dx[at] ?? 0) + (dy[output * filters + f] ?? 0) * (w[tap * filters + f] ?? 0);
    }
  });
  return dx;
}

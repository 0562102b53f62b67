import { asNhwc } from "../../src/gpu/tensor.ts";
import type { Conv2dTransposeLayer } from "../../src/layers/conv2d-transpose.ts";
import { type Array64, upTo } from "./array.ts";

/** Length of the output along one axis, and what is taken off before it, as the definition has it. */
function along(layer: Conv2dTransposeLayer, axis: 0 | 1, input: number): [out: number, before: number] {
  const { padding, outputPadding = [0, 0] } = layer;
  const stride = layer.strides[axis];
  const extent = ((layer.w.shape[axis] ?? 1) - 1) * layer.dilations[axis] + 1;
  const added = outputPadding[axis];
  const full = (input - 1) * stride + extent;
  if (padding === "valid") return [full + added, 0];
  // TensorFlow's: the padding with which the convolution from in · stride gives in.
  if (padding === "same") {
    return [
      input * stride + added,
      Math.floor(Math.max(0, (input - 1) * stride + extent - input * stride) / 2),
    ];
  }
  const [before, after] = axis === 0 ? [padding.top, padding.bottom] : [padding.left, padding.right];
  return [full - before - after + added, before];
}

/** Transposed convolution by naive loops: every value of the input times the filters, added where they fall. */
export function convolveTransposed(layer: Conv2dTransposeLayer, x: Array64): Array64 {
  const [n, height, width, inputs] = asNhwc(x.shape);
  const { w, b, strides, dilations, groups = 1 } = layer;
  const [kh = 1, kw = 1, , outputs = 1] = w.shape;
  const [rows, top] = along(layer, 0, height);
  const [columns, left] = along(layer, 1, width);
  const channels = outputs * groups;
  const data = Float64Array.from(
    { length: n * rows * columns * channels },
    (_, i) => b?.data[i % channels] ?? 0,
  );
  for (const [at, value] of x.data.entries()) {
    const i = at % inputs;
    const group = Math.floor(i / (inputs / groups));
    const pixel = Math.floor(at / inputs);
    const [image, row, column] = [
      Math.floor(pixel / (height * width)),
      Math.floor(pixel / width) % height,
      pixel % width,
    ];
    for (const ky of upTo(kh)) {
      for (const kx of upTo(kw)) {
        const r = row * strides[0] + ky * dilations[0] - top;
        const c = column * strides[1] + kx * dilations[1] - left;
        if (r < 0 || r >= rows || c < 0 || c >= columns) continue;
        for (const o of upTo(outputs)) {
          const to = ((image * rows + r) * columns + c) * channels + group * outputs + o;
          data[to] = (data[to] ?? 0) + value * (w.data[((ky * kw + kx) * inputs + i) * outputs + o] ?? 0);
        }
      }
    }
  }
  return { shape: [n, rows, columns, channels], data };
}

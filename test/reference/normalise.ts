import { asNhwc } from "../../src/gpu/tensor.ts";
import type { LrnLayer } from "../../src/layers/lrn.ts";
import { type Array64, at, fill, upTo } from "./array.ts";

export function lrn({ radius, after = radius, bias, alpha, beta }: LrnLayer, x: Array64): Array64 {
  return fill(x.shape, (n, v, u, c) => {
    const squares = upTo(radius + after + 1).map((k) => (at(x, n, v, u, c - radius + k) ?? 0) ** 2);
    const sum = squares.reduce((total, square) => total + square, 0);
    return (at(x, n, v, u, c) ?? 0) / (bias + alpha * sum) ** beta;
  });
}

export function softmax(x: Array64): Array64 {
  const [, , , channels] = asNhwc(x.shape);
  const data = new Float64Array(x.data.length);
  for (let start = 0; start < data.length; start += channels) {
    const row = x.data.subarray(start, start + channels);
    const peak = Math.max(...row);
    const sum = row.reduce((total, value) => total + Math.exp(value - peak), 0);
    for (const [c, value] of row.entries()) data[start + c] = Math.exp(value - peak) / sum;
  }
  return { shape: x.shape, data };
}

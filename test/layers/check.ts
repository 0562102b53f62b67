import fc from "fast-check";
import { expect } from "vitest";
import type { Shape } from "../../src/gpu/tensor.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import type { LayerBase, Op } from "../../src/layers/op.ts";
import type { Array64 } from "../reference/array.ts";
import { expectClose, inner, numbers } from "../reference/numbers.ts";
import { runBackward, runForward, type Values } from "./run.ts";

/** What an op is held against. */
export interface Reference {
  readonly forward: (x: readonly Array64[]) => Array64;
  /** The same without the layer's fused activation, which is not backward's business. Default: `forward`. */
  readonly linear?: (x: readonly Array64[]) => Array64;
}

/** Where in dx a finite difference is taken: everywhere, or at about 50 places of a large one. */
function probes(size: number): number[] {
  const step = size <= 300 ? 1 : Math.floor(size / 50) | 1;
  return Array.from({ length: Math.ceil(size / step) }, (_, index) => index * step);
}

/**
 * Holds an op's forward against naive loops in f64, and its gradient to each input against central differences of these
 * loops, contracted with a random dy; written over what dx holds and added to it.
 */
export async function checkOp<L extends LayerBase>(
  op: Op<L, LayerBase>,
  layer: L,
  x: readonly Values[],
  { forward, linear = forward }: Reference,
): Promise<void> {
  const exact = x.map(({ shape, data }): Array64 => ({ shape, data: Float64Array.from(data) }));
  const expected = forward(exact);
  const y = await runForward(op, layer, x);
  expect(y.shape).toEqual(expected.shape);
  expectClose(y.data, expected.data);
  expect((await runForward(op, layer, x, { gradients: false })).data).toEqual(y.data);

  const dy = numbers(y.data.length, 77);
  for (const [input, { shape }] of x.entries()) {
    const dx = await runBackward(op, layer, x, { dy, input });
    const places = probes(dx.length);
    const slopes = places.map((place) => slope(linear, exact, input, place, dy));
    expectClose(
      Float32Array.from(places, (place) => dx[place] ?? Number.NaN),
      slopes,
    );

    const onto = numbers(sizeOf(shape), 78);
    const sum = await runBackward(op, layer, x, { dy, input, onto });
    expectClose(
      sum,
      dx.map((value, i) => value + (onto[i] ?? Number.NaN)),
      1e-6,
    );
  }
}

function slope(
  f: Reference["forward"],
  x: readonly Array64[],
  input: number,
  place: number,
  dy: Float32Array,
): number {
  const h = 1e-5;
  const moved = (by: number): number => {
    const inputs = x.map(({ shape, data }, index) => {
      if (index !== input) return { shape, data };
      const copy = data.slice();
      copy[place] = (copy[place] ?? Number.NaN) + by;
      return { shape, data: copy };
    });
    return inner(f(inputs).data, dy);
  };
  return (moved(h) - moved(-h)) / (2 * h);
}

/** Reproducible values of -1 to 1, times `scale`. */
export function random(shape: Shape, seed = 1, scale = 1): Values {
  return { shape, data: numbers(sizeOf(shape), seed).map((value) => value * scale) };
}

/** Small odd shapes [N, H, W, C]. */
export const IMAGES: fc.Arbitrary<[number, number, number, number]> = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(1, 3, 5, 8),
);

/** Checks a property on a few reproducible cases. */
export async function forAll<T>(
  cases: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, property), { numRuns: 12, seed: 20 });
}

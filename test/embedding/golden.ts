import { readFileSync } from "node:fs";
import type { Points } from "../../src/embedding/points.ts";
import { arraysOf } from "../../src/node/npz.ts";

/** What scikit-learn and numpy make of a cloud of points; see test/golden/embedding.py. */
export function golden(): (name: string) => Points {
  const path = "test/golden/embedding.npz";
  const arrays = new Map(arraysOf(readFileSync(path), path).map(({ name, array }) => [name, array]));
  return (name) => {
    const array = arrays.get(name);
    if (!array) throw new Error(`expected ${name} in ${path}`);
    return { data: Float32Array.from(array.data), shape: array.shape };
  };
}

/** The first points of many. */
export function firstOf({ data, shape }: Points, count: number): Points {
  const [, d = 1] = shape;
  return { data: data.slice(0, count * d), shape: [count, d] };
}

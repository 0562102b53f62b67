import { expect, test } from "vitest";
import { ModelError } from "../../src/gpu/errors.ts";
import { inputOf } from "../../src/graph/graph.ts";
import { shapesNear } from "../../src/models/input-shape.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { kerasLayer, modelOf, sequential } from "./fixtures.ts";

const MEAN = kerasLayer("GlobalAveragePooling2D", "mean");
const files = (shape: readonly (number | null)[]) => modelOf(sequential([MEAN], shape), []);

test("shapes near a size are that size and its multiples; what is declared stays", () => {
  expect(shapesNear([null, null, 3], [7, 100])).toEqual([
    [7, 100, 3],
    [8, 100, 3],
    [8, 100, 3],
    [8, 104, 3],
    [16, 96, 3],
    [32, 96, 3],
    [64, 128, 3],
  ]);
  expect(shapesNear([5, null, 3], [7, 9])[0]).toEqual([5, 9, 3]);
  expect(shapesNear([null, null, null], [7, 9]).map(([, , c]) => c)).toEqual([
    ...Array(7).fill(3),
    ...Array(7).fill(1),
  ]);
  expect(shapesNear([null, null], [7, 9])[0]).toEqual([7, 9, 1]);
});

test("the caller chooses when he knows what is declared", async () => {
  const told: (readonly (number | null)[])[] = [];
  const choose = (shapes: [number, number, number][] | undefined) => ({
    inputShape: (declared: readonly (number | null)[]) => {
      told.push(declared);
      return Promise.resolve(shapes);
    },
  });
  const free = await loadLayersModel(files([null, null, 3]), choose([[5, 7, 3]]));
  expect(inputOf(free).shape).toEqual([5, 7, 3]);
  const fixed = await loadLayersModel(files([4, 6, 3]), choose(undefined));
  expect(inputOf(fixed).shape).toEqual([4, 6, 3]);
  expect(told).toEqual([
    [null, null, 3],
    [4, 6, 3],
  ]);
  await expect(loadLayersModel(files([null, null, 3]), choose(undefined))).rejects.toThrow(
    /input of fixed size/,
  );
  await expect(loadLayersModel(files([null, null, 3]), choose([]))).rejects.toThrow(ModelError);
});

test("the first shape that the layers allow is taken; of none, what the first met is said", async () => {
  const flat = [kerasLayer("Flatten", "flat"), kerasLayer("Dense", "two", { units: 2, use_bias: false })];
  const model = modelOf(sequential(flat, [null, null, 1]), [{ name: "two/kernel", shape: [12, 2] }]);
  const at = (...shapes: [number, number, number][]) => loadLayersModel(model, { inputShape: () => shapes });
  expect(inputOf(await at([2, 2, 1], [3, 4, 1], [2, 6, 1])).shape).toEqual([3, 4, 1]);
  await expect(at([2, 2, 1], [3, 3, 1])).rejects.toThrow(/shape 4×2, got 12×2/);
});

import { expect, test } from "vitest";
import { standingSize } from "../../demo/shipped-model.ts";

test("a network of free size stands at 224, others at their own", () => {
  expect(standingSize([null, null, 3])?.[0]).toEqual([224, 224, 3]);
  expect(standingSize([96, null, 1])?.[0]).toEqual([96, 224, 1]);
  expect(standingSize([96, 96, 3])).toBeUndefined();
});

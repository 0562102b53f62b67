import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type LayerWindow, windowGeometry } from "../../src/layers/padding.ts";

function geometry(height: number, width: number, window: Partial<LayerWindow>): number[] {
  const whole: LayerWindow = {
    size: [3, 3],
    strides: [1, 1],
    dilations: [1, 1],
    padding: "valid",
    ...window,
  };
  const { outHeight, outWidth, top, left } = windowGeometry("layer", height, width, whole);
  return [outHeight, outWidth, top, left];
}

test("valid stays inside", () => {
  expect(geometry(7, 8, {})).toEqual([5, 6, 0, 0]);
  expect(geometry(7, 8, { strides: [2, 3] })).toEqual([3, 2, 0, 0]);
  expect(geometry(7, 8, { dilations: [2, 3] })).toEqual([3, 2, 0, 0]);
  expect(geometry(3, 3, {})).toEqual([1, 1, 0, 0]);
});

test("same gives ⌈input / stride⌉, the odd row below and the odd column to the right", () => {
  expect(geometry(7, 8, { padding: "same" })).toEqual([7, 8, 1, 1]);
  expect(geometry(7, 8, { padding: "same", strides: [2, 2] })).toEqual([4, 4, 1, 0]);
  expect(geometry(8, 8, { padding: "same", size: [2, 4] })).toEqual([8, 8, 0, 1]);
  expect(geometry(224, 224, { padding: "same", strides: [2, 2] })).toEqual([112, 112, 0, 0]);
  expect(geometry(7, 7, { padding: "same", dilations: [2, 2] })).toEqual([7, 7, 2, 2]);
  expect(geometry(5, 5, { padding: "same", size: [1, 1], strides: [2, 2] })).toEqual([3, 3, 0, 0]);
});

test("an explicit border is taken as it is", () => {
  const padding = { top: 1, bottom: 2, left: 3, right: 0 };
  expect(geometry(4, 4, { padding })).toEqual([5, 5, 1, 3]);
  expect(geometry(4, 4, { padding, strides: [2, 2] })).toEqual([3, 3, 1, 3]);
});

test("a window that does not fit is refused, by name and axis", () => {
  expect(() => geometry(2, 9, {})).toThrow(InputError);
  expect(() => geometry(2, 9, {})).toThrow("layer height: expected an input of at least 3, got 2");
  expect(() => geometry(9, 2, {})).toThrow("layer width: expected an input of at least 3, got 2");
  expect(() => geometry(9, 9, { strides: [0, 1] })).toThrow(/of 1 to 32768, got 3, 0, 1/);
  expect(() => geometry(9, 9, { size: [1.5, 1] })).toThrow(InputError);
  expect(() => geometry(9, 9, { dilations: [1, -1] })).toThrow(/layer width/);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { formsOf, LayerForm } from "../../src/graph/layer-form.ts";
import type { Graph } from "../../src/index.ts";

test("each value of a layer of any rank has one place in its maps", () => {
  const shapes = fc.tuple(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }), fc.boolean());
  fc.assert(
    fc.property(shapes, ([shape, matrices]) => {
      const form = LayerForm.of([1, ...shape], matrices);
      const [height, width, maps] = form.size;
      const count = shape.reduce((product, size) => product * size, 1);
      expect(height * width * maps).toBe(count);
      const [columns, channels] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
      const laidOut = form.laidOut(Float32Array.from({ length: count }, (_, i) => i));
      for (let index = 0; index < count; index++) {
        const shown = form.at(index);
        expect(shown.y < height && shown.x < width && shown.channel < maps).toBe(true);
        expect(form.index(shown)).toBe(index);
        expect(laidOut[(shown.y * width + shown.x) * maps + shown.channel]).toBe(index);
        const { channel, y, x } = form.targetOf(shown);
        expect((y * columns + x) * channels + channel).toBe(index);
      }
    }),
  );
});

test("pictures stand as maps, sequences as one with a row for each place, heads as matrices", () => {
  expect(LayerForm.of([1, 6, 4, 10]).size).toEqual([6, 4, 10]);
  expect(LayerForm.of([1, 6, 4, 2, 5]).size).toEqual([6, 4, 10]);
  expect(LayerForm.of([1, 17, 32]).size).toEqual([17, 32, 1]);
  expect(LayerForm.of([1, 32]).size).toEqual([1, 1, 32]);
  expect(LayerForm.of([1]).size).toEqual([1, 1, 1]);
  const layers = [
    { op: "input", name: "x", inputs: [], shape: [3, 5, 4] },
    { op: "matmul", name: "scores", inputs: ["x", "x"], transposeB: true },
    { op: "softmax", name: "attention", inputs: ["scores"] },
    { op: "permute", name: "turned", inputs: ["attention"], axes: [0, 2, 3, 1] },
  ];
  const forms = formsOf({ name: "g", layers, output: "turned" } as unknown as Graph);
  expect([...forms.values()].map(({ size }) => size)).toEqual([
    [3, 5, 4],
    [5, 5, 3],
    [5, 5, 3],
    [5, 5, 3],
  ]);
  expect([...forms.values()].map(({ maps }) => maps)).toEqual(["channels", "heads", "heads", "channels"]);
  // Head 2, row 1, column 3 of [3, 5, 5]; of the same as maps, [5, 5, 3].
  const at = { channel: 2, y: 1, x: 3 };
  expect(forms.get("attention")?.index(at)).toBe((2 * 5 + 1) * 5 + 3);
  expect(forms.get("turned")?.index(at)).toBe((1 * 5 + 3) * 3 + 2);
  expect([forms.get("attention")?.mapsAreChannels, forms.get("turned")?.mapsAreChannels]).toEqual([
    false,
    true,
  ]);
});

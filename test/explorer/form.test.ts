import fc from "fast-check";
import { expect, test } from "vitest";
import { shortNames } from "../../demo/layer-names.ts";
import { modelName } from "../../demo/model-name.ts";
import { Form, formsOf } from "../../demo/room/form.ts";
import type { Graph } from "../../src/index.ts";

test("each value of a layer of any rank has one place in its maps", () => {
  const shapes = fc.tuple(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }), fc.boolean());
  fc.assert(
    fc.property(shapes, ([shape, matrices]) => {
      const form = Form.of([1, ...shape], matrices);
      const [height, width, maps] = form.size;
      const count = shape.reduce((product, size) => product * size, 1);
      expect(height * width * maps).toBe(count);
      const [columns, channels] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
      for (let index = 0; index < count; index++) {
        const shown = form.at(index);
        expect(shown.y < height && shown.x < width && shown.channel < maps).toBe(true);
        expect(form.index(shown)).toBe(index);
        const { channel, y, x } = form.targetOf(shown);
        expect((y * columns + x) * channels + channel).toBe(index);
      }
    }),
  );
});

test("pictures stand as maps, sequences as one with a row for each place, heads as matrices", () => {
  expect(Form.of([1, 6, 4, 10]).size).toEqual([6, 4, 10]);
  expect(Form.of([1, 6, 4, 2, 5]).size).toEqual([6, 4, 10]);
  expect(Form.of([1, 17, 32]).size).toEqual([17, 32, 1]);
  expect(Form.of([1, 32]).size).toEqual([1, 1, 32]);
  expect(Form.of([1]).size).toEqual([1, 1, 1]);
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
  // Head 2, row 1, column 3 of [3, 5, 5]; of the same as maps, [5, 5, 3].
  const at = { channel: 2, y: 1, x: 3 };
  expect(forms.get("attention")?.index(at)).toBe((2 * 5 + 1) * 5 + 3);
  expect(forms.get("turned")?.index(at)).toBe((1 * 5 + 3) * 3 + 2);
  expect([forms.get("attention")?.mapsAreChannels, forms.get("turned")?.mapsAreChannels]).toEqual([
    false,
    true,
  ]);
});

test("names of layers lose what they repeat and what all share", () => {
  const shorts = (...names: string[]) => [...shortNames(names).values()];
  expect(shorts("/features/features.0/features.0.0/Conv", "/head/Gemm", "logits")).toEqual([
    "features.0.0/Conv",
    "head/Gemm",
    "logits",
  ]);
  expect(shorts("Stateful/net/conv1/Relu", "Stateful/net/conv2/Relu")).toEqual(["conv1/Relu", "conv2/Relu"]);
  expect(shorts("conv1", "/")).toEqual(["conv1", "/"]);
  for (const name of shorts("x".repeat(200), "a/bcdefghijklmn/bcdefghijklmn/bcdefghijklmn/c"))
    expect(name.length).toBeLessThan(33);
});

test("a network that is called as any other takes its file's name, or its folder's", () => {
  expect(modelName("torch_jit", ["resnet18.onnx"])).toBe("resnet18");
  expect(modelName("model", ["emotion/model.json", "emotion/emotion.bin"])).toBe("emotion");
  expect(modelName("main_graph", ["model.onnx"])).toBe("main_graph");
  expect(modelName("lenet", ["model.onnx"])).toBe("lenet");
});

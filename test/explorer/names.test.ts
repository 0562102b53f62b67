import { expect, test } from "vitest";
import { shortNames } from "../../demo/layer-names.ts";
import { modelName } from "../../demo/model-name.ts";

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

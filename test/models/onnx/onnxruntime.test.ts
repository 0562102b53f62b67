import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { testDevice } from "../../gpu.ts";
import { differenceFromOnnxRuntime, SHARED_ONNX, withLogits, withNoise } from "./onnxruntime.ts";

const read = (path: string) => new Uint8Array(readFileSync(`${SHARED_ONNX}${path}`));

// The other light graphs: `npm run verify:onnx -- light`.
describe.skipIf(!existsSync(SHARED_ONNX))("logits within 1e-4 of ONNX Runtime's", () => {
  test.each(["squeezenet", "shufflenet"])("light/%s with noise for weights", async (name) => {
    const bytes = withLogits(withNoise(read(`light/${name}.onnx`)));
    expect(await differenceFromOnnxRuntime(await testDevice(), bytes)).toBeLessThan(1e-4);
  });

  test("ocr_detection at a size that the file leaves free", async () => {
    const bytes = withLogits(read("ocr_detection/model.onnx"));
    const options = { inputShape: [64, 96, 3] } as const;
    expect(await differenceFromOnnxRuntime(await testDevice(), bytes, options)).toBeLessThan(1e-4);
  });
});

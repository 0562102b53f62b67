import * as ort from "onnxruntime-web/wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../src/gpu/errors.ts";
import { loadOnnxModel } from "../src/models/load-onnx-model.ts";
import { OTHERWISE } from "../src/models/refusal.ts";
import { fromSession } from "../src/onnxruntime.ts";
import { lime } from "../src/techniques/attribution/lime.ts";
import { numericalSaliency } from "../src/techniques/attribution/numerical-saliency.ts";
import { occlusion } from "../src/techniques/attribution/occlusion.ts";
import { rise } from "../src/techniques/attribution/rise.ts";
import { predict } from "../src/techniques/predict.ts";
import { testDevice } from "./gpu.ts";
import { floats, onnxBytes, onnxFiles, valueInfo } from "./models/onnx/written.ts";
import { expectClose, numbers } from "./reference/numbers.ts";

let device: GPUDevice;

beforeAll(async () => {
  device = await testDevice();
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
});

const [H, W] = [4, 5];
const weights = numbers(3 * H * W * 2, 3);

/** Running sums of a picture's values, weighed: an operator that Vitrine refuses. */
function summing(batch: number | string, layout: "nchw" | "nhwc" = "nchw"): Uint8Array<ArrayBuffer> {
  const axes = layout === "nchw" ? [3, H, W] : [H, W, 3];
  const axis = { name: "axis", dims: [1n], dataType: 7, int64Data: [1n] };
  return onnxBytes({
    name: "summing",
    input: [valueInfo("picture", [batch, ...axes])],
    output: [valueInfo("scores", [batch, 2])],
    initializer: [axis, floats("w", [3 * H * W, 2], weights)],
    node: [
      { opType: "Flatten", name: "flat", input: ["picture"], output: ["flat"] },
      { opType: "CumSum", name: "sums", input: ["flat", "axis"], output: ["sums"] },
      { opType: "MatMul", name: "weighed", input: ["sums", "w"], output: ["scores"] },
    ],
  });
}

/** The slope of a score to each value [C, H, W] of the picture: the weights of all sums that it is in. */
function slopes(score: number): Float32Array {
  const count = 3 * H * W;
  const all = new Float32Array(count);
  let sum = 0;
  for (let i = count - 1; i >= 0; i--) {
    sum += weights[2 * i + score] ?? 0;
    all[i] = sum;
  }
  return all;
}

describe("a session of ONNX Runtime", () => {
  const image = numbers(H * W * 3, 7);

  test("runs what Vitrine refuses, whose message names this way", async () => {
    const bytes = summing("N");
    const refusal = await loadOnnxModel(onnxFiles(bytes)).catch((error: unknown) => error as Error);
    expect(refusal).toBeInstanceOf(UnsupportedError);
    expect((refusal as Error).message).toContain("CumSum");
    expect((refusal as Error).message).toContain(OTHERWISE);
  });

  test.each([
    ["N", "nchw"],
    [1, "nchw"],
    [4, "nchw"],
    ["N", "nhwc"],
  ] as const)("of batch %s and %s has its slopes, in the picture's own order", async (batch, layout) => {
    const session = await ort.InferenceSession.create(summing(batch, layout));
    using box = await fromSession(device, ort, session, { preprocessing: "none", batch: 3, head: "values" });
    expect(box.graph.layers[0]).toMatchObject({ shape: [H, W, 3] });
    const found = await numericalSaliency(box, image, { target: 1, patch: 1 });
    const expected = slopes(1);
    const own =
      layout === "nhwc"
        ? expected
        : expected.map((_, i) => {
            const [pixel, channel] = [Math.floor(i / 3), i % 3];
            return expected[channel * H * W + pixel] ?? 0;
          });
    expectClose(found.data, own, 1e-3);
    const place = (i: number) => (layout === "nhwc" ? i : (i % (H * W)) * 3 + Math.floor(i / (H * W)));
    const linear = [0, 1].map((score) =>
      slopes(score).reduce((sum, slope, i) => sum + slope * (image[place(i)] ?? 0), 0),
    );
    const values = (await predict(box, image)).map(({ value }) => value);
    expectClose(
      Float32Array.from(values, (value = Number.NaN) => value),
      linear,
      1e-5,
    );
    await session.release();
  });

  test("says what does not fit it", async () => {
    const session = await ort.InferenceSession.create(summing("N"));
    const made = (options: object) => fromSession(device, ort, session, options);
    await expect(made({ output: "skores" })).rejects.toThrow(/expected an output of scores, got "skores"/);
    await expect(made({ picture: "image" })).rejects.toThrow(/of picture, got "image"/);
    await expect(made({ layuot: "nchw" })).rejects.toThrow(/did you mean "layout"/);
    await expect(fromSession(device, ort, undefined as never)).rejects.toThrow(InputError);
    await session.release();
    const free = onnxBytes({
      name: "free",
      input: [valueInfo("picture", ["N", 3, "H", "W"])],
      output: [valueInfo("scores", ["N", 3, 1, 1])],
      node: [{ opType: "GlobalAveragePool", name: "mean", input: ["picture"], output: ["scores"] }],
    });
    const sizeless = await ort.InferenceSession.create(free);
    await expect(fromSession(device, ort, sizeless)).rejects.toThrow(/leaves free \(.*\); give \{ input/);
    using box = await fromSession(device, ort, sizeless, {
      input: { height: 2, width: 2 },
      preprocessing: "none",
    });
    const found = await predict(
      box,
      Float32Array.from({ length: 12 }, (_, i) => i % 3),
    );
    expect(found.map(({ index }) => index)).toEqual([2, 1, 0]);
    await sizeless.release();
  });
});

/** A vision transformer of one block: patches, attention with a residual, their mean, two classes. */
function transformer(): Uint8Array<ArrayBuffer> {
  const [d, side] = [6, 8];
  const matrix = (name: string, seed: number) => floats(name, [d, d], numbers(d * d, seed));
  const shape = { name: "tokens", dims: [3n], dataType: 7, int64Data: [0n, BigInt(d), -1n] };
  const scale = floats("scale", [], [1 / Math.sqrt(d)]);
  const ints = (name: string, values: readonly number[]) => ({ name, type: 7, ints: values.map(BigInt) });
  return onnxBytes({
    name: "vit",
    input: [valueInfo("pixels", ["N", 3, side, side])],
    output: [valueInfo("logits", ["N", 2])],
    initializer: [
      floats("embed", [d, 3, 2, 2], numbers(d * 12, 1)),
      ...[shape, scale, matrix("wq", 2), matrix("wk", 3), matrix("wv", 4)],
      floats("head", [d, 2], numbers(2 * d, 5)),
    ],
    node: [
      {
        opType: "Conv",
        input: ["pixels", "embed"],
        output: ["patches"],
        attribute: [ints("strides", [2, 2]), ints("kernel_shape", [2, 2])],
      },
      { opType: "Reshape", input: ["patches", "tokens"], output: ["columns"] },
      { opType: "Transpose", input: ["columns"], output: ["x"], attribute: [ints("perm", [0, 2, 1])] },
      { opType: "MatMul", input: ["x", "wq"], output: ["q"] },
      { opType: "MatMul", input: ["x", "wk"], output: ["k"] },
      { opType: "MatMul", input: ["x", "wv"], output: ["v"] },
      { opType: "Transpose", input: ["k"], output: ["kt"], attribute: [ints("perm", [0, 2, 1])] },
      { opType: "MatMul", input: ["q", "kt"], output: ["qk"] },
      { opType: "Mul", input: ["qk", "scale"], output: ["scaled"] },
      { opType: "Softmax", input: ["scaled"], output: ["attention"] },
      { opType: "MatMul", input: ["attention", "v"], output: ["mixed"] },
      { opType: "Add", input: ["x", "mixed"], output: ["block"] },
      {
        opType: "ReduceMean",
        input: ["block"],
        output: ["mean"],
        attribute: [ints("axes", [1]), { name: "keepdims", type: 2, i: 0n }],
      },
      { opType: "MatMul", input: ["mean", "head"], output: ["logits"] },
    ],
  });
}

test("a vision transformer through ONNX Runtime is explained, patch by patch", async () => {
  const session = await ort.InferenceSession.create(transformer());
  using box = await fromSession(device, ort, session, {
    preprocessing: "signed",
    labels: ["this", "that"],
    head: "softmax",
    batch: 8,
  });
  const image = numbers(8 * 8 * 3, 2);
  const covered = await occlusion(box, image, { target: "that", patch: 4, stride: 4 });
  // What ONNX Runtime says of the picture with a corner covered.
  const logits = async (values: Float32Array): Promise<number> => {
    const planar = Float32Array.from(
      { length: 192 },
      (_, i) => values[(i % 64) * 3 + Math.floor(i / 64)] ?? 0,
    );
    const found = await session.run({ pixels: new ort.Tensor("float32", planar, [1, 3, 8, 8]) });
    const [, that = Number.NaN] = ((await found.logits?.getData()) ?? []) as unknown as number[];
    return that;
  };
  const corner = image.map((value, i) => (Math.floor(i / 24) < 4 && Math.floor(i / 3) % 8 < 4 ? 0 : value));
  expect(covered.data[0]).toBeCloseTo((await logits(image)) - (await logits(corner)), 4);
  const segments = Uint32Array.from(
    { length: 64 },
    (_, i) => 2 * Math.floor(i / 32) + (Math.floor(i / 4) % 2),
  );
  const maps = [
    await rise(box, image, { target: "that", samples: 24 }),
    await lime(box, image, { target: "that", samples: 24, segments, hide: "black" }),
  ];
  for (const { data, shape } of maps) {
    expect(shape).toEqual([8, 8]);
    expect(data.every(Number.isFinite)).toBe(true);
    expect(new Set(data).size).toBeGreaterThan(3);
  }
  await session.release();
});

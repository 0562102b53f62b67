import { beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import {
  furtherInputsOf,
  type Graph,
  inputOf,
  inputsOf,
  type Layer,
  pictureOf,
  shapesOf,
} from "../../src/graph/graph.ts";
import { receptiveField } from "../../src/graph/receptive-field.ts";
import { resized } from "../../src/graph/resize.ts";
import { SharedScores } from "../../src/metrics/scores.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { fixInputs, type InputValues } from "../../src/network/inputs.ts";
import type { Network } from "../../src/network/network.ts";
import { createAttribution } from "../../src/techniques/attribution/create.ts";
import { explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import { localLinear } from "../../src/techniques/attribution/local-linear.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { createOcclusion, occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { type Prediction, predict, predictEach } from "../../src/techniques/predict.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { random, values } from "../graph/graphs.ts";
import { severalInputs } from "../graph/several-inputs.ts";
import { expectClose } from "../reference/numbers.ts";

const [H, W] = [9, 7];
const of = severalInputs();
const next = random(5);
const image = values(H * W * 3, next);
const given = { meta: values(5, next), map: values(H * W * 2, next), age: 0.7 };
const other = { meta: values(5, next), map: values(H * W * 2, next), age: -1.2 };

interface Weighted {
  readonly w: { readonly shape: readonly number[]; readonly data: Float32Array };
  readonly b?: { readonly data: Float32Array };
}
const layer = (name: string) => of.layers.find((one) => one.name === name) as unknown as Weighted;

/** 3×3 convolution with a border of zeros, and ReLU, by plain loops in double precision. */
function convolved(x: ArrayLike<number>, channels: number, { w, b }: Weighted): Float64Array {
  const y = new Float64Array(H * W * 4);
  for (let i = 0; i < y.length; i++) {
    const [row, column, to] = [Math.floor(i / (W * 4)), Math.floor(i / 4) % W, i % 4];
    let sum = b?.data[to] ?? 0;
    for (let tap = 0; tap < 9 * channels; tap++) {
      const [down, right, from] = [
        Math.floor(tap / (3 * channels)),
        Math.floor(tap / channels) % 3,
        tap % channels,
      ];
      const [r, c] = [row + down - 1, column + right - 1];
      if (r < 0 || c < 0 || r >= H || c >= W) continue;
      sum += (x[(r * W + c) * channels + from] ?? 0) * (w.data[tap * 4 + to] ?? 0);
    }
    y[i] = Math.max(0, sum);
  }
  return y;
}

function dense(x: readonly number[], { w, b }: Weighted): number[] {
  const units = w.shape[1] ?? 0;
  return Array.from({ length: units }, (_, u) =>
    x.reduce((sum, value, f) => sum + value * (w.data[f * units + u] ?? 0), b?.data[u] ?? 0),
  );
}

/** The logits by plain loops. */
function naive(
  picture: ArrayLike<number>,
  { meta, map, age }: { meta: ArrayLike<number>; map: ArrayLike<number>; age: number },
): number[] {
  const both = new Float64Array(H * W * 5);
  for (let p = 0; p < H * W; p++) {
    for (let c = 0; c < 5; c++) both[p * 5 + c] = (c < 3 ? picture[p * 3 + c] : map[p * 2 + c - 3]) ?? 0;
  }
  const gate = dense(Array.from(meta), layer("gate")).map((value) => 1 / (1 + Math.exp(-value)));
  const [seen, mapped] = [convolved(both, 5, layer("conv")), convolved(map, 2, layer("mapped"))];
  const pooled = [0, 0, 0, 0].map((_, c) => {
    let sum = 0;
    for (let p = 0; p < H * W; p++) sum += (seen[p * 4 + c] ?? 0) * (gate[c] ?? 0) + (mapped[p * 4 + c] ?? 0);
    return sum / (H * W);
  });
  return dense([...pooled, age], layer("logits"));
}

/** Central differences of a logit over some values. */
function slopes(x: Float32Array, of: (x: Float64Array) => number, step = 1e-4): Float32Array {
  return x.map((value, i) => {
    const at = (moved: number) => of(Float64Array.from(x, (old, j) => (j === i ? moved : old)));
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

let device: GPUDevice;
let network: Network;
beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, of, { batch: 2 });
});

describe("a graph of several inputs", () => {
  test("has them in order, and the first picture is the one that is asked", () => {
    expect(inputsOf(of).map(({ name }) => name)).toEqual(["meta", "image", "map", "age"]);
    expect(inputOf(of).name).toBe("image");
    expect(furtherInputsOf(of).map(({ name }) => name)).toEqual(["meta", "map", "age"]);
    expect(shapesOf(of, 3).get("age")).toEqual([3]);
    expect(shapesOf(of, 3).get("logits")).toEqual([3, 3]);
  });

  test("must have them before everything else", () => {
    const [first, ...rest] = of.layers;
    const late = { ...of, layers: [...rest, first] as Layer[] };
    expect(() => shapesOf(late)).toThrow(/several".*|input "meta" to stand before|input layers first/);
    const middle = [...of.layers.slice(0, 5), { ...of.layers[0], name: "late" }, ...of.layers.slice(5)];
    expect(() => shapesOf({ ...of, layers: middle as Layer[] })).toThrow(
      /input layers first.*"late" at place 5/,
    );
    expect(() => shapesOf({ ...of, layers: of.layers.slice(4) })).toThrow(InputError);
  });

  test("is resized with the inputs of the picture's size, and no others", () => {
    const large = resized(of, [20, 15]);
    expect(inputsOf(large).map(({ shape }) => shape)).toEqual([[5], [20, 15, 3], [20, 15, 2], []]);
  });

  test("has receptive fields in its picture, of what follows from it", () => {
    expect(receptiveField(of, { layer: "conv", y: 4, x: 3 }).inside).toEqual({
      top: 3,
      left: 2,
      bottom: 6,
      right: 5,
    });
    expect(receptiveField(of, { layer: "mapped", y: 4, x: 3 }).full).toEqual({
      top: 0,
      left: 0,
      bottom: 0,
      right: 0,
    });
  });

  test("without a picture takes its first input, and refuses what needs pixels", () => {
    const vector: Graph = {
      ...of,
      layers: of.layers.filter(({ op, name }) => op !== "input" || name === "meta").slice(0, 1),
    };
    expect(inputOf(vector).name).toBe("meta");
    expect(() => pictureOf(vector, "occlusion")).toThrow(UnsupportedError);
    expect(() => pictureOf(vector, "occlusion")).toThrow(
      /occlusion: expected a network that takes a picture.*"meta" takes 5/,
    );
  });
});

describe("a network of several inputs", () => {
  const logitsOf = async (inputs: InputValues, on = network) =>
    (await predict(on, image, { inputs }))
      .sort((a, b) => a.index - b.index)
      .map(({ logit = Number.NaN }) => logit);

  test("computes what plain loops do", async () => {
    expectClose(Float32Array.from(await logitsOf(given)), naive(image, given));
    expectClose(Float32Array.from(await logitsOf(other)), naive(image, other));
    const lists = { meta: [...given.meta], map: given.map, age: [given.age] };
    expect(await logitsOf(lists)).toEqual(await logitsOf(given));
  });

  test("in every image of a batch, and for one picture after another", async () => {
    const second = values(image.length, next);
    const found: number[][] = [];
    for await (const predictions of predictEach(network, [image, second, image], { inputs: given })) {
      found.push(predictions.sort((a, b) => a.index - b.index).map(({ logit = 0 }) => logit));
    }
    for (const [i, picture] of [image, second, image].entries()) {
      expectClose(Float32Array.from(found[i] ?? []), naive(picture, given));
    }
  });

  test("has slopes to each input that finite differences confirm", async () => {
    const { data } = await saliency(network, image, { target: 1, inputs: given });
    expectClose(
      data,
      slopes(image, (x) => naive(x, given)[1] ?? 0),
      1e-3,
    );
    const at = { layer: "logits", channel: 1, image: 0 };
    for (const [name, x, moved] of [
      ["meta", given.meta, (meta: Float64Array) => ({ ...given, meta })],
      ["map", given.map, (map: Float64Array) => ({ ...given, map })],
      ["age", Float32Array.of(given.age), ([age = 0]: Float64Array) => ({ ...given, age })],
    ] as const) {
      const found = await network.inTurn(
        async (turn) => {
          device.queue.writeBuffer(turn.input.buffer, 0, image);
          const encoder = device.createCommandEncoder();
          turn.forward(encoder);
          turn.backward(encoder, at, { to: name });
          device.queue.submit([encoder.finish()]);
          return readTensor(device, turn.gradient(name));
        },
        { inputs: given },
      );
      const expected = slopes(
        x as Float32Array,
        (values) => naive(image, (moved as (x: Float64Array) => typeof given)(values))[1] ?? 0,
      );
      expectClose(found.slice(0, x.length), expected, 1e-3);
    }
  });

  test("answers callers at once each with their own values", async () => {
    const asked = [given, other, given, other];
    const all = await Promise.all(asked.map((inputs) => saliency(network, image, { target: 0, inputs })));
    const alone = await saliency(network, image, { target: 0, inputs: given });
    const apart = await saliency(network, image, { target: 0, inputs: other });
    expect(all.map(({ data }) => data)).toEqual([alone.data, apart.data, alone.data, apart.data]);
    expect(alone.data).not.toEqual(apart.data);
  });

  test("reads numbers when it is asked, so that an array may be used again", async () => {
    const meta = given.meta.slice();
    const pending = saliency(network, image, { target: 0, inputs: { ...given, meta } });
    meta.fill(9);
    expect((await pending).data).toEqual((await saliency(network, image, { target: 0, inputs: given })).data);
  });

  test("names its inputs where one is missing, unknown, of another length or not finite", async () => {
    const { age: _, ...without } = given;
    const names = /expected the values of its inputs "meta" \(5\), "map" \(9×7×2\), "age" \(scalar\)/;
    const asks = (inputs: unknown) => predict(network, image, { inputs: inputs as InputValues });
    await expect(predict(network, image)).rejects.toThrow(names);
    await expect(predict(network, image)).rejects.toThrow(/got none for "meta", "map", "age"$/);
    await expect(asks(without)).rejects.toThrow(/got none for "age"$/);
    await expect(asks({ ...given, mta: 1 })).rejects.toThrow(/got "mta"$/);
    await expect(asks({ ...given, image })).rejects.toThrow(
      /got "image", which is the image that the call takes by itself$/,
    );
    await expect(asks({ ...given, meta: [1, 2] })).rejects.toThrow(/got 2 values for "meta"$/);
    await expect(asks({ ...given, age: [] })).rejects.toThrow(/got 0 values for "age"$/);
    await expect(asks({ ...given, age: Number.NaN })).rejects.toThrow(
      /finite values for its input "age", got NaN at 0/,
    );
    await expect(asks({ ...given, meta: "five" })).rejects.toThrow(/got "five" for "meta"$/);
    await expect(asks([1])).rejects.toThrow(/expected inputs as an object/);
    await expect(asks({ ...given, map: "picture" })).rejects.toThrow(InputError);
    await expect(saliency(network, image)).rejects.toThrow(names);
    await expect(explainEach(network, [image], "saliency").next()).rejects.toThrow(names);
    await expect(createAttribution(network, "saliency", image)).rejects.toThrow(names);
    await expect(activations(network, image, { layer: "conv" })).rejects.toThrow(names);
  });

  test("has values that are given for good, in every image, and asks for no others", async () => {
    const fixed = await createNetwork(device, await fixInputs(of, given), { batch: 2 });
    const options = { target: 2, patch: 3, stride: 2 };
    for (const technique of [occlusion, saliency]) {
      const own = technique === occlusion ? options : { target: 2 };
      const found = await technique(fixed, image, own);
      expectClose(found.data, (await technique(network, image, { ...own, inputs: given })).data, 1e-6);
    }
    // The second image of the batch.
    const all: Prediction[][] = [];
    for await (const one of predictEach(fixed, [image, image])) all.push(one);
    const second = (all[1] ?? []).sort((a, b) => a.index - b.index);
    expectClose(
      Float32Array.from(second, ({ logit = Number.NaN }) => logit),
      naive(image, given),
    );
    await expect(predict(fixed, image, { inputs: { age: 1 } })).rejects.toThrow(/got "age"/);
    await expect(fixInputs(of, { age: 1 })).rejects.toThrow(/got none for "meta", "map"/);
    fixed.destroy();
  });

  test("takes a picture for an input of pictures", async () => {
    const pair = await createNetwork(device, {
      ...of,
      name: "pair",
      layers: [
        { op: "input", name: "left", inputs: [], shape: [2, 2, 3] },
        { op: "input", name: "right", inputs: [], shape: [2, 2, 1] },
        { op: "concat", name: "both", inputs: ["left", "right"], axis: 3 },
      ],
      output: "both",
      preprocessing: { range: 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], source: "test" },
    });
    const pixels = {
      width: 2,
      height: 2,
      data: Uint8ClampedArray.from({ length: 12 }, (_, i) => 255 * (i % 2)),
    };
    const { data } = await activations(pair, pixels, { layer: "both", inputs: { right: pixels } });
    expect([...data.subarray(0, 3)]).toEqual([-1, 1, -1]);
    expect(data[3]).toBeCloseTo(2 * 0.587 - 1);
    pair.destroy();
  });
});

describe("techniques on a network of several inputs", () => {
  test("occlusion computed where patches change something is occlusion computed in full", async () => {
    const options = { target: 2, inputs: given, patch: 3, stride: 2 };
    const part = await occlusion(network, image, options);
    const full = await occlusion(network, image, { ...options, incremental: false });
    expectClose(part.data, full.data, 1e-5);
    const apart = await occlusion(network, image, { ...options, inputs: other });
    expect(apart.data).not.toEqual(part.data);
    const sweep = await createOcclusion(network, { layer: "logits", channel: 2 }, { patch: 3, stride: 2 });
    expect(sweep.saving).toBeGreaterThan(1);
    sweep.destroy();
  });

  test.each([
    "saliency",
    "smoothgrad",
    "integrated-gradients",
    "gradient-input",
    "grad-cam",
    "score-cam",
    "ablation-cam",
    "occlusion",
    "rise",
    "lime",
  ])("%s as a command is %s as a call, whatever the network was asked between", async (name) => {
    const technique = attributionNamed(name);
    const few = Object.keys(technique.options).includes("samples") ? { samples: 6 } : {};
    const options = { target: 1, inputs: given, ...few };
    const called = await technique.run(network, image, options);
    const command = await createAttribution(network, name, image, options);
    await predict(network, image, { inputs: other });
    const submit = (record: (encoder: GPUCommandEncoder) => void) => {
      const encoder = device.createCommandEncoder();
      record(encoder);
      device.queue.submit([encoder.finish()]);
    };
    submit(command.recordStart);
    for (let step = 0; step < command.steps; step++) {
      submit(command.recordStep);
    }
    submit(command.recordEnd);
    const { data } = await command.read();
    command.destroy();
    expectClose(data, called.data, 1e-6);
    const [each] = (await explainEach(network, [image], name, { targets: [1], inputs: given, ...few }).next())
      .value as { data: Float32Array }[];
    expectClose(each?.data ?? new Float32Array(), called.data, 1e-6);
  });

  test("LRP accounts for what each input has of the score", async () => {
    const found = await lrp(network, image, {
      target: 1,
      inputs: given,
      rules: "epsilon",
      pass: ["gated", "gate"],
    });
    const { score, input, inputs = {}, bias, stabiliser, residual } = found.conservation;
    expect(score).toBeCloseTo(naive(image, given)[1] ?? Number.NaN, 4);
    // A gate gets none.
    expect(Object.keys(inputs)).toEqual(["map", "age"]);
    const { map = Number.NaN, age = Number.NaN } = inputs;
    expect(input + map + age + bias + stabiliser + residual).toBeCloseTo(score, 5);
    expect(Math.abs(residual)).toBeLessThan(1e-4 * Math.abs(score));
    // The last layer alone reads it.
    expect(age).toBeCloseTo((layer("logits").w.data[4 * 3 + 1] ?? 0) * given.age, 2);
    const { accountInWords } = attributionNamed("lrp");
    const words = accountInWords?.({ score, bias, residual, "input map": map, "input age": age }, (value) =>
      value.toFixed(1),
    );
    expect(words).toMatch(/The input map has .* of it\. The input age has .* of it\.$/);
  });

  test("the local linear view holds every input's share, and the biases that only one of them leads to", async () => {
    const linear = await createNetwork(device, severalInputs("add"));
    const found = await localLinear(linear, image, { target: 1, inputs: given });
    expect(Math.abs(found.residual)).toBeLessThan(1e-4 * Math.abs(found.score));
    const { data } = await saliency(linear, image, { target: 1, inputs: given });
    expect(found.linear).toBeCloseTo(
      data.reduce((sum, slope, i) => sum + slope * (image[i] ?? 0), 0),
      4,
    );
    const { age = 0 } = found.inputs ?? {};
    expect(Object.keys(found.inputs ?? {})).toEqual(["meta", "map", "age"]);
    expect(age).toBeCloseTo((layer("logits").w.data[4 * 3 + 1] ?? 0) * given.age, 5);
    linear.destroy();
  });

  test("trust measures with the values that it is given, and shares no scores between others", async () => {
    const sharedScores = new SharedScores();
    const measure = (inputs: InputValues) =>
      trust(network, image, attributionNamed("saliency"), {
        target: 1,
        inputs,
        sharedScores,
        subsets: 5,
        steps: 4,
        noiseSamples: 4,
        perturbations: 2,
      });
    const [first, second] = [await measure(given), await measure(other)];
    expect(first.insertion?.curve.at(-1)).toBeCloseTo(probabilityOf(naive(image, given), 1), 4);
    expect(second.insertion?.curve.at(-1)).toBeCloseTo(probabilityOf(naive(image, other), 1), 4);
    expect(first.infidelity).not.toEqual(second.infidelity);
    expect(await measure(given)).toEqual(first);
    await expect(trust(network, image, saliency)).rejects.toThrow(/expected the values of its inputs "meta"/);
  });
});

function probabilityOf(logits: readonly number[], index: number): number {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return Math.exp(logits[index] ?? 0) / total;
}

import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine } from "../cli/run.ts";
import { randomize, savedByTfjs } from "../models/saved-by-tfjs.ts";
import { expectClose, numbers } from "../reference/numbers.ts";

// Networks as people have them, whose outputs are no softmax over classes, on the command line. Each is made here, and tfjs on
// the CPU says what is right; where the files are at hand that such networks were first met in, those are asked too.

const SHARED = "../shared/cases";
const { layers } = tf;

interface Prediction {
  index: number;
  label?: string;
  logit?: number;
  probability?: number;
  value?: number;
  share?: number;
  assumed?: true;
}

interface Predicted {
  output: string;
  outputs: { name: string; kind: string; logits: string; known: string }[];
  results: { predictions: Prediction[]; others?: Record<string, Prediction[]> }[];
}

/** A network and an image on disk, with what is right: outputs by name, and the slopes of the first logit. */
interface Case {
  readonly files: readonly string[];
  readonly outputs: Readonly<Record<string, ArrayLike<number>>>;
  readonly slopes?: Float32Array;
}

/** Writes a model of tfjs's and an image, and asks tfjs. @param logit the model up to the logits, for their slopes. */
async function made(name: string, model: tf.LayersModel, logit?: tf.LayersModel): Promise<Case> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const files = await savedByTfjs(model);
  for (const file of ["model.json", "weights.bin"]) {
    await writeFile(join(path, file), new Uint8Array(await files.read(file)));
  }
  const [, h = 1, w = 1, c = 1] = model.inputs[0]?.shape ?? [];
  const shape = [h ?? 1, w ?? 1, c ?? 1] as const;
  const data = numbers(shape[0] * shape[1] * shape[2], 3).map((value) => value / 2 + 0.5);
  await writeNpy(join(path, "x.npy"), { shape, data });
  return tf.tidy(() => {
    const x = tf.tensor4d(data, [1, ...shape]);
    const found = [model.predict(x)].flat();
    return {
      files: ["--model", path, "--image", join(path, "x.npy"), "--preprocess", "none"],
      outputs: Object.fromEntries(
        found.map((tensor, i) => [model.outputNames[i] ?? "", tensor.dataSync<"float32">()]),
      ),
      ...(logit
        ? {
            slopes: tf
              .grad((at) => (logit.apply(at) as tf.Tensor).sum())(x)
              .dataSync<"float32">(),
          }
        : {}),
    };
  });
}

/** The same of files that are at hand. */
async function shared(
  name: string,
  output: (right: Record<string, number[]>) => Case["outputs"],
): Promise<Case> {
  const path = join(SHARED, name);
  const slopes = join(path, "expected-saliency-of-logit-0.npy");
  return {
    files: ["--model", path, "--image", join(path, "x.npy")],
    outputs: output(JSON.parse(await readFile(join(path, "expected.json"), "utf8"))),
    ...(existsSync(slopes) ? { slopes: (await readNpy(slopes)).data } : {}),
  };
}

/** Each case as it is made here, and as it is at hand. */
function bothOf(
  name: string,
  here: () => Promise<Case>,
  output: (right: Record<string, number[]>) => Case["outputs"],
  tests: (get: () => Case) => void,
): void {
  describe.each([
    { where: "made here", make: here, skipped: false },
    { where: "at hand", make: () => shared(name, output), skipped: !existsSync(join(SHARED, name)) },
  ])(`${name}, $where`, ({ make, skipped }) => {
    describe.skipIf(skipped)("asked", () => {
      let one: Case;
      beforeAll(async () => {
        await tf.setBackend("cpu");
        one = await make();
      });
      tests(() => one);
    });
  });
}

type Symbolic = tf.SymbolicTensor;
const apply = (layer: tf.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;

/** Convolution, pooling, convolution, mean: what the vectors are made of. */
function stem(): { image: Symbolic; mean: Symbolic } {
  const image = tf.input({ shape: [20, 20, 3], name: "image" });
  const first = apply(
    layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", name: "conv_a" }),
    image,
  );
  const pooled = apply(layers.maxPooling2d({ poolSize: 2, name: "pool" }), first);
  const last = apply(
    layers.conv2d({ filters: 6, kernelSize: 3, activation: "relu", name: "conv_b" }),
    pooled,
  );
  return { image, mean: apply(layers.globalAveragePooling2d({ name: "gap" }), last) };
}

/** A yes or no, with what is added to its logit. */
async function binary(name: string, bias: number): Promise<Case> {
  const { image, mean } = stem();
  const linear = layers.dense({ units: 1, name: "logit" });
  const flag = layers.dense({ units: 1, activation: "sigmoid", name: "out" });
  const logit = tf.model({ inputs: image, outputs: apply(linear, mean) });
  const model = tf.model({ inputs: image, outputs: apply(flag, mean) });
  randomize(model, 31);
  const [kernel, old] = flag.getWeights();
  if (!kernel || !old) throw new Error("expected weights");
  const weights = [kernel, tf.fill(old.shape, bias)];
  for (const layer of [flag, linear]) layer.setWeights(weights);
  return made(name, model, logit);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const flag = ({ probability }: Record<string, number[]>) => ({ out: probability ?? [] });
const saved = (name: string): string => join(folder, `${name}.npy`);

bothOf(
  "sigmoid-binary",
  () => binary("sigmoid-binary", 0.3),
  flag,
  (get) => {
    test("predict gives the sigmoid, and both sides", async () => {
      const { files, outputs } = get();
      const [p = Number.NaN] = Array.from(outputs.out ?? []);
      const found = await json<Predicted>(["predict", ...files]);
      expect(found.outputs).toMatchObject([{ name: "out", kind: "sigmoid", known: "found" }]);
      const { predictions = [] } = found.results[0] ?? {};
      const [yes, no] = predictions.toSorted((a, b) => a.index - b.index);
      expect([yes?.label, no?.label]).toEqual(["yes", "no"]);
      expect(yes?.probability).toBeCloseTo(p, 5);
      expect(no?.probability).toBeCloseTo(1 - p, 5);
      expect(yes?.logit).toBeCloseTo(Math.log(p / (1 - p)), 4);
      expect(no?.logit).toBeCloseTo(-Math.log(p / (1 - p)), 4);
      const { out } = await vitrine(["predict", ...files]);
      expect(out).toContain(`${(100 * p).toFixed(2)} %  yes`);
    });

    test("each side has the slopes of its own logit", async () => {
      const { files, slopes = new Float32Array() } = get();
      for (const [target, sign] of [
        ["0", 1],
        ["yes", 1],
        ["1", -1],
        ["no", -1],
      ] as const) {
        const out = saved(`side-${target}`);
        await json(["explain", "saliency", ...files, "--target", target, "--out", out]);
        const { data } = await readNpy(out);
        expectClose(
          data,
          slopes.map((slope) => sign * slope),
          1e-4,
        );
      }
    });

    test("two labels name the sides, the no first, whatever the technique", async () => {
      const { files, slopes = new Float32Array() } = get();
      const labels = join(folder, "sides.json");
      await writeFile(labels, JSON.stringify(["cat", "dog"]));
      for (const [target, sign] of [
        ["cat", -1],
        ["dog", 1],
        ["0", -1],
      ] as const) {
        const out = saved(`label-${target}`);
        const named = ["--labels", labels, "--target", target];
        const found = await json<{ target: Prediction }>([
          "explain",
          "saliency",
          ...files,
          ...named,
          "--out",
          out,
        ]);
        expect(found.target.label).toBe(sign > 0 ? "dog" : "cat");
        expectClose(
          (await readNpy(out)).data,
          slopes.map((slope) => sign * slope),
          1e-4,
        );
      }
    });

    test("a probability's slopes are p·(1 − p) times the logit's", async () => {
      const { files, outputs, slopes = new Float32Array() } = get();
      const [p = Number.NaN] = Array.from(outputs.out ?? []);
      const out = saved("probable");
      await json(["explain", "saliency", ...files, "--target", "yes", "--probability", "--out", out]);
      expectClose(
        (await readNpy(out)).data,
        slopes.map((slope) => p * (1 - p) * slope),
        1e-4,
      );
    });

    test("trust says why there is no other class", async () => {
      const { files } = get();
      const { code, out, err } = await vitrine(["trust", "saliency", ...files]);
      expect([code, err]).toEqual([0, expect.not.stringMatching(/expected/)]);
      expect(out).toMatch(/runner-up is left out: output "out" is a yes or no/);
    });
  },
);

bothOf(
  "sigmoid-saturated",
  () => binary("sigmoid-saturated", 30),
  flag,
  (get) => {
    test("a sure network has the slopes of its logit, and no verdict from a score that stands still", async () => {
      const { files, slopes = new Float32Array() } = get();
      const out = saved("sure");
      const measures = ["--trust", "--measures", "insertion,deletion,muFidelity"];
      const args = ["explain", "saliency", ...files, "--target", "0", ...measures, "--out", out];
      const found = await json<{ target: Prediction; trust: { verdicts: string[] } }>(args);
      expect(found.target.probability).toBeCloseTo(1, 9);
      expect(found.trust.verdicts).toEqual(["still"]);
      expectClose((await readNpy(out)).data, slopes, 1e-4);
      expect(slopes.some((slope) => Math.abs(slope) > 1e-3)).toBe(true);
    });
  },
);

bothOf(
  "softmax-twice",
  async () => {
    const { image, mean } = stem();
    const first = apply(layers.dense({ units: 3, activation: "softmax", name: "out" }), mean);
    const model = tf.model({ inputs: image, outputs: apply(layers.softmax({ name: "again" }), first) });
    randomize(model, 7);
    return made("softmax-twice", model);
  },
  ({ probability }) => ({ again: probability ?? [] }),
  (get) => {
    test("the answer is the network's own", async () => {
      const { files, outputs } = get();
      const found = await json<Predicted>(["predict", ...files]);
      const right = Array.from(outputs.again ?? []);
      for (const { index, probability } of found.results[0]?.predictions ?? []) {
        expect(probability).toBeCloseTo(right[index] ?? Number.NaN, 5);
      }
      expect(found.results[0]?.predictions).toHaveLength(3);
    });
  },
);

bothOf(
  "two-outputs",
  async () => {
    const { image, mean } = stem();
    const age = apply(layers.dense({ units: 1, name: "age" }), mean);
    const kind = apply(layers.dense({ units: 3, activation: "softmax", name: "kind" }), mean);
    const model = tf.model({ inputs: image, outputs: [age, kind] });
    randomize(model, 19);
    return made("two-outputs", model);
  },
  ({ age, kind }) => ({ age: age ?? [], kind: kind ?? [] }),
  (get) => {
    test("both are listed, the first is asked by default and that is said", async () => {
      const { files, outputs } = get();
      const found = await json<Predicted>(["predict", ...files]);
      expect(found.output).toBe("age");
      expect(found.outputs.map(({ name, kind }) => [name, kind])).toEqual([
        ["age", "values"],
        ["kind", "softmax"],
      ]);
      const { predictions, others } = found.results[0] ?? {};
      expect(predictions).toHaveLength(1);
      expect(predictions?.[0]).not.toHaveProperty("probability");
      expect(predictions?.[0]?.value).toBeCloseTo(outputs.age?.[0] ?? Number.NaN, 4);
      for (const { index, probability } of others?.kind ?? []) {
        expect(probability).toBeCloseTo(outputs.kind?.[index] ?? Number.NaN, 5);
      }
      expect(others?.kind).toHaveLength(3);
      const { out, err } = await vitrine(["predict", ...files]);
      expect(out).not.toMatch(/100\.00 %/);
      expect(err).toMatch(/output "age" is asked .* --output names another: "kind"/);
      const listed = await vitrine(["layers", ...files.slice(0, 2)]);
      expect(listed.out).toMatch(/output age: 1 value; asked by default/);
      expect(listed.out).toMatch(/output kind: 3 classes by a softmax, logits kind/);
    });

    test("the other is asked by name, or at its layer", async () => {
      const { files, outputs } = get();
      const asked = ["--output", "kind"];
      const found = await json<Predicted>(["predict", ...files, ...asked]);
      expect(found.results[0]?.others).toBeUndefined();
      const best = found.results[0]?.predictions[0];
      expect(best?.probability).toBeCloseTo(Math.max(...Array.from(outputs.kind ?? [])), 5);
      const maps = [];
      for (const [i, question] of [
        [...asked, "--target", "0"],
        ["--layer", "kind", "--channel", "0"],
      ].entries()) {
        const out = saved(`kind-${i}`);
        await json(["explain", "saliency", ...files, ...question, "--out", out]);
        maps.push((await readNpy(out)).data);
      }
      const [byName = new Float32Array(), byLayer = []] = maps;
      expectClose(byName, byLayer, 1e-6);
      expect(byName.some((value) => value !== 0)).toBe(true);
      const { code, err } = await vitrine(["predict", ...files, "--output", "kinds"]);
      expect([code, err]).toEqual([1, expect.stringMatching(/output of "age", "kind", got "kinds"/)]);
    });

    test("of a value there is no probability to explain, and every technique has a map or a word", async () => {
      const { files } = get();
      const { code, err } = await vitrine(["explain", "saliency", ...files, "--probability"]);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/--probability expects .* got the values "age"/),
      ]);
      const all = await json<{ results: { technique: string; refused?: string; of: string }[] }>([
        ...["explain", "--all", ...files, "--samples", "8", "--measures", "insertion,deletion,runnerUp"],
      ]);
      expect(all.results.filter(({ refused }) => refused !== undefined)).toEqual([]);
      expect(new Set(all.results.map(({ of }) => of))).toEqual(new Set(["value"]));
    });
  },
);

describe.each([
  { where: "made here", skipped: false },
  { where: "at hand", skipped: !existsSync(join(SHARED, "segmentation-on-the-command-line")) },
])("a segmentation network, $where", ({ where, skipped }) => {
  describe.skipIf(skipped)("asked", () => {
    let files: readonly string[];
    let right: Float32Array;
    /** Of the last layer, for the maps of "mid"; only of the network that is made here. */
    let weights: Float32Array | undefined;
    beforeAll(async () => {
      await tf.setBackend("cpu");
      if (where === "at hand") {
        const path = join(SHARED, "segmentation-on-the-command-line");
        files = ["--model", path, "--image", join(path, "x.npy")];
        right = (await readNpy(join(path, "expected-output.npy"))).data;
        return;
      }
      const image = tf.input({ shape: [16, 24, 3], name: "image" });
      const same = { kernelSize: 3, padding: "same", activation: "relu" } as const;
      const e1 = apply(layers.conv2d({ ...same, filters: 4, name: "e1" }), image);
      const p1 = apply(layers.maxPooling2d({ poolSize: 2, name: "p1" }), e1);
      const mid = apply(layers.conv2d({ ...same, filters: 4, name: "mid" }), p1);
      const up = apply(layers.upSampling2d({ size: [2, 2], name: "up" }), mid);
      const both = apply(layers.concatenate({ name: "cat" }), [up, e1]);
      const out = layers.conv2d({ filters: 1, kernelSize: 1, activation: "sigmoid", name: "out" });
      const model = tf.model({ inputs: image, outputs: apply(out, both) });
      randomize(model, 5);
      weights = out.getWeights()[0]?.dataSync<"float32">().slice(0, 4);
      const one = await made("segmentation", model);
      files = one.files;
      right = Float32Array.from(one.outputs.out ?? []);
    });

    test("predict says how much of the picture has it; the output layer is still the sigmoid", async () => {
      const found = await json<Predicted>(["predict", ...files]);
      expect(found.outputs).toMatchObject([{ name: "out", kind: "places", logits: "out/logits" }]);
      const yes = found.results[0]?.predictions.find(({ label }) => label === "yes");
      expect(yes?.share).toBeCloseTo(right.filter((p) => p > 0.5).length / right.length, 6);
      expect(yes?.probability).toBeCloseTo(right.reduce((sum, p) => sum + p, 0) / right.length, 5);
      const out = saved("places");
      await json(["activations", ...files, "--layer", "out", "--out", out]);
      expectClose((await readNpy(out)).data, right, 1e-5);
    });

    test("Grad-CAM at a layer is a map of the logits' sum over the places of the class, and the title says so", async () => {
      const out = saved("mid");
      await json(["explain", "grad-cam", ...files, "--layer", "mid", "--out", out]);
      const { data, shape } = await readNpy(out);
      expect(shape).toEqual([8, 12]);
      expect(data.some((value) => value > 0)).toBe(true);
      if (weights) {
        // Each cell of the maps is seen by four places, whose logits it enters by the last layer's weights: the slopes' mean over
        // a map of 96 cells is the weight times the places that count, over 96.
        const yes = right.filter((p) => p > 0.5).length;
        const [sign, places] = yes > 0 ? [1, yes] : [-1, right.length];
        const maps = saved("mid-maps");
        await json(["activations", ...files, "--layer", "mid", "--out", maps]);
        const a = (await readNpy(maps)).data;
        const expected = Array.from({ length: 96 }, (_, cell) => {
          const sum = weights?.reduce((total, w, k) => total + w * (a[4 * cell + k] ?? 0), 0) ?? 0;
          return Math.max(0, (sign * places * sum) / 96);
        });
        expectClose(data, expected, 1e-4);
      }
      const { out: said } = await vitrine(["explain", "grad-cam", ...files, "--layer", "mid"]);
      expect(said).toMatch(/sum of its logits over/);
    });

    test("every technique has a map, or a word in the command's own terms", async () => {
      const all = await json<{ results: { technique: string; refused?: string }[] }>([
        ...["explain", "--all", ...files, "--samples", "8", "--measures", "insertion,runnerUp"],
      ]);
      expect(all.results.filter(({ refused }) => refused !== undefined)).toMatchObject([
        { technique: "cam", refused: expect.stringMatching(/global average pooling/) },
      ]);
      const { code, err } = await vitrine(["explain", "saliency", ...files, "--probability"]);
      expect([code, err]).toEqual([1, expect.stringMatching(/--probability expects .* leave it out/)]);
    });
  });
});

bothOf(
  "duplicate-labels",
  async () => {
    const { image, mean } = stem();
    const out = layers.dense({ units: 3, activation: "softmax", name: "out" });
    const model = tf.model({ inputs: image, outputs: apply(out, mean) });
    randomize(model, 23);
    return made("duplicate-labels", model);
  },
  ({ probability }) => ({ out: probability ?? [] }),
  (get) => {
    test("a label that two classes bear is asked back with both numbers", async () => {
      const { files } = get();
      const labels = join(folder, "birds.json");
      await writeFile(labels, JSON.stringify(["crane", "heron", "crane"]));
      for (const command of [
        ["explain", "saliency"],
        ["trust", "saliency"],
      ]) {
        const args = [...command, ...files, "--labels", labels, "--target"];
        const { code, out, err } = await vitrine([...args, "crane"]);
        expect([code, out]).toEqual([1, ""]);
        expect(err).toMatch(/"crane", which fits "crane" \(0\), "crane" \(2\); give the number/);
      }
      const args = ["explain", "saliency", ...files, "--labels", labels, "--target", "2"];
      expect((await json<{ target: Prediction }>(args)).target).toMatchObject({ index: 2, label: "crane" });
    });
  },
);

test("of several outputs, each whose softmax is assumed is said so, and how to say otherwise", async () => {
  await tf.setBackend("cpu");
  const { image, mean } = stem();
  const output = (units: number, name: string, activation?: "sigmoid") =>
    apply(layers.dense({ units, name, ...(activation ? { activation } : {}) }), mean);
  const model = tf.model({
    inputs: image,
    outputs: [output(3, "kind"), output(1, "sure", "sigmoid"), output(2, "corner")],
  });
  randomize(model, 42);
  const { files } = await made("two-bare", model);
  const assumed = (err: string) =>
    err.split("\n").filter((line) => line.includes("assumed to be the logits"));
  const all = assumed((await vitrine(["predict", ...files])).err);
  expect(all.map((line) => line.match(/output "(\w+)"/)?.[1])).toEqual(["kind", "corner"]);
  expect(all[0]).toMatch(/of classes; --head sigmoid/);
  expect(all[1]).toMatch(/of classes; --output corner and --head sigmoid/);
  const one = assumed((await vitrine(["predict", ...files, "--output", "corner"])).err);
  expect(one).toEqual([expect.stringMatching(/"corner".*of classes; --head sigmoid/)]);
});

test("bare logits are read as a softmax, and the answer says that this was assumed; --head says otherwise", async () => {
  await tf.setBackend("cpu");
  const { image, mean } = stem();
  const model = tf.model({ inputs: image, outputs: apply(layers.dense({ units: 3, name: "out" }), mean) });
  randomize(model, 41);
  const { files, outputs } = await made("bare", model);
  const logits = Array.from(outputs.out ?? []);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const found = await json<Predicted>(["predict", ...files]);
  expect(found.outputs).toMatchObject([{ kind: "softmax", known: "assumed" }]);
  for (const { index, probability, assumed } of found.results[0]?.predictions ?? []) {
    expect(probability).toBeCloseTo(Math.exp(logits[index] ?? 0) / total, 5);
    expect(assumed).toBe(true);
  }
  expect((await vitrine(["predict", ...files])).err).toMatch(/assumed to be the logits of classes; --head/);
  const labels = await json<Predicted>(["predict", ...files, "--head", "sigmoid"]);
  expect(labels.outputs).toMatchObject([{ kind: "sigmoid", known: "given" }]);
  for (const { index, probability } of labels.results[0]?.predictions ?? []) {
    expect(probability).toBeCloseTo(sigmoid(logits[index] ?? 0), 5);
  }
  const values = await json<Predicted>(["predict", ...files, "--head", "values"]);
  expect(values.results[0]?.predictions.map(({ value, probability }) => [value, probability])).toEqual(
    logits.map((logit) => [expect.closeTo(logit, 4), undefined]),
  );
  const { code, err } = await vitrine(["predict", ...files, "--head", "logits"]);
  expect([code, err]).toEqual([1, expect.stringMatching(/--head expects softmax, sigmoid, values, places/)]);
});

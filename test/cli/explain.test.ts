import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readImage, writePng } from "../../src/node/image.ts";
import { readNpy, writeNpy } from "../../src/node/npy.ts";
import { ATTRIBUTIONS as TECHNIQUES } from "../../src/techniques/attribution/list.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { testDevice } from "../gpu.ts";
import { folder, json, vitrine, writeTinyModel } from "./run.ts";

const at = (name: string) => join(folder, name);
const SIZE = 12;
/** Options that make the techniques that sample quick, and as the golden values were made. */
const QUICK: Readonly<Record<string, readonly string[]>> = {
  smoothgrad: ["--samples", "5", "--random", "7"],
  "smoothgrad-squared": ["--samples", "5", "--random", "7"],
  vargrad: ["--samples", "5", "--random", "7"],
  "integrated-gradients": ["--baseline", "0"],
  occlusion: ["--patch", "3"],
  rise: ["--samples", "24", "--random", "3", "--fill", "0"],
  lime: ["--samples", "16", "--random", "3"],
};
/** Their golden values have other settings: finer segments, the logit. */
const OTHERWISE = ["lime", "rise"];

let model: string;
/** The same with layers that LRP is not defined for. */
let curved: string;

beforeAll(async () => {
  curved = await writeTinyModel("tiny-curved", "tanh");
  model = await writeTinyModel("tiny-explain");
  await writeNpy(at("e.npy"), {
    shape: [SIZE, SIZE, 3],
    data: Float32Array.from({ length: SIZE * SIZE * 3 }, (_, i) => Math.sin(i / 5) / 2 + 0.5),
  });
  await writeNpy(at("small.npy"), { shape: [8, 8, 3], data: new Float32Array(8 * 8 * 3) });
  await writeNpy(at("nan.npy"), {
    shape: [SIZE, SIZE, 3],
    data: new Float32Array(SIZE * SIZE * 3).fill(Number.NaN, 40, 41),
  });
  await writeFile(at("labels3.json"), '["cat", "small dog", "big dog"]');
  await writeFile(at("labels2.json"), '["cat", "dog"]');
  await writeFile(at("words.json"), '{"cat": 0}');
  await writeFile(at("broken.png"), "no picture");
  await writePng(at("dot.png"), { width: 1, height: 1, data: new Uint8Array([200, 20, 90]) });
});

const tiny = (...more: string[]) => [at("e.npy"), "--model", model, "--preprocess", "none", ...more];

interface Report {
  readonly target: Readonly<Record<string, number | string>>;
  readonly shape: number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly layer?: string;
  readonly of: string;
}

const SHAPES: Readonly<Record<string, number[]>> = {
  ...Object.fromEntries(
    TECHNIQUES.filter(
      ({ name, weighsMaps }) => (weighsMaps && name !== "guided-grad-cam") || name === "cam",
    ).map(({ name }) => [name, [6, 6]]),
  ),
  occlusion: [SIZE, SIZE],
  rise: [SIZE, SIZE],
  "saliency-mask": [SIZE, SIZE],
  lime: [SIZE, SIZE],
};

describe.each(TECHNIQUES.map(({ name }) => name))("explain %s", (technique) => {
  const quick = QUICK[technique] ?? [];
  test("keeps its array at its exact shape and reports it", async () => {
    const report = await json<Report>([
      "explain",
      technique,
      ...tiny("--target", "1", ...quick, "--out", at("t.npy")),
    ]);
    const { shape, data } = await readNpy(at("t.npy"));
    expect([...shape]).toEqual(SHAPES[technique] ?? [SIZE, SIZE, 3]);
    expect(report).toMatchObject({
      shape: [...shape],
      of: technique === "rise" ? "probability" : "logit",
      target: { index: 1 },
    });
    expect(report.max).toBe(data.reduce((most, value) => Math.max(most, value)));
    expect(report.min).toBe(data.reduce((least, value) => Math.min(least, value)));
    // The waves of this picture hold no object to cut out.
    expect(data.some((value) => value !== 0)).toBe(technique !== "saliency-mask");
  });

  test("draws a figure, from a single pixel too", async () => {
    for (const image of [at("e.npy"), at("dot.png")]) {
      const args = ["explain", technique, image, "--model", model, "--preprocess", "none", ...quick];
      expect(await vitrine([...args, "--out", at("t.png")])).toMatchObject({ code: 0 });
      const { width, height } = await readImage(at("t.png"));
      expect(width).toBeGreaterThan(3 * 256);
      expect(height).toBeGreaterThan(256);
    }
  });

  const golden = `test/golden/vitrine/${technique}.npy`;
  test.skipIf(!existsSync(golden) || OTHERWISE.includes(technique))(
    "agrees with PyTorch on the shipped network",
    async () => {
      const own = technique === "occlusion" ? ["--patch", "16", "--stride", "8", "--fill", "0"] : quick;
      await json(["explain", technique, "test/golden/vitrine/input.npy", ...own, "--out", at("golden.npy")]);
      const [got, expected] = await Promise.all([readNpy(at("golden.npy")), readNpy(golden)]);
      expect([...got.shape]).toEqual([...expected.shape]);
      const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = expected.data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (got.data[i] ?? 0))),
        0,
      );
      expect(error / scale).toBeLessThan(1e-4);
    },
  );
});

describe("the target", () => {
  test("is the top class unless it is named, by number or by label", async () => {
    const top = await json<Report>(["explain", "saliency", ...tiny()]);
    const { results } = await json<{ results: { predictions: { index: number; logit: number }[] }[] }>([
      "predict",
      ...tiny(),
    ]);
    expect(top.target.index).toBe(results[0]?.predictions[0]?.index);
    expect(top.target.logit).toBe(results[0]?.predictions[0]?.logit);
    const named = await json<Report>([
      "explain",
      "saliency",
      ...tiny("--labels", at("labels3.json"), "--target", "BIG"),
    ]);
    expect(named.target).toMatchObject({ index: 2, label: "big dog" });
  });

  test("may be the probability, by the softmax's own slope", async () => {
    const [logit, probability] = await Promise.all(
      [[], ["--probability"]].map(async (more) => {
        const out = at(`p${more.length}.npy`);
        await json(["explain", "saliency", ...tiny("--target", "0", ...more, "--out", out)]);
        return (await readNpy(out)).data;
      }),
    );
    expect(probability).not.toEqual(logit);
  });

  test("occlusion may judge by the probability: covering everything leaves the fill's own", async () => {
    const args = tiny("--target", "0", "--probability", "--patch", "12", "--fill", "0");
    const drop = await json<Report>(["explain", "occlusion", ...args]);
    await writeNpy(at("zero.npy"), { shape: [SIZE, SIZE, 3], data: new Float32Array(SIZE * SIZE * 3) });
    const { results } = await json<{ results: { predictions: { index: number; probability: number }[] }[] }>([
      "predict",
      at("zero.npy"),
      ...tiny(),
    ]);
    const [zero, image] = results.map(
      ({ predictions }) => predictions.find(({ index }) => index === 0)?.probability ?? Number.NaN,
    );
    expect(drop.of).toBe("probability");
    for (const value of [drop.min, drop.max]) expect(value).toBeCloseTo((image ?? 0) - (zero ?? 0), 5);
  });

  test("may be neurons of a layer: the parts add up to the sum", async () => {
    const parts = await Promise.all(
      [[], ["0"], ["1"], ["2"], ["3"], ["4"]].map(async ([channel], i) => {
        const out = at(`n${i}.npy`);
        const of = channel === undefined ? [] : ["--channel", channel];
        const { target } = await json<Report>([
          "explain",
          "saliency",
          ...tiny("--layer", "conv2", ...of, "--at", "2,3", "--out", out),
        ]);
        return { value: Number(target.value), data: (await readNpy(out)).data };
      }),
    );
    const [whole, ...channels] = parts;
    expect(channels.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(whole?.value ?? 0, 5);
    for (const [i, value] of (whole?.data ?? []).entries()) {
      expect(channels.reduce((sum, { data }) => sum + (data[i] ?? 0), 0)).toBeCloseTo(value, 4);
    }
    await json(["activations", ...tiny("--layer", "conv2", "--out", at("conv2.npy"))]);
    const { data: activation } = await readNpy(at("conv2.npy"));
    for (const [channel, { value }] of channels.entries()) {
      expect(value).toBeCloseTo(activation[(2 * 6 + 3) * 5 + channel] ?? 0, 6);
    }
    const far = parts[0]?.data.filter((_, i) => Math.floor(i / (3 * SIZE)) > 9);
    expect(far?.every((value) => value === 0)).toBe(true);
  });

  test("Grad-CAM takes --layer for the maps", async () => {
    const report = await json<Report>(["explain", "grad-cam", ...tiny("--layer", "conv1")]);
    expect(report).toMatchObject({ layer: "conv1", shape: [SIZE, SIZE] });
    expect(report.target.logit).toBeDefined();
  });
});

describe("accounts", () => {
  test("of completeness, of the biases and of the fit are reported", async () => {
    const complete = await json<Record<string, number>>(["explain", "integrated-gradients", ...tiny()]);
    expect(
      Math.abs((complete.sum ?? 0) - (complete.difference ?? 0) - (complete.residual ?? 1)),
    ).toBeLessThan(1e-9);
    expect(complete.relative).toBeLessThan(0.01);
    const linear = await json<Record<string, number>>(["explain", "local-linear", ...tiny()]);
    expect(Math.abs((linear.residual ?? 1) / (linear.score ?? 1))).toBeLessThan(1e-5);
    const { out } = await vitrine(["explain", "lime", ...tiny("--samples", "16")]);
    expect(out).toMatch(/segments \d+, intercept .*, r2 /);
  });

  test("the seed of masks and noise is --random", async () => {
    for (const technique of ["rise", "smoothgrad"]) {
      const of = async (seed: string) => {
        await json(["explain", technique, ...tiny("--samples", "6", "--random", seed, "--out", at("r.npy"))]);
        return (await readNpy(at("r.npy"))).data;
      };
      const data = await of("1");
      expect(await of("1")).toEqual(data);
      expect(await of("2")).not.toEqual(data);
    }
  });
});

describe("occlusion", () => {
  test("does not depend on the batch", async () => {
    const data = [];
    for (const batch of ["1", "3", "16"]) {
      await json([
        "explain",
        "occlusion",
        ...tiny("--patch", "4", "--stride", "3", "--batch", batch, "--out", at("b.npy")),
      ]);
      data.push([...(await readNpy(at("b.npy"))).data]);
    }
    expect(data[1]).toEqual(data[0]);
    expect(data[2]).toEqual(data[0]);
  });

  test("takes a fill that begins with a minus, one a channel, or the mean", async () => {
    const means = [];
    for (const fill of ["-1", "-1,-1,-1", "mean", "0"]) {
      means.push((await json<Report>(["explain", "occlusion", ...tiny("--fill", fill)])).mean);
    }
    expect(means[1]).toBe(means[0]);
    expect(new Set(means).size).toBe(3);
  });

  test("says how many pixels no patch covers, and summarises the others", async () => {
    const args = ["explain", "occlusion", ...tiny("--patch", "2", "--stride", "5", "--out", at("gaps.npy"))];
    const report = await json<Report & { readonly gaps: number; readonly notes: string[] }>(args);
    // Rows and columns 0, 1, 5, 6, 10 and 11 of 12 are covered.
    expect(report).toMatchObject({ gaps: 144 - 36, notes: [expect.stringMatching(/covers 108 of 144/)] });
    const { data } = await readNpy(at("gaps.npy"));
    const covered = data.filter((value) => !Number.isNaN(value));
    expect(covered.length).toBe(36);
    expect(report.max).toBe(Math.max(...covered));
    expect((await vitrine(args)).out).toMatch(/note: no patch covers 108 of 144 pixels/);
    expect((await vitrine([...args.slice(0, -1), at("gaps.png")])).code).toBe(0);
  });

  test("LIME hides by the colour that is asked", async () => {
    const data = [];
    for (const hide of [[], ["--hide", "segment"], ["--hide", "white"], ["--hide", "255"]]) {
      const args = ["--samples", "12", ...hide, "--out", at("hidden.npy")];
      await json(["explain", "lime", ...tiny(...args)]);
      data.push([...(await readNpy(at("hidden.npy"))).data]);
    }
    expect(data[1]).toEqual(data[0]);
    expect(data[3]).toEqual(data[2]);
    expect(data[2]).not.toEqual(data[0]);
  });
});

test("explain lrp lets layers that it is not defined for pass relevance on, all or by name", async () => {
  const at1 = ["--target", "1", "--out", at("passed.npy")];
  const passed = async (pass: string) => {
    const args = [
      at("e.npy"),
      "--model",
      curved,
      "--preprocess",
      "none",
      "--rules",
      "epsilon",
      "--pass",
      pass,
      ...at1,
    ];
    await json(["explain", "lrp", ...args]);
    return [...(await readNpy(at("passed.npy"))).data];
  };
  const network = await createNetwork(await testDevice(), await loadLayersModel(await modelFromDisk(curved)));
  const { data } = await lrp(network, (await readNpy(at("e.npy"))).data as Float32Array, {
    target: 1,
    rules: "epsilon",
    pass: "all",
  });
  network.destroy();
  expect(data.some((value) => value !== 0)).toBe(true);
  expect(await passed("all")).toEqual([...data]);
  expect(await passed("conv1, conv2")).toEqual([...data]);
});

describe("mistakes", () => {
  const tanh = () => writeTinyModel("tiny-tanh", "tanh");
  const explain = (technique: string, ...more: string[]) => ["explain", technique, ...tiny(...more)];

  test.each<[string, () => string[], RegExp]>([
    ["no command", () => [], /expected a command \(predict, /],
    ["an unknown command", () => ["predcit"], /did you mean predict\?/],
    ["an unknown technique", () => explain("gradcam"), /did you mean grad-cam\?/],
    ["no technique", () => ["explain"], /expects a technique/],
    ["an option of another command", () => ["layers", "--top", "3"], /layers takes no --top/],
    [
      "an option of another technique",
      () => explain("saliency", "--patch", "3"),
      /saliency takes no --patch/,
    ],
    ["no image", () => ["predict"], /expected --image FILE, got none; .*synthetic:4/],
    [
      "two images and one file for their maps",
      () => [...explain("saliency"), at("dot.png"), "--out", at("both.png")],
      /--out expects a folder for several images/,
    ],
    ["a missing image", () => ["predict", at("none.png")], /none\.png": expected to read it/],
    [
      "a broken image",
      () => ["predict", at("broken.png")],
      /expected a PNG, JPEG, WebP, TIFF, GIF or AVIF image/,
    ],
    [
      "a missing model",
      () => ["predict", at("dot.png"), "--model", at("none")],
      /expected a model's file or its folder, got no such file/,
    ],
    [
      "an unknown target",
      () => explain("saliency", "--target", "3"),
      /--target expects a class of 0 to 2, got 3/,
    ],
    ["a negative target", () => explain("occlusion", "--target", "-1"), /target/],
    ["a target by label without labels", () => explain("grad-cam", "--target", "cat"), /no labels/],
    [
      "an ambiguous label",
      () => explain("saliency", "--target", "dog", "--labels", at("labels3.json")),
      /fits "small dog" \(1\), "big dog" \(2\)/,
    ],
    ["too few labels", () => explain("saliency", "--labels", at("labels2.json")), /expected 3 labels/],
    [
      "labels of another kind",
      () => explain("saliency", "--labels", at("words.json")),
      /JSON array of names/,
    ],
    ["a patch larger than the image", () => explain("occlusion", "--patch", "13"), /patch of 1×1 to 12×12/],
    ["a noise of two numbers", () => explain("vargrad", "--noise", "1,2"), /noise of at least 0/],
    ["no samples", () => explain("rise", "--samples", "0"), /--samples expects a whole number of 1/],
    [
      "unknown rules",
      () => explain("lrp", "--rules", "delta"),
      /--rules expects composite, epsilon, gamma, z-plus, got "delta"/,
    ],
    [
      "LRP of a layer that it is not defined for",
      () => ["explain", "lrp", at("e.npy"), "--preprocess", "none", "--model", curved],
      /got tanh at layer "conv1"; to let it pass relevance on \(unchanged\), name it with --pass, or take --pass all/,
    ],
    [
      "LRP that passes one such layer and not the other",
      () => ["explain", "lrp", at("e.npy"), "--preprocess", "none", "--model", curved, "--pass", "conv1"],
      /got tanh at layer "conv2"; to let it pass/,
    ],
    ["to pass a layer that there is not", () => explain("lrp", "--pass", "conv1, conv9"), /"conv9"/],
    [
      "guided backprop of a layer that it is not defined for",
      () => ["explain", "guided-backprop", at("e.npy"), "--preprocess", "none", "--model", curved],
      /got tanh at layer "conv\d"; choose a technique of plain gradients \(saliency/,
    ],
    [
      "an unknown baseline",
      () => explain("integrated-gradients", "--baseline", "pink"),
      /--baseline expects/,
    ],
    [
      "an option of another technique",
      () => explain("saliency", "--noise", "1"),
      /saliency takes no --noise/,
    ],
    ["a layer for CAM", () => explain("cam", "--layer", "conv1"), /cam takes no --layer/],
    ["a stride of 0", () => explain("occlusion", "--stride", "0"), /--stride expects a whole number of 1/],
    ["a fill of two numbers", () => explain("occlusion", "--fill", "1,2"), /fill/],
    [
      "a fill that is none",
      () => explain("occlusion", "--fill", "pink"),
      /--fill expects mean, black, grey, white, a number/,
    ],
    [
      "an array with NaN",
      () => ["explain", "saliency", at("nan.npy"), "--model", model],
      /row 1, column 1, channel 1/,
    ],
    [
      "an array of another size",
      () => ["explain", "saliency", at("small.npy"), "--model", model],
      /expected an array of 12×12×3, .*got 8×8×3/,
    ],
    [
      "an unknown preprocessing",
      () => ["predict", at("dot.png"), "--preprocess", "x"],
      /unit, signed, imagenet/,
    ],
    [
      "two preprocessings",
      () => ["predict", at("dot.png"), "--preprocess", "unit", "--mean", "0"],
      /--preprocess or --mean, got both/,
    ],
    [
      "a mean of two",
      () => ["predict", at("dot.png"), "--mean", "0,1"],
      /--mean, --std: expected mean of 3 numbers/,
    ],
    [
      "a std of zero",
      () => ["predict", at("dot.png"), "--std", "1,0,1"],
      /--std expects numbers other than 0/,
    ],
    ["an unknown layer", () => explain("saliency", "--layer", "conv9"), /conv1, pool1, .*got "conv9"/],
    ["a channel out of range", () => explain("saliency", "--layer", "conv2", "--channel", "5"), /0 to 4/],
    ["a place out of range", () => explain("saliency", "--layer", "conv2", "--at", "0,6"), /0 to 5/],
    ["a channel without a layer", () => explain("saliency", "--channel", "1"), /--channel expects --layer/],
    [
      "a target beside a layer",
      () => explain("saliency", "--layer", "conv2", "--target", "1"),
      /--target or --layer, got both/,
    ],
    [
      "maps of a layer without pixels",
      () => explain("grad-cam", "--layer", "gap"),
      /expected a layer with maps/,
    ],
    [
      "an unknown kind of file",
      () => explain("saliency", "--out", "map.jpg"),
      /ends in \.png, \.svg or \.npy/,
    ],
    ["activations of no layer", () => ["activations", at("dot.png")], /"vitrine layers" lists/],
    ["a data set nowhere", () => ["dataset"], /expects --out/],
    ["a negative index", () => ["dataset", "--index", "-1", "--out", "x.png"], /--index expects/],
    ["a synthetic picture without a number", () => ["predict", "--image", "synthetic:x"], /whole number/],
  ])("%s ends with 1 and one line", async (_, args, message) => {
    const { code, out, err } = await vitrine(args());
    expect(err).toMatch(message);
    expect(err).toMatch(/^vitrine: [^\n]*$/);
    expect([code, out]).toEqual([1, ""]);
  });

  test("guided backprop through tanh is refused, not drawn", async () => {
    const args = ["explain", "guided-backprop", at("e.npy"), "--model", await tanh()];
    const { code, err } = await vitrine([...args, "--preprocess", "none"]);
    expect(code).toBe(1);
    expect(err).toMatch(/expected ReLU, ReLU6 or a clip from 0, got tanh at layer "conv1"/);
  });

  test("no GPU ends with 2", async () => {
    const { code, err } = await vitrine(["predict", ...tiny()], () =>
      Promise.reject(new Error("no adapter")),
    );
    expect([code, err]).toEqual([2, "vitrine: no adapter"]);
  });

  test("a guessed preprocessing is said", async () => {
    const ask = (image: string) => vitrine(["predict", at(image), "--model", model]);
    const said = /^vitrine: preprocessing guess.*--preprocess sets it$/m;
    expect(await ask("dot.png")).toMatchObject({ code: 0, err: expect.stringMatching(said) });
    // Floats stand as they are: nothing of them is guessed.
    expect(await ask("e.npy")).toMatchObject({ code: 0, err: expect.not.stringMatching(said) });
  });
});

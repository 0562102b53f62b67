import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ModelFiles } from "../../src/models/files.ts";
import { writePng } from "../../src/node/image.ts";
import { encodeNpy } from "../../src/node/npy.ts";
import { folder, json, vitrine } from "../cli/run.ts";
import { kerasLayer, modelOf, sequential, type Weight } from "../models/fixtures.ts";

const at = (name: string) => join(folder, name);

/** Writes a model's files to disk and says where. */
async function written(name: string, files: ModelFiles): Promise<string> {
  await mkdir(at(name), { recursive: true });
  for (const file of ["model.json", "shard1.bin"]) {
    await writeFile(join(at(name), file), new Uint8Array(await files.read(file)));
  }
  return at(name);
}

/** Layers that end in the mean of each channel, so that the scores are the mean of what enters. */
const meanOf = (...layers: ReturnType<typeof kerasLayer>[]) => [
  ...layers,
  kerasLayer("GlobalAveragePooling2D", "mean"),
];
const scoresOf = (channels: number) => kerasLayer("Dense", "scores", { units: channels, use_bias: false });
/** Weights [n, n] that leave n values as they are. */
const same = (name: string, channels: number, window: readonly number[] = []): Weight => ({
  name,
  shape: [...window, channels, channels],
  values: Array.from({ length: channels ** 2 }, (_, i) => Number(i % (channels + 1) === 0)),
});

interface Predicted {
  readonly preprocessing: {
    readonly fit: string;
    readonly source: string;
    readonly guessed?: readonly string[];
    readonly otherwise?: string;
  };
  readonly results: {
    readonly image: string;
    readonly fitted?: string;
    readonly predictions: readonly { index: number; logit?: number; value?: number }[];
  }[];
}

/** The scores of each image, by class, and what is said of it. */
async function predict(model: string, image: string, ...more: string[]) {
  const answer = await json<Predicted>(["predict", at(image), "--model", model, ...more]);
  const logits = answer.results.map(({ predictions }) =>
    predictions.toSorted((a, b) => a.index - b.index).map(({ logit, value }) => logit ?? value ?? Number.NaN),
  );
  return { ...answer, logits, first: logits[0] ?? [] };
}

function close(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 4);
}

/** A picture of one colour. */
const COLOR = [51, 102, 204] as const;
const plain = (width: number, height: number) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => COLOR[i % 3] ?? 0),
});

describe("what a network is fed follows from its layers", () => {
  const rescaling = (name: string) => kerasLayer("Rescaling", name, { scale: 1 / 255, offset: 0 });
  const augmentation = {
    class_name: "Sequential",
    config: {
      name: "data_augmentation",
      layers: [
        kerasLayer("RandomFlip", "flip", { batch_input_shape: [null, 4, 4, 3] }),
        kerasLayer("RandomRotation", "turn", { factor: 0.1 }),
        kerasLayer("RandomShear", "shear"),
      ],
    },
  } as unknown as ReturnType<typeof kerasLayer>;
  const nested = {
    class_name: "Sequential",
    config: { name: "prepare", layers: [rescaling("renamed")] },
  } as unknown as ReturnType<typeof kerasLayer>;

  // The mean of v / 255: divided once, whatever stands before and around.
  test.each([
    ["Rescaling first", [rescaling("rescaling")]],
    ["augmentation, then Rescaling", [augmentation, rescaling("rescaling_1")]],
    ["augmentation, then a nested and renamed one", [augmentation, nested]],
  ])("%s: 0…255", async (what, layers) => {
    const [first, ...rest] = [...layers, ...meanOf(), scoresOf(3)];
    const topology = sequential(first ? [first, ...rest] : [], [4, 4, 3]);
    const model = await written(what.replaceAll(" ", "-"), modelOf(topology, [same("scores/kernel", 3)]));
    await writePng(at("plain.png"), plain(4, 4));
    const { first: scores, preprocessing } = await predict(model, "plain.png");
    close(scores, [0.2, 0.4, 0.8]);
    expect(preprocessing).toMatchObject({ guessed: ["fit"], otherwise: "--fit" });
    expect(preprocessing.source).toMatch(/^found: the network's own Rescaling takes 0…255/);
  });

  test("a MobileNet's body, whatever its head and name: −1…1, and it is said to be a guess", async () => {
    const convolution = { kernel_size: [1, 1], use_bias: false, padding: "valid" };
    const body = {
      class_name: "Sequential",
      config: {
        name: "body",
        layers: [
          kerasLayer("Conv2D", "a", {
            ...convolution,
            filters: 3,
            strides: [2, 2],
            batch_input_shape: [null, 4, 4, 3],
          }),
          kerasLayer("ReLU", "b", { max_value: 6 }),
          kerasLayer("DepthwiseConv2D", "c", convolution),
          kerasLayer("ReLU", "d", { max_value: 6 }),
        ],
      },
    } as unknown as ReturnType<typeof kerasLayer>;
    const topology = sequential([body, ...meanOf(), scoresOf(3)], [4, 4, 3]);
    const depthwise = { name: "c/depthwise_kernel", shape: [1, 1, 3, 1], values: [1, 1, 1] };
    const weights = [same("a/kernel", 3, [1, 1]), depthwise, same("scores/kernel", 3)];
    const model = await written("mobile", modelOf(topology, weights));
    await writePng(at("plain.png"), plain(4, 4));
    // max(0, v / 127.5 − 1)
    const { first, preprocessing } = await predict(model, "plain.png");
    close(first, [0, 0, 0.6]);
    expect(preprocessing).toMatchObject({ guessed: ["values", "fit"], otherwise: "--preprocess, --fit" });
    const { out, err } = await vitrine(["predict", at("plain.png"), "--model", model]);
    expect(out).toMatch(/plain\.png \(preprocessing guessed\)/);
    expect(err).toMatch(/preprocessing guessed: MobileNet: .*--preprocess sets it/);
  });
});

test("a guessed preprocessing is said of pictures, not of floats, which go through none", async () => {
  const model = await written("guessed", means(3));
  await writePng(at("plain.png"), plain(4, 4));
  const data = new Float32Array(48).fill(0.5);
  await writeFile(at("floats.npy"), new Uint8Array(encodeNpy({ data, shape: [4, 4, 3] })));
  const said = async (...images: string[]) =>
    (await vitrine(["predict", ...images.map(at), "--model", model])).err.includes("preprocessing guessed");
  expect(await said("floats.npy")).toBe(false);
  expect(await said("plain.png")).toBe(true);
  expect(await said("floats.npy", "plain.png")).toBe(true);
});

/** The mean of what enters, of a network with as many classes as channels. */
const means = (channels: number, side: number | null = 4) =>
  modelOf(sequential([...meanOf(), scoresOf(channels)], [side, side, channels]), [
    same("scores/kernel", channels),
  ]);

describe("pictures of other proportions", () => {
  test("are squashed, cut or padded as asked, and it is said", async () => {
    const model = await written("means", means(3));
    // Eight columns: two red, four green, two red.
    const data = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => {
      const x = Math.floor(i / 3) % 8;
      return i % 3 === (x < 2 || x >= 6 ? 0 : 1) ? 255 : 0;
    });
    await writePng(at("wide.png"), { width: 8, height: 4, data });
    const unit = ["--preprocess", "unit"];
    const assumed = await predict(model, "wide.png", ...unit);
    // Eight columns to four by a triangle filter: the outer ones weigh (3, 3, 1) / 7, the inner ones (1, 3, 3, 1) / 8.
    const [red, green] = [(6 / 7 + 1 / 8) / 2, (1 / 7 + 7 / 8) / 2];
    close(assumed.first, [red, green, 0]);
    expect(assumed.preprocessing).toMatchObject({ fit: "stretch", guessed: ["fit"], otherwise: "--fit" });
    expect(assumed.results[0]?.fitted).toBe("squashed from 4×8 to 4×4");
    const cut = await predict(model, "wide.png", ...unit, "--fit", "cover");
    close(cut.first, [0, 1, 0]);
    expect(cut.preprocessing.guessed).toBeUndefined();
    expect(cut.results[0]?.fitted).toBe("cut at the sides from 4×8 to 4×4");
    await writePng(at("tall.png"), plain(4, 8));
    const tall = await predict(model, "tall.png", ...unit, "--fit", "cover");
    expect(tall.results[0]?.fitted).toBe("cut above and below from 8×4 to 4×4");
    const padded = await predict(model, "wide.png", ...unit, "--fit", "contain");
    close(padded.first, [red / 2, green / 2, 0]);
    expect(padded.results[0]?.fitted).toBe("padded with black from 4×8 to 4×4");
    const said = await vitrine(["predict", at("wide.png"), "--model", model, ...unit]);
    expect(said.err).toMatch(/wide\.png was squashed from 4×8 to 4×4 \(assumed: .*\); --fit/);
    expect(said.out).toMatch(/wide\.png \(squashed from 4×8 to 4×4\)/);
  });

  test.each([
    [["--fit", "crop"], /--fit expects cover, stretch, contain, got "crop"/],
    [["--fit", "stretch", "--resize", "9"], /--resize expects --fit cover beside it, got stretch/],
    [["--layout", "chw"], /--layout expects an array/],
    [["--size", "4x"], /--size expects pixels as N or HxW, got "4x"/],
  ])("%j is refused", async (options, message) => {
    const model = await written("means", means(3));
    await writePng(at("plain.png"), plain(4, 4));
    const { code, err } = await vitrine(["predict", at("plain.png"), "--model", model, ...options]);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe("a network of free size", () => {
  const any = () => written("any", means(3, null));

  test("runs at the picture's size, at --size, and not at several at once", async () => {
    const model = await any();
    await writePng(at("6x9.png"), plain(9, 6));
    await writePng(at("7x7.png"), plain(7, 7));
    const { first, results } = await predict(model, "6x9.png", "--preprocess", "unit");
    close(first, [0.2, 0.4, 0.8]);
    expect(results[0]?.fitted).toBeUndefined();
    const sized = await predict(model, "6x9.png", "--preprocess", "unit", "--size", "5");
    expect(sized.results[0]?.fitted).toBe("squashed from 6×9 to 5×5");
    const both = ["predict", at("6x9.png"), at("7x7.png"), "--model", model];
    const { code, err } = await vitrine(both);
    expect([code, err]).toEqual([1, expect.stringMatching(/images of one size.*got 6×9, 7×7; --size HxW/)]);
    expect((await vitrine([...both, "--size", "6x6"])).code).toBe(0);
  });

  test("is made of a size that its layers allow", async () => {
    // Halved, doubled, and set beside itself: only even sizes fit.
    const ends = (name: string) => [[[name, 0, 0, {}]]];
    const topology = {
      class_name: "Functional",
      config: {
        name: "even",
        layers: [
          {
            ...kerasLayer("InputLayer", "x", { batch_input_shape: [null, null, null, 3] }),
            name: "x",
            inbound_nodes: [],
          },
          {
            ...kerasLayer("MaxPooling2D", "half", { pool_size: [2, 2] }),
            name: "half",
            inbound_nodes: ends("x"),
          },
          {
            ...kerasLayer("UpSampling2D", "double", { size: [2, 2] }),
            name: "double",
            inbound_nodes: ends("half"),
          },
          {
            ...kerasLayer("Add", "sum"),
            name: "sum",
            inbound_nodes: [
              [
                ["x", 0, 0, {}],
                ["double", 0, 0, {}],
              ],
            ],
          },
          { ...kerasLayer("GlobalAveragePooling2D", "mean"), name: "mean", inbound_nodes: ends("sum") },
        ],
        input_layers: [["x", 0, 0]],
        output_layers: [["mean", 0, 0]],
      },
    };
    const model = await written("even", modelOf(topology, [{ name: "x/none", shape: [0] }].slice(1)));
    await writePng(at("7x9.png"), plain(9, 7));
    const { first, results } = await predict(model, "7x9.png", "--preprocess", "unit");
    close(first, [0.4, 0.8, 1.6]);
    expect(results[0]?.fitted).toMatch(/to 8×10$/);
  });

  test("of which the layers want one size says so", async () => {
    const topology = sequential(
      [kerasLayer("Flatten", "flat"), kerasLayer("Dense", "scores", { units: 2, use_bias: false })],
      [null, null, 3],
    );
    const model = await written("flat", modelOf(topology, [{ name: "scores/kernel", shape: [75, 2] }]));
    await writePng(at("7x7.png"), plain(7, 7));
    const { code, err } = await vitrine(["predict", at("7x7.png"), "--model", model]);
    expect([code, err]).toEqual([1, expect.stringMatching(/shape 147×2, got 75×2; .*--size HxW gives it/)]);
    expect((await vitrine(["predict", at("7x7.png"), "--model", model, "--size", "5"])).code).toBe(0);
    const wrong = await vitrine(["layers", "--model", model, "--size", "6x5"]);
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringMatching(/--size 6x5/)]);
  });

  test("has its layers listed at 224, or at --size", async () => {
    const model = await any();
    const usual = await vitrine(["layers", "--model", model]);
    expect(usual.out).toMatch(/^input +224×224×3/m);
    expect(usual.err).toMatch(/this is for 224×224, --size gives another/);
    expect((await vitrine(["layers", "--model", model, "--size", "9x5"])).out).toMatch(/^input +9×5×3/m);
  });

  test.each([
    [{}, "stretch", /^squashed from 4×8 to 6×6/],
    [{ crop_to_aspect_ratio: true }, "cover", /^cut at the sides/],
    [{ pad_to_aspect_ratio: true }, "contain", /^padded/],
  ])("that resizes for itself, %j, runs at that size and fits as it says", async (options, fit, said) => {
    const prepare = {
      class_name: "Sequential",
      config: {
        name: "prepare",
        layers: [
          kerasLayer("RandomFlip", "flip", { batch_input_shape: [null, null, null, 3] }),
          kerasLayer("Resizing", "resizing", { height: 6, width: 6, ...options }),
          kerasLayer("Rescaling", "scale", { scale: 1 / 255, offset: 0 }),
        ],
      },
    } as unknown as ReturnType<typeof kerasLayer>;
    const topology = sequential([prepare, ...meanOf(), scoresOf(3)], [null, null, 3]);
    const model = await written(`resizes-${fit}`, modelOf(topology, [same("scores/kernel", 3)]));
    await writePng(at("4x8.png"), plain(8, 4));
    const { first, preprocessing, results } = await predict(model, "4x8.png");
    const share = fit === "contain" ? 0.5 : 1;
    close(first, [0.2 * share, 0.4 * share, 0.8 * share]);
    expect(preprocessing).toMatchObject({ fit, source: expect.stringMatching(/^found/) });
    expect(preprocessing.guessed).toBeUndefined();
    expect(results[0]?.fitted).toMatch(said);
    // At another size the model's own layer resizes, and the answer to a plain picture stays.
    const other = await vitrine(["predict", at("4x8.png"), "--model", model, "--size", "5", "--json"]);
    expect(other.code, other.err).toBe(0);
    const means = JSON.parse(other.out).results[0].predictions;
    if (fit !== "contain") expect(means[0].logit).toBeCloseTo(results[0]?.predictions[0]?.logit ?? 0, 4);
  });

  test("names a broken picture among several, and goes on", async () => {
    const model = await any();
    await writePng(at("6x9.png"), plain(9, 6));
    await writeFile(at("broken.png"), "no picture");
    const { code, out, err } = await vitrine(["predict", at("broken.png"), at("6x9.png"), "--model", model]);
    expect(code).toBe(1);
    expect(out).toMatch(/6x9\.png/);
    expect(err).toMatch(/1 of 2 images could not be used: .*broken\.png/);
  });

  test("of height and width alone takes grey, at --size", async () => {
    const topology = sequential([kerasLayer("Flatten", "flat"), scoresOf(2)], [null, null]);
    const model = await written("grey", modelOf(topology, [{ name: "scores/kernel", shape: [12, 2] }]));
    await writePng(at("3x4.png"), plain(4, 3));
    expect((await vitrine(["predict", at("3x4.png"), "--model", model])).code).toBe(0);
    const listed = await vitrine(["layers", "--model", model, "--size", "2x6"]);
    expect(listed.out).toMatch(/^input +2×6×1/m);
  });

  test("runs on a huge picture at a megapixel", async () => {
    const model = await any();
    await writePng(at("huge.png"), plain(2048, 1024));
    const { code, err } = await vitrine(["predict", at("huge.png"), "--model", model]);
    expect([code, err]).toEqual([0, expect.stringMatching(/1024×2048 is run at about 724×1448/)]);
  });
});

describe("arrays", () => {
  const save = (name: string, shape: readonly number[], values: ArrayLike<number>) =>
    writeFile(at(name), new Uint8Array(encodeNpy({ shape, data: Float32Array.from(values) })));
  /** A .npy file of bytes. */
  async function saveBytes(name: string, shape: readonly number[], values: readonly number[]): Promise<void> {
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117);
    await writeFile(
      at(name),
      Uint8Array.from([
        0x93,
        ...Buffer.from("NUMPY"),
        1,
        0,
        118,
        0,
        ...Buffer.from(`${header}\n`),
        ...values,
      ]),
    );
  }
  const many = (channels: number, value: (i: number) => number) =>
    Array.from({ length: 16 * channels }, (_, i) => value(i));

  test("of bytes are pictures; of floats the input as it stands, or scaled when that is asked", async () => {
    const model = await written("means", means(3));
    const values = many(3, (i) => COLOR[i % 3] ?? 0);
    await saveBytes("bytes.npy", [4, 4, 3], values);
    await save("floats.npy", [4, 4, 3], values);
    await save(
      "small.npy",
      [4, 4, 3],
      values.map((v) => v / 255),
    );
    const signed = [-0.6, -0.2, 0.6];
    close((await predict(model, "bytes.npy", "--preprocess", "signed")).first, signed);
    close((await predict(model, "bytes.npy")).first, [0.2, 0.4, 0.8]);
    close((await predict(model, "floats.npy")).first, [51, 102, 204]);
    close((await predict(model, "floats.npy", "--preprocess", "signed")).first, signed);
    close((await predict(model, "floats.npy", "--preprocess", "none")).first, [51, 102, 204]);
    const { code, err } = await vitrine([
      "predict",
      at("small.npy"),
      "--model",
      model,
      "--preprocess",
      "signed",
    ]);
    expect([code, err]).toEqual([1, expect.stringMatching(/a picture's values of 0…255.*got 0.2\d* to 0.8/)]);
    // A picture of another size is fitted like any.
    await saveBytes(
      "wide.npy",
      [2, 6, 3],
      Array.from({ length: 36 }, (_, i) => COLOR[i % 3] ?? 0),
    );
    const wide = await predict(model, "wide.npy", "--preprocess", "unit");
    close(wide.first, [0.2, 0.4, 0.8]);
    expect(wide.results[0]?.fitted).toBe("squashed from 2×6 to 4×4");
  });

  test.each([1, 2, 4, 5])(
    "%d channels take every preprocessing that has one value for all",
    async (channels) => {
      const model = await written(`means-${channels}`, means(channels));
      const value = (i: number) => 51 * (1 + (i % channels));
      await saveBytes("bytes.npy", [4, 4, channels], many(channels, value));
      await save("floats.npy", [4, 4, channels], many(channels, value));
      const expected = Array.from({ length: channels }, (_, c) => 51 * (1 + c));
      for (const file of ["bytes.npy", "floats.npy"]) {
        close((await predict(model, file, "--preprocess", "none")).first, expected);
        close(
          (await predict(model, file, "--preprocess", "unit")).first,
          expected.map((v) => v / 255),
        );
        close(
          (await predict(model, file, "--preprocess", "signed")).first,
          expected.map((v) => v / 127.5 - 1),
        );
        close(
          (await predict(model, file, "--mean", "0.5")).first,
          expected.map((v) => v / 255 - 0.5),
        );
      }
      const { code, err } = await vitrine([
        ...["predict", at("floats.npy"), "--model", model, "--preprocess", "imagenet"],
      ]);
      if (channels === 1) expect(code).toBe(0);
      else
        expect([code, err]).toEqual([
          1,
          expect.stringMatching(/^vitrine: --preprocess imagenet: expected mean of/),
        ]);
    },
  );

  test("have the axes that --layout says, and several images where there are four", async () => {
    const model = await written("means", means(3));
    // Image n has n·100 + 10·c in channel c.
    const planes = (n: number) => many(3, (i) => n * 100 + 10 * Math.floor(i / 16));
    const pixels = (n: number) => many(3, (i) => n * 100 + 10 * (i % 3));
    await save("hwc.npy", [4, 4, 3], pixels(0));
    await save("chw.npy", [3, 4, 4], planes(0));
    await save("nhwc.npy", [2, 4, 4, 3], [...pixels(0), ...pixels(1)]);
    await save("nchw.npy", [2, 3, 4, 4], [...planes(0), ...planes(1)]);
    close((await predict(model, "hwc.npy")).first, [0, 10, 20]);
    close((await predict(model, "chw.npy", "--layout", "chw")).first, [0, 10, 20]);
    for (const [file, ...options] of [
      ["nhwc.npy"],
      ["nhwc.npy", "--layout", "nhwc"],
      ["nchw.npy", "--layout", "nchw"],
    ]) {
      const { logits, results } = await predict(model, file ?? "", ...options);
      close(logits[0] ?? [], [0, 10, 20]);
      close(logits[1] ?? [], [100, 110, 120]);
      expect(results.map(({ image }) => image)).toEqual([at(`${file}#0`), at(`${file}#1`)]);
    }
    const refused = async (file: string, ...options: string[]) =>
      (await vitrine(["predict", at(file), "--model", model, ...options])).err;
    expect(await refused("chw.npy")).toMatch(/expected an array of 4×4×3.*got 3×4×4; --layout chw/);
    expect(await refused("chw.npy", "--layout", "nchw")).toMatch(/expected an array \[N,C,H,W\], got 3×4×4/);
    await save("none.npy", [0, 4, 4, 3], []);
    expect(await refused("none.npy")).toMatch(/none\.npy": expected an image at least, got 0×4×4×3/);
    expect(await refused("chw.npy", "--layout", "hcw")).toMatch(/--layout expects hwc, chw, nhwc, nchw/);
  });
});

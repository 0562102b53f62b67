import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordCommands } from "../../src/gpu/command.ts";
import { InputError, VitrineError } from "../../src/gpu/errors.ts";
import { headOf } from "../../src/graph/heads.ts";
import { encodePng } from "../../src/images/png.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { decodeImage } from "../../src/node/image.ts";
import { decodeNpy, encodeNpy } from "../../src/node/npy.ts";
import { channelObjective, logit, regionObjective } from "../../src/objectives/objective.ts";
import { explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { lime } from "../../src/techniques/attribution/lime.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import type { AttributionOptions } from "../../src/techniques/attribution/options.ts";
import { type RiseOptions, rise } from "../../src/techniques/attribution/rise.ts";
import { saliencyMask } from "../../src/techniques/attribution/saliency-mask.ts";
import { smoothGrad } from "../../src/techniques/attribution/smooth-grad.ts";
import { predict, predictEach } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
let network: Network;
/** Ends in global average pooling, as CAM wants it. */
let pooled: Network;
const image = values(8 * 6 * 3, random(21));
const other = values(7 * 7 * 2, random(4));

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 2 });
  pooled = await createNetwork(device, branches());
});
afterAll(() => {
  network.destroy();
  pooled.destroy();
});

/** Whatever goes wrong is said in words of ours, and nothing stays behind. */
async function refused(work: () => Promise<unknown>, message: RegExp): Promise<void> {
  const { left } = await liveBytes(device, async () => {
    const error = await work().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(VitrineError);
    expect((error as Error).message).toMatch(message);
  });
  expect(left).toBe(0);
}

const BAD_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, -1];
const FEW = { samples: 4, steps: 3 } as const;

/** What every technique refuses, by the option; each message says what came. */
const SHARED: Readonly<Record<string, readonly [AttributionOptions, RegExp][]>> = {
  target: [
    ...[Number.NaN, -1, 1.5, 99].map((target): [AttributionOptions, RegExp] => [
      { target },
      new RegExp(`target: expected a class of 0 to \\d, got ${target}`),
    ]),
    [{ target: "nobody" }, /target "nobody": the network .* has no labels; give the class's number/],
    [{ target: logit(77) }, /class of 0 to \d, got 77/],
    [{ target: channelObjective("nowhere", 0) }, /expected a layer's name \(.*\), got "nowhere"/],
    [
      { target: regionObjective([1], 0).plus(regionObjective([1, 2], 0)) },
      /mask of 1×1 places .* got 2 values/,
    ],
  ],
  elements: [
    [{ target: { layer: "nowhere" } }, /expected a layer's name \(.*\), got "nowhere"/],
    ...BAD_NUMBERS.map((x): [AttributionOptions, RegExp] => [
      { target: { layer: "conv2", x } },
      new RegExp(`conv2.*expected x of 0 to 2, got ${x}`),
    ]),
    [{ target: { layer: "conv2", channel: 5 } }, /conv2.*expected channel of 0 to 4, got 5/],
    [{ target: { layer: "conv2", y: 0.5 } }, /conv2.*expected y of 0 to 3, got 0.5/],
  ],
  on: [[{ target: 0, on: "loss" as "logit" }, /"logit" or "probability" .* got "loss"/]],
  layer: [
    [{ target: 0, layer: "nowhere" }, /expected a layer's name \(.*\), got "nowhere"/],
    [{ target: 0, layer: "logits" }, /CAM.*: expected a layer with maps \(H×W×C\), got "logits"/],
  ],
  samples: [Number.NaN, -1, 0, 2.5, 2 ** 24 + 1].map((samples): [AttributionOptions, RegExp] => [
    { target: 0, samples },
    new RegExp(`^(SmoothGrad|RISE|LIME): expected 1 to 16777216 samples, got ${samples}`),
  ]),
  noise: BAD_NUMBERS.map((noise): [AttributionOptions, RegExp] => [
    { target: 0, noise },
    new RegExp(`^SmoothGrad: expected noise of at least 0 .* got ${noise}`),
  ]),
  seed: [...BAD_NUMBERS, 0.5, 2 ** 32].map((seed): [AttributionOptions, RegExp] => [
    { target: 0, seed },
    new RegExp(`^(SmoothGrad|RISE|LIME): expected a seed of 0 to 4294967295, got ${seed}`),
  ]),
  tolerance: BAD_NUMBERS.map((tolerance): [AttributionOptions, RegExp] => [
    { target: 0, tolerance },
    new RegExp(`expected a tolerance .* got ${tolerance}`),
  ]),
  steps: [Number.NaN, 0, -1, 1.5, 10_001].map((steps): [AttributionOptions, RegExp] => [
    { target: 0, steps },
    new RegExp(`expected 1 to 10000 steps, got ${steps}`),
  ]),
  baseline: [
    [{ target: 0, baseline: "pink" as "black" }, /baseline of black, grey, white, mean, blur.* got "pink"/],
    [{ target: 0, baseline: [1] }, /or \d numbers, got 1$/],
    [{ target: 0, baseline: Number.NaN }, /got NaN/],
    [{ target: 0, baseline: { image: new Float32Array(3) } }, /expected .*\d×\d×\d/],
  ],
  rules: [[{ target: 0, rules: "delta" as "gamma" }, /LRP: expected rules of composite, .* got "delta"/]],
  pass: [
    [
      { target: 0, pass: "conv1" as "all" },
      /LRP: expected pass to be the names of layers, or "all", got "conv1"/,
    ],
    [{ target: 0, pass: 7 as unknown as "all" }, /LRP: expected pass to be .* got 7/],
    [{ target: 0, pass: ["nowhere"] }, /expected a layer's name \(.*\), got "nowhere"/],
  ],
  step: [Number.NaN, 0, -1, Number.POSITIVE_INFINITY].map((step): [AttributionOptions, RegExp] => [
    { target: 0, step },
    new RegExp(`^numerical saliency: expected a step above 0 \\(a fraction of max − min\\), got ${step}`),
  ]),
  patch: [Number.NaN, 0, -1, 1.5, 99].map((patch): [AttributionOptions, RegExp] => [
    { target: 0, patch },
    new RegExp(
      `^occlusion: expected a patch of 1×1 to 8×6 pixels, got ${patch}×${patch}|^numerical saliency: expected a patch of 1 to 8 pixels, got ${patch}`,
    ),
  ]),
  stride: [Number.NaN, 0, -1, 1.5].map((stride): [AttributionOptions, RegExp] => [
    { target: 0, stride },
    new RegExp(`^occlusion: expected a stride of at least 1 pixel, got ${stride}×${stride}`),
  ]),
  fill: [
    [{ target: 0, fill: [1, 2] }, /^(occlusion|RISE) fill: expected a colour .* got 1,2/],
    [{ target: 0, fill: [1, 2, Number.NaN] }, /^(occlusion|RISE) fill: expected a colour/],
    [{ target: 0, fill: Number.POSITIVE_INFINITY }, /^(occlusion|RISE) fill: .* got Infinity/],
    [{ target: 0, fill: "pink" as "black" }, /^(occlusion|RISE) fill: .* got pink/],
  ],
  hide: [
    [{ target: 0, hide: [1, 2] }, /^LIME hide: expected a colour .* got 1,2/],
    [{ target: 0, hide: "blur" as "black" }, /^LIME hide: .* got blur/],
  ],
  memory: BAD_NUMBERS.filter((bytes) => bytes !== Number.POSITIVE_INFINITY).map(
    (memory): [AttributionOptions, RegExp] => [
      { target: 0, memory },
      new RegExp(`: expected a memory above 0 bytes, got ${memory}`),
    ],
  ),
};

/** What keeps to a budget of memory. */
const BUDGETED = [
  "smoothgrad",
  "smoothgrad-squared",
  "vargrad",
  "integrated-gradients",
  "score-cam",
  "ablation-cam",
  "occlusion",
  "rise",
  "lime",
];

for (const { name, run, options: own, classesOnly = false, weighsMaps = false } of ATTRIBUTIONS) {
  const of = (): [Network, Float32Array<ArrayBuffer>] => (classesOnly ? [pooled, other] : [network, image]);
  const options = [
    "target",
    ...(classesOnly ? [] : ["elements"]),
    ...Object.keys(own),
    ...(BUDGETED.includes(name) ? ["memory"] : []),
  ];
  /** Before the elements that are asked. */
  const common = { ...FEW, ...(weighsMaps ? { layer: "relu1" } : {}) };

  describe(name, () => {
    test.each(options)("refuses what is no %s, saying what came and leaving nothing", async (option) => {
      for (const [bad, message] of SHARED[option] ?? []) {
        await refused(() => run(...of(), { ...common, ...bad }), message);
      }
      expect(SHARED[option]?.length).toBeGreaterThan(0);
    });

    test("refuses images of another size or with a hole in them", async () => {
      const [on, good] = of();
      await refused(() => run(on, good.slice(1), { target: 0, ...FEW }), /\d×\d×\d/);
      await refused(() => run(on, new Float32Array(), { target: 0, ...FEW }), /\d×\d×\d/);
      await refused(() => run(on, good.with(3, Number.NaN), { target: 0, ...FEW }), /NaN/);
      await refused(
        () => run(on, good.with(3, Number.NEGATIVE_INFINITY), { target: 0, ...FEW }),
        /Infinity|finite/,
      );
    });

    test("throws the reason of a signal that came before it, leaving nothing", async () => {
      const signal = AbortSignal.abort(new Error("no more"));
      const { left } = await liveBytes(device, async () => {
        for (const target of [undefined, 0, logit(0)]) {
          const asked = target === undefined ? {} : { target };
          await expect(run(...of(), { ...FEW, ...asked, signal })).rejects.toThrow("no more");
        }
      });
      expect(left).toBe(0);
    });
  });
}

test("a CAM refuses a layer that does not lead to what is asked", async () => {
  const options = { target: { layer: "conv1", channel: 0 }, layer: "pool1" };
  for (const name of ["grad-cam", "grad-cam-plus-plus", "layer-cam", "guided-grad-cam", "ablation-cam"]) {
    await refused(() => attributionNamed(name).run(network, image, options), /leads to "conv1"/);
  }
});

describe("options that one technique has", () => {
  test.each<[RiseOptions, RegExp]>([
    ...[Number.NaN, 0, -1, 1.5, 7].map((grid): [RiseOptions, RegExp] => [
      { grid },
      new RegExp(`^RISE: expected a grid of 1 to 6 cells, got ${grid}`),
    ]),
    ...[Number.NaN, 0, -1, 1.01].map((keep): [RiseOptions, RegExp] => [
      { keep },
      new RegExp(`^RISE: expected a probability above 0 and up to 1 to keep a cell, got ${keep}`),
    ]),
  ])("RISE refuses %o", async (bad, message) => {
    await refused(() => rise(network, image, { target: 0, samples: 4, ...bad }), message);
  });

  const stripes = Array.from({ length: 48 }, (_, i) => Math.floor(i / 6));
  test.each<[string, Parameters<typeof lime>[2], RegExp]>([
    ["a kernel width of NaN", { kernelWidth: Number.NaN }, /^LIME: expected a kernel width above 0, got NaN/],
    ["a kernel width of 0", { kernelWidth: 0 }, /^LIME: expected a kernel width above 0, got 0/],
    [
      "an endless alpha",
      { alpha: Number.POSITIVE_INFINITY },
      /^LIME: expected an alpha above 0, got Infinity/,
    ],
    ["a negative alpha", { alpha: -1 }, /^LIME: expected an alpha above 0, got -1/],
    ["too few segments", { segments: stripes.slice(1) }, /one for each of 48 pixels, got 47 values/],
    ["no segments", { segments: [] }, /one for each of 48 pixels, got 0 values/],
    ["a gap in the numbers", { segments: stripes.map((label) => label * 2) }, /numbered 0, 1, 2/],
    ["a negative number", { segments: stripes.with(3, -1) }, /numbered 0, 1, 2/],
    ["half a number", { segments: stripes.with(3, 0.5) }, /numbered 0, 1, 2/],
    ["NaN for a number", { segments: stripes.with(3, Number.NaN) }, /numbered 0, 1, 2/],
    ["two values for three channels", { hide: [1, 2] }, /^LIME hide: expected a colour .* got 1,2/],
    ["a colour that is none", { hide: "pink" as "black" }, /^LIME hide: expected .* got pink/],
  ])("LIME refuses %s", async (_, bad, message) => {
    await refused(() => lime(network, image, { target: 0, samples: 4, segments: stripes, ...bad }), message);
  });

  test.each([
    [{ foreground: Number.NaN }, /quantiles of 0 to 1/],
    [{ foreground: 1.1 }, /got 0.3 and 1.1/],
    [{ background: -0.1 }, /got -0.1/],
    [{ background: 0.95 }, /background below foreground/],
    [{ smoothness: -1 }, /smoothness of at least 0, got -1/],
    [{ smoothness: Number.NaN }, /got NaN/],
  ])("the mask refuses %o", async (bad, message) => {
    await refused(() => saliencyMask(network, image, { target: 0, ...bad }), message);
  });
});

test("a technique that goes backward says so on a network that cannot", async () => {
  const forward = await createNetwork(device, chain(), { gradients: false });
  for (const { name, run, forwardOnly = false } of ATTRIBUTIONS) {
    if (forwardOnly) continue;
    await refused(
      () => run(forward, image, { target: 0, ...FEW }),
      /created without gradients; create it with/,
    );
    expect(attributionNamed(name).run).toBe(run);
  }
  forward.destroy();
});

test("errors are those of bad input, not of the engine", async () => {
  const { run } = attributionNamed("rise");
  await expect(run(network, image, { target: 0, samples: 0 })).rejects.toBeInstanceOf(InputError);
});

describe("an untyped caller is told", () => {
  const untyped = <T>(value: unknown): T => value as T;
  const all = async (each: AsyncIterable<unknown>) => {
    for await (const _ of each);
  };
  const trusted = attributionNamed("saliency");

  test.each([
    [
      "a signal that is none",
      () => predict(network, image, untyped({ signal: {} })),
      /signal to be an AbortSignal/,
    ],
    [
      "a progress that is no function",
      () => rise(network, image, untyped({ onProgress: 5 })),
      /onProgress to be a f/,
    ],
    ["no top", () => predict(network, image, { top: 0 }), /predict: expected top .* of 1 or more, got 0/],
    ["a top in words", () => predict(network, image, untyped({ top: "3" })), /top .* got "3"/],
    [
      "one image of many",
      () => all(predictEach(network, untyped(image))),
      /images as a list .* got a Float32Array/,
    ],
    ["no images", () => all(explainEach(network, untyped(5), "saliency")), /images as a list .* got 5/],
    [
      "one target of many",
      () => all(explainEach(network, [image], "saliency", untyped({ targets: 1 }))),
      /targets as a list, got 1/,
    ],
    ["work that is none", () => network.inTurn(untyped(5)), /a function to run in its turn, got 5/],
    [
      "one measure of many",
      () => trust(network, image, trusted, untyped({ measures: "deletion" })),
      /measures as a list, got "deletion"/,
    ],
    [
      "a colour beyond f32",
      () => rise(network, image, { fill: 1e39, samples: 3 }),
      /RISE fill: .* got 1e\+39/,
    ],
    [
      "noise beyond f32",
      () => smoothGrad(network, image, { noise: 1e39 }),
      /noise of at least 0 .* got 1e\+39/,
    ],
  ])("%s", async (_, work: () => Promise<unknown>, message) => {
    await refused(work, message);
  });
});

/** What JavaScript lets through: these get nothing of the type that they ask for. */
test.each<[string, (untyped: never) => unknown, unknown, RegExp]>([
  ["forward", (it) => network.forward(it), undefined, /forward: expected a GPUCommandEncoder, got undefined/],
  [
    "backward",
    (it) => network.backward(it, { layer: "logits" }),
    {},
    /backward: expected a GPUCommandEncoder/,
  ],
  [
    "recordCommands",
    (it) => recordCommands(it, []),
    "encoder",
    /recordCommands: expected a GPUCommandEncoder, got "encoder"/,
  ],
  ["backward from a class", (it) => backwardFrom(it), 3, /backward: expected a target .* got 3/],
  [
    "backward from an objective",
    (it) => backwardFrom(it),
    logit(0),
    /objective's output gradients, got .* createObjective/,
  ],
  ["plus", (it) => logit(0).plus(it), 1, /objective plus: expected an objective.* got 1/],
  ["minus", (it) => logit(0).minus(it), undefined, /objective minus: expected an objective/],
  ["headOf", (it) => headOf(it), undefined, /heads: expected a graph, got undefined/],
  ["encodePng", (it) => encodePng(it), undefined, /expected pixels \{ width, height, data \}, got undefined/],
  ["decodeImage", (it) => decodeImage(it), "cat.png", /expected its bytes, got "cat\.png"; readImage/],
  ["decodeNpy", (it) => decodeNpy(it), "x.npy", /expected its bytes, got "x\.npy"; readNpy/],
  ["encodeNpy", (it) => encodeNpy(it), [1, 2], /expected an array \{ shape, data: Float32Array \}/],
])("%s asks an untyped caller back", async (_, call, it, message) => {
  await refused(async () => call(it as never), message);
});

function backwardFrom(from: never): void {
  network.backward(device.createCommandEncoder(), from);
}

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Graph, type Layer, shapesOf } from "../../src/graph/graph.ts";
import { namedPreprocessing } from "../../src/graph/preprocessing.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, Target } from "../../src/network/network.ts";
import { explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { lastMaps } from "../../src/techniques/attribution/layer-maps.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import type { AttributionOptions } from "../../src/techniques/attribution/options.ts";
import { predict } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { graph as graphOf, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

// What every technique is asked of every kind of output. Two things say what is right. One is a network without a head: its
// last layer has one unit, the score that is asked, and the techniques are asked about that unit as any neuron, so that
// nothing of heads is used. The other is the score in double precision, by loops, for finite differences.

const [H, W, C, K] = [8, 8, 3, 4];
const next = random(11);
const graph = (name: string, layers: readonly Layer[]): Graph => ({
  ...graphOf(name, layers),
  preprocessing: namedPreprocessing("unit"),
});
// A bright square on grey noise, so that a mask has something to find.
const image = values(H * W * C, next, 0.15).map((value, i) => {
  const [y, x] = [Math.floor(i / C / W), Math.floor(i / C) % W];
  return value + (y > 1 && y < 6 && x > 2 && x < 7 ? 0.8 : 0.2);
});
const conv = { w: values(3 * 3 * C * K, next, 0.5), b: values(K, next, 0.2) };

/** What an output's numbers are made of the averages of K maps: weights [K, units], biases. */
const dense = (units: number) => ({ units, w: values(K * units, next), b: values(units, next, 0.3) });

type Unit = ReturnType<typeof dense>;

/** One unit of a layer by itself, times a sign. */
const alone = ({ units, w, b }: Unit, unit: number, sign: number): Unit => ({
  units: 1,
  w: w.filter((_, i) => i % units === unit).map((weight) => sign * weight),
  b: b.slice(unit, unit + 1).map((bias) => sign * bias),
});

const stem: readonly Layer[] = [
  { op: "input", name: "image", inputs: [], shape: [H, W, C] },
  {
    op: "conv2d",
    name: "conv",
    inputs: ["image"],
    strides: [1, 1],
    dilations: [1, 1],
    padding: "valid",
    w: { shape: [3, 3, C, K], data: conv.w },
    b: { shape: [K], data: conv.b },
    activation: { kind: "relu" },
  },
  { op: "globalPool", name: "gap", inputs: ["conv"], mode: "average" },
];

const unit = (name: string, { units, w, b }: Unit, activation?: "sigmoid"): Layer => ({
  op: "dense",
  name,
  inputs: ["gap"],
  w: { shape: [K, units], data: w },
  b: { shape: [units], data: b },
  ...(activation ? { activation: { kind: activation } } : {}),
});

const softmax = (name: string, from: string): Layer => ({ op: "softmax", name, inputs: [from] });

/** The convolution's maps in double precision, [H − 2, W − 2, K]. */
function maps(x: ArrayLike<number>): number[] {
  return Array.from({ length: (H - 2) * (W - 2) * K }, (_, at) => {
    const [y, column, k] = [Math.floor(at / K / (W - 2)), Math.floor(at / K) % (W - 2), at % K];
    let sum = conv.b[k] ?? 0;
    for (let i = 0; i < 9 * C; i++) {
      const [row, col, c] = [y + Math.floor(i / (3 * C)), column + (Math.floor(i / C) % 3), i % C];
      sum += (x[(row * W + col) * C + c] ?? 0) * (conv.w[i * K + k] ?? 0);
    }
    return Math.max(0, sum);
  });
}

/** Their means. */
function averages(x: ArrayLike<number>): number[] {
  const all = maps(x);
  return Array.from({ length: K }, (_, k) => {
    const own = all.filter((_, i) => i % K === k);
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
}

const scoreOf = ({ units, w, b }: Unit, k: number, x: ArrayLike<number>): number =>
  averages(x).reduce((sum, value, i) => sum + value * (w[i * units + k] ?? 0), b[k] ?? 0);

/** ∂f/∂x by central differences in double precision. */
function slopes(f: (x: Float64Array) => number): Float32Array {
  const x = Float64Array.from(image);
  return Float32Array.from(x, (value, i) => {
    const [step, at] = [1e-5, (moved: number) => f(x.with(i, moved))];
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

interface Asked {
  readonly what: string;
  readonly net: Graph;
  readonly options: AttributionOptions;
  /** The unit that is asked, and which side of it. */
  readonly of: Unit;
  readonly unit: number;
  readonly sign: 1 | -1;
  /** What makes its probability of all units' scores; none of values. */
  readonly by?: "softmax" | "sigmoid";
}

const [three, one, four, two] = [dense(3), dense(1), dense(4), dense(2)];
const binary = graph("binary", [...stem, unit("flag", one, "sigmoid")]);
const several: Graph = {
  ...graph("two outputs", [...stem, unit("age", one), unit("kind", three), softmax("kind/softmax", "kind")]),
  output: "age",
  outputs: ["age", "kind/softmax"],
};

const ASKED: readonly Asked[] = [
  {
    what: "a softmax",
    net: graph("softmax", [...stem, unit("kind", three), softmax("kind/softmax", "kind")]),
    options: { target: 1 },
    ...{ of: three, unit: 1, sign: 1, by: "softmax" },
  },
  {
    what: "bare logits",
    net: graph("bare", [...stem, unit("kind", three)]),
    options: { target: 2 },
    ...{ of: three, unit: 2, sign: 1, by: "softmax" },
  },
  {
    what: "the yes of a sigmoid",
    net: binary,
    options: { target: "yes" },
    ...{ of: one, unit: 0, sign: 1, by: "sigmoid" },
  },
  {
    what: "the no of a sigmoid",
    net: binary,
    options: { target: 1 },
    ...{ of: one, unit: 0, sign: -1, by: "sigmoid" },
  },
  {
    what: "the first of two labels for a sigmoid: its no",
    net: { ...binary, labels: ["cat", "dog"] },
    options: { target: "cat" },
    ...{ of: one, unit: 0, sign: -1, by: "sigmoid" },
  },
  {
    what: "one of four sigmoids",
    net: graph("labels", [...stem, unit("labels", four, "sigmoid")]),
    options: { target: 3 },
    ...{ of: four, unit: 3, sign: 1, by: "sigmoid" },
  },
  {
    what: "a regression",
    net: graph("regression", [...stem, unit("age", one)]),
    options: {},
    ...{ of: one, unit: 0, sign: 1 },
  },
  {
    what: "a regression of two, by a given head",
    net: { ...graph("values", [...stem, unit("place", two)]), heads: { place: "values" } },
    options: { target: 1 },
    ...{ of: two, unit: 1, sign: 1 },
  },
  {
    what: "the first of two outputs",
    net: several,
    options: {},
    ...{ of: one, unit: 0, sign: 1 },
  },
  {
    what: "the other of two outputs",
    net: several,
    options: { output: "kind", target: 0 },
    ...{ of: three, unit: 0, sign: 1, by: "softmax" },
  },
];

const FEW: Readonly<Record<string, AttributionOptions>> = {
  // Rounding is a smaller share of a wider difference.
  "numerical-saliency": { step: 0.1 },
  smoothgrad: { samples: 3 },
  "smoothgrad-squared": { samples: 3 },
  vargrad: { samples: 3 },
  "integrated-gradients": { steps: 3 },
  rise: { samples: 8 },
  lime: { samples: 24 },
  occlusion: { patch: 3, stride: 2 },
};

/** The techniques whose rules are defined at ReLUs only, and how many ways back they take. */
const GUIDED: Readonly<Record<string, number>> = { "guided-backprop": 1, deconvnet: 1, "guided-grad-cam": 2 };

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

describe.each(ASKED)("$what", ({ net, options, of, unit: asked, sign, by }) => {
  let network: Network;
  /** One unit, the score; then, where it has a probability, what makes that of it. */
  let plain: Network;
  const score: Target = { layer: "score", channel: 0, image: 0 };
  const chance: Target = { layer: "chance", channel: by === "softmax" ? asked : 0, image: 0 };

  beforeAll(async () => {
    network = await createNetwork(device, net);
    const last: Layer[] =
      by === "softmax"
        ? [unit("all", of), softmax("chance", "all")]
        : by === "sigmoid"
          ? [{ op: "activation", name: "chance", inputs: ["score"], activation: { kind: "sigmoid" } }]
          : [];
    plain = await createNetwork(
      device,
      graph("plain", [...stem, unit("score", alone(of, asked, sign)), ...last]),
    );
  });
  afterAll(() => {
    network.destroy();
    plain.destroy();
  });

  test("saliency and gradient × input are slopes of its logit", async () => {
    const expected = slopes((x) => sign * scoreOf(of, asked, x));
    const { data } = await attributionNamed("saliency").run(network, image, options);
    expectClose(data, expected, 1e-3);
    const times = await attributionNamed("gradient-input").run(network, image, options);
    expectClose(
      times.data,
      expected.map((slope, i) => slope * (image[i] ?? 0)),
      1e-3,
    );
  });

  test("its probability is what its head makes of the logits, and so are its slopes", async () => {
    const { output } = options;
    const found = await predict(network, image, { top: 9, ...(output === undefined ? {} : { output }) });
    const mine = found.find(({ logit, value }) => {
      return Math.abs((logit ?? value ?? 0) - sign * scoreOf(of, asked, image)) < 1e-5;
    });
    const chanceOf = (x: ArrayLike<number>): number => {
      if (by === "sigmoid") return 1 / (1 + Math.exp(-sign * scoreOf(of, asked, x)));
      const all = Array.from({ length: of.units }, (_, k) => Math.exp(scoreOf(of, k, x)));
      return (all[asked] ?? 0) / all.reduce((sum, part) => sum + part, 0);
    };
    if (!by) {
      expect(mine?.probability).toBeUndefined();
      const refused = attributionNamed("saliency").run(network, image, { ...options, on: "probability" });
      await expect(refused).rejects.toThrow(/values have none/);
      return;
    }
    expect(mine?.probability).toBeCloseTo(chanceOf(image), 5);
    const { data } = await attributionNamed("saliency").run(network, image, {
      ...options,
      on: "probability",
    });
    expectClose(data, slopes(chanceOf), 1e-3);
  });

  test.each(ATTRIBUTIONS.map(({ name }) => name))("%s", async (name) => {
    const technique = attributionNamed(name);
    const settings = { ...FEW[name], ...(technique.weighsMaps ? { layer: "conv" } : {}) };
    const logit = { on: "logit" } as const;
    const found = await technique.run(network, image, { ...settings, ...options, ...logit });
    // CAM takes no neurons; its definition is soon written.
    if (name === "cam") {
      const { w } = alone(of, asked, sign);
      const all = maps(image);
      const expected = Array.from({ length: all.length / K }, (_, place) =>
        w.reduce((sum, weight, k) => sum + weight * (all[place * K + k] ?? 0), 0),
      );
      expectClose(found.data, expected, 1e-4);
      return;
    }
    const expected = await technique.run(plain, image, { ...settings, ...logit, target: score });
    expect(found.shape).toEqual(expected.shape);
    expectClose(found.data, expected.data, 1e-4);
    // A picture of 64 pixels is too small for a mask; what it is made of is there.
    const [map, right] = [found, expected].map((one) =>
      "map" in one ? (one.map as Float32Array) : one.data,
    );
    expect(right?.some((value) => value !== 0)).toBe(true);
    expectClose(map ?? new Float32Array(), right ?? [], 1e-4);
    if (!by || !("on" in technique.options)) return;
    const likely = await technique.run(network, image, { ...settings, ...options, on: "probability" });
    if (by === "sigmoid" && GUIDED[name] !== undefined) {
      // These rules pass no sigmoid: its slope is a factor, once for each backward pass.
      const p = 1 / (1 + Math.exp(-sign * scoreOf(of, asked, image)));
      const slope = (p * (1 - p)) ** GUIDED[name];
      expectClose(
        likely.data,
        expected.data.map((value) => slope * value),
        1e-3,
      );
      return;
    }
    const probable = await technique.run(plain, image, { ...settings, ...logit, target: chance });
    expectClose(likely.data, probable.data, 1e-3);
  });

  test("explained among others, from one forward pass, it is the same", async () => {
    const { target, output } = options;
    const more = output === undefined ? {} : { output };
    const targets = target === undefined ? {} : { targets: [target] };
    for (const name of ["saliency", "grad-cam", "occlusion"]) {
      const alone = await attributionNamed(name).run(network, image, { ...options, ...FEW[name] });
      for await (const [found] of explainEach(network, [image], name, {
        ...more,
        ...targets,
        ...FEW[name],
      })) {
        expectClose(found?.data ?? new Float32Array(), alone.data, 1e-6);
      }
    }
  });

  test("its map can be judged, with a word for what cannot be compared", async () => {
    const { target, output } = options;
    const found = await trust(network, image, attributionNamed("saliency"), {
      ...(target === undefined ? {} : { target }),
      ...(output === undefined ? {} : { output }),
      ...{ steps: 3, randomBaselines: 1, subsets: 4, noiseSamples: 2, perturbations: 1 },
    });
    const comparable = of.units > 1;
    expect(found.runnerUp !== undefined).toBe(comparable);
    expect(found.randomLogit !== undefined).toBe(comparable);
    expect(Object.keys(found.leftOut ?? {})).toEqual(comparable ? [] : ["randomLogit", "runnerUp"]);
    expect(found.insertion?.curve).toHaveLength(4);
    // The whole image is the curve's end: the probability where there is one.
    const all = await predict(network, image, { top: 9, ...(output === undefined ? {} : { output }) });
    const { probability, value } = all.find(({ index }) => index === found.asked?.index) ?? {};
    expect(found.insertion?.curve.at(-1)).toBeCloseTo(probability ?? value ?? Number.NaN, 5);
  });
});

test.each([{ keep: [] }, { keep: [], gradients: false, reuseBuffers: true }])(
  "every output answers with %o",
  async (options) => {
    const whole = await createNetwork(device, several);
    const small = await createNetwork(device, several, options);
    for (const output of ["age", "kind"]) {
      expect(await predict(small, image, { output })).toEqual(await predict(whole, image, { output }));
    }
    whole.destroy();
    small.destroy();
  },
);

test("the maps that CAMs weigh lead to the output that is asked", async () => {
  const mask: Layer = {
    op: "conv2d",
    name: "mask",
    inputs: ["conv"],
    strides: [1, 1],
    dilations: [1, 1],
    padding: "valid",
    w: { shape: [1, 1, K, 1], data: two.w.slice(0, K) },
    activation: { kind: "sigmoid" },
  };
  const relu: Layer = { op: "activation", name: "bent", inputs: ["conv"], activation: { kind: "relu" } };
  const net: Graph = {
    ...graph("both", [...stem, unit("kind", three), relu, { ...mask, inputs: ["bent"] }]),
    output: "kind",
    outputs: ["kind", "mask"],
  };
  const network = await createNetwork(device, net);
  expect(lastMaps(network.graph, network.shapes)).toBe("conv");
  expect(lastMaps(network.graph, network.shapes, "mask")).toBe("bent");
  for (const output of ["kind", "mask"]) {
    const { data } = await attributionNamed("grad-cam").run(network, image, { output });
    expect(data.every((value) => value >= 0)).toBe(true);
  }
  network.destroy();
});

test("tokens and heads are no places of the picture", () => {
  const count = (H - 2) * (W - 2);
  const tokens: readonly Layer[] = [
    { op: "reshape", name: "tokens", inputs: ["conv"], shape: [count, K] },
    { op: "reshape", name: "heads", inputs: ["tokens"], shape: [count, 2, K / 2] },
    { op: "permute", name: "turned", inputs: ["heads"], axes: [0, 2, 1, 3] },
    { op: "reduce", name: "mean", inputs: ["turned"], mode: "mean", axes: [1, 2], keepDims: false },
  ];
  const net = { ...graph("tokens", [...stem.slice(0, 2), ...tokens]), output: "mean" };
  expect(lastMaps(net, shapesOf(net))).toBe("conv");
});

test("a yes or no is asked the side that the network takes", async () => {
  for (const turned of [1, -1]) {
    const side = graph("side", [...stem, unit("flag", alone(one, 0, turned), "sigmoid")]);
    const network = await createNetwork(device, side);
    const takesYes = turned * scoreOf(one, 0, image) > 0;
    const [best] = await predict(network, image);
    expect(best?.label).toBe(takesYes ? "yes" : "no");
    const found = await attributionNamed("saliency").run(network, image);
    const expected = slopes((x) => Math.sign(scoreOf(one, 0, image)) * scoreOf(one, 0, x));
    expectClose(found.data, expected, 1e-3);
    network.destroy();
  }
});

test("a probability that does not move says nothing of a map", async () => {
  const sure = { ...one, b: one.b.map(() => 40) };
  const network = await createNetwork(device, graph("sure", [...stem, unit("flag", sure, "sigmoid")]));
  const quick = {
    steps: 3,
    randomBaselines: 2,
    subsets: 4,
    measures: ["insertion", "deletion", "muFidelity"],
  } as const;
  const found = await trust(network, image, attributionNamed("saliency"), quick);
  expect(found.verdicts).toEqual(["still"]);
  expect(found.words).toEqual([
    expect.stringMatching(/does not move.*insertion, deletion and μFidelity say nothing/),
  ]);
  const byLogit = await trust(network, image, attributionNamed("saliency"), { ...quick, on: "logit" });
  expect(byLogit.verdicts).not.toContain("still");
  // A map that is made of the probability says as little, and neither do its likenesses to others.
  const measures = ["modelRandomisation", "insertion"] as const;
  for (const [name, settings] of [
    ["rise", { samples: 16 }],
    ["saliency", { on: "probability" }],
  ] as const) {
    const own = await trust(network, image, attributionNamed(name), { ...quick, measures, settings });
    expect(own.verdicts).toEqual(["still"]);
    expect(own.words).toEqual([expect.stringMatching(/probability that this map explains does not move/)]);
    expect(own.modelRandomisation).toBeDefined();
  }
  // A sure network has a map all the same.
  const { data } = await attributionNamed("saliency").run(network, image);
  expectClose(
    data,
    slopes((x) => scoreOf(one, 0, x)),
    1e-3,
  );
  network.destroy();
});

describe("scores at every place", () => {
  const { w } = dense(3);
  const b = Float32Array.of(0.1, 0, -4);
  const net: Graph = graph("places", [
    ...stem.slice(0, 2),
    {
      op: "conv2d",
      name: "scores",
      inputs: ["conv"],
      strides: [1, 1],
      dilations: [1, 1],
      padding: "valid",
      w: { shape: [1, 1, K, 3], data: w },
      b: { shape: [3], data: b },
    },
    softmax("out", "scores"),
  ]);
  const other = values(H * W * C, random(77), 0.5).map((value) => value + 0.5);
  let network: Network;
  beforeAll(async () => {
    network = await createNetwork(device, net, { batch: 2 });
  });
  afterAll(() => network.destroy());

  /** Scores [place][class] in double precision. */
  const scoresAt = (x: ArrayLike<number>): number[][] => {
    const all = maps(x);
    return Array.from({ length: all.length / K }, (_, place) =>
      Array.from(b, (bias, c) =>
        Array.from({ length: K }, (_, k) => (all[place * K + k] ?? 0) * (w[k * 3 + c] ?? 0)).reduce(
          (sum, part) => sum + part,
          bias,
        ),
      ),
    );
  };
  const winners = (x: ArrayLike<number>): number[] =>
    scoresAt(x).map((here) => here.indexOf(Math.max(...here)));
  /** The sum of a class's scores over the places of `of` that have it, or over all. */
  const sumOf = (c: number, of: ArrayLike<number>) => {
    const mask = winners(of).map((winner) => winner === c);
    const some = mask.includes(true);
    return (x: ArrayLike<number>): number =>
      scoresAt(x).reduce((sum, here, place) => sum + (mask[place] || !some ? (here[c] ?? 0) : 0), 0);
  };

  test("are told as shares of the picture", async () => {
    const found = await predict(network, image);
    const won = winners(image);
    expect(new Set(won).size).toBe(2);
    for (const { index, share, logit } of found) {
      expect(share).toBeCloseTo(won.filter((c) => c === index).length / won.length, 6);
      const mean = scoresAt(image).reduce((sum, here) => sum + (here[index] ?? 0), 0) / won.length;
      expect(logit).toBeCloseTo(mean, 4);
    }
  });

  test.each([0, 1, 2])("class %d is its scores' sum over the places that have it", async (target) => {
    const { data } = await attributionNamed("saliency").run(network, image, { target });
    expectClose(data, slopes(sumOf(target, image)), 1e-3);
  });

  test("the class that most places have is asked, each image's own", async () => {
    const technique = attributionNamed("saliency");
    const most = (x: ArrayLike<number>): number => {
      const counts = [0, 1, 2].map((c) => winners(x).filter((winner) => winner === c).length);
      return counts.indexOf(Math.max(...counts));
    };
    const alone = await technique.run(network, image);
    expectClose(alone.data, slopes(sumOf(most(image), image)), 1e-3);
    const together = [];
    for await (const [found] of explainEach(network, [image, other], "saliency")) together.push(found);
    expectClose(together[0]?.data ?? new Float32Array(), alone.data, 1e-5);
    expectClose(together[1]?.data ?? new Float32Array(), (await technique.run(network, other)).data, 1e-5);
  });

  test("have a runner-up over the same places, and no one probability", async () => {
    const quick = { steps: 3, randomBaselines: 1, subsets: 4, noiseSamples: 2, perturbations: 1 };
    const found = await trust(network, image, attributionNamed("saliency"), { ...quick, target: 0 });
    expect([found.asked?.index, found.runnerUp?.other, found.leftOut]).toEqual([0, 1, undefined]);
    expect(found.insertion?.curve.at(-1)).toBeCloseTo(sumOf(0, image)(image), 3);
    await expect(
      attributionNamed("saliency").run(network, image, { target: 0, on: "probability" }),
    ).rejects.toThrow(/scores at every place/);
  });
});

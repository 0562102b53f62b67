import { describe, expect, test } from "vitest";
import { classOf, labelOf, probabilitiesOf, sideOf } from "../../src/graph/classes.ts";
import type { Graph, HeadKind, Layer } from "../../src/graph/graph.ts";
import { headOf, headsOf, logitsOf, withLogits } from "../../src/graph/heads.ts";
import type { Activation, FusedActivation } from "../../src/layers/activation-kinds.ts";
import { constant, graph, random } from "./graphs.ts";

const next = random(5);
const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const CROPPED = { w: constant([3, 3, 3, 5], next), padding: "valid" } as const;
const image: Layer = { op: "input", name: "image", inputs: [], shape: [4, 6, 3] };

function conv(name: string, from: string, shape: [number, number], kind?: FusedActivation["kind"]): Layer {
  const activation = kind ? { activation: { kind } } : {};
  return { op: "conv2d", name, inputs: [from], ...CONV, w: constant([1, 1, ...shape], next), ...activation };
}

function dense(name: string, from: string, shape: [number, number], kind?: FusedActivation["kind"]): Layer {
  const activation = kind ? { activation: { kind } } : {};
  return { op: "dense", name, inputs: [from], w: constant(shape, next), ...activation };
}

const softmax = (name: string, from: string): Layer => ({ op: "softmax", name, inputs: [from] });
const view = (name: string, from: string, shape?: number[]): Layer => ({
  op: "reshape",
  name,
  inputs: [from],
  ...(shape ? { shape } : {}),
});
const act = (name: string, from: string, kind: Activation["kind"]): Layer => ({
  op: "activation",
  name,
  inputs: [from],
  activation: { kind },
});
const scaled = (name: string, from: string, channels: number): Layer => ({
  op: "batchNorm",
  name,
  inputs: [from],
  scale: new Float32Array(channels).fill(5),
  offset: new Float32Array(channels),
});

/** Image, 1×1 convolution with ReLU, global average; then what is given. */
const vector = (...layers: Layer[]): Graph =>
  graph("net", [
    image,
    conv("conv", "image", [3, 5], "relu"),
    { op: "globalPool", name: "gap", inputs: ["conv"], mode: "average" },
    ...layers,
  ]);
const maps = (...layers: Layer[]): Graph =>
  graph("net", [image, conv("conv", "image", [3, 5], "relu"), ...layers]);

interface Found {
  kind: HeadKind;
  scores?: HeadKind;
  logits: string;
  classes: number;
  known?: string;
}

const CASES: [string, Graph, Found][] = [
  [
    "a softmax",
    vector(dense("d", "gap", [5, 3]), softmax("s", "d")),
    { kind: "softmax", logits: "d", classes: 3 },
  ],
  [
    "a softmax shown otherwise",
    vector(dense("d", "gap", [5, 3]), softmax("s", "d"), view("v", "s", [1, 1, 3]), view("dropout", "v")),
    { kind: "softmax", logits: "d", classes: 3 },
  ],
  [
    "a softmax of a softmax: the last is the head's own",
    vector(dense("d", "gap", [5, 3]), softmax("s", "d"), softmax("again", "s")),
    { kind: "softmax", logits: "s", classes: 3 },
  ],
  [
    "the average of the classes' maps, through a reshape",
    maps(
      conv("c", "conv", [5, 4], "relu"),
      { op: "globalPool", name: "pool", inputs: ["c"], mode: "average", keepDims: true },
      view("flat", "pool", [4]),
      softmax("s", "flat"),
    ),
    { kind: "softmax", logits: "flat", classes: 4 },
  ],
  [
    "the log of a softmax",
    vector(dense("d", "gap", [5, 3]), { op: "softmax", name: "s", inputs: ["d"], log: true }),
    { kind: "softmax", logits: "d", classes: 3, known: "found" },
  ],
  [
    "a softmax over rows, which is none of classes",
    maps({ op: "softmax", name: "s", inputs: ["conv"], axis: 1 }),
    { kind: "places", scores: "values", logits: "s", classes: 5 },
  ],
  [
    "a softmax over the last axis, by its number",
    vector(dense("d", "gap", [5, 3]), { op: "softmax", name: "s", inputs: ["d"], axis: 1 }),
    { kind: "softmax", logits: "d", classes: 3 },
  ],
  [
    "a softmax over one value",
    vector(dense("d", "gap", [5, 1]), softmax("s", "d")),
    { kind: "softmax", logits: "d", classes: 1 },
  ],
  [
    "one fused sigmoid: a yes or no",
    vector(dense("d", "gap", [5, 1], "sigmoid")),
    { kind: "sigmoid", logits: "d/logits", classes: 2 },
  ],
  [
    "a sigmoid of its own",
    vector(dense("d", "gap", [5, 1]), act("p", "d", "sigmoid")),
    { kind: "sigmoid", logits: "d", classes: 2 },
  ],
  [
    "two sigmoids are two labels",
    vector(dense("d", "gap", [5, 2], "sigmoid")),
    { kind: "sigmoid", logits: "d/logits", classes: 2 },
  ],
  [
    "four sigmoids behind a flatten",
    maps(
      conv("c", "conv", [5, 4]),
      { op: "globalPool", name: "pool", inputs: ["c"], mode: "max", keepDims: true },
      act("p", "pool", "sigmoid"),
      view("flat", "p", [4]),
    ),
    { kind: "sigmoid", logits: "pool", classes: 4 },
  ],
  [
    "bare logits",
    vector(dense("d", "gap", [5, 3])),
    { kind: "softmax", logits: "d", classes: 3, known: "assumed" },
  ],
  [
    "bare logits [1, 1, C] of a fully convolutional network",
    vector(view("one", "gap", [1, 1, 5]), conv("c", "one", [5, 7])),
    { kind: "softmax", logits: "c", classes: 7, known: "assumed" },
  ],
  [
    "bare logits behind a batch norm",
    vector(dense("d", "gap", [5, 3]), scaled("bn", "d", 3)),
    { kind: "softmax", logits: "bn", classes: 3, known: "assumed" },
  ],
  [
    "what a ReLU left, behind a batch norm",
    vector(dense("d", "gap", [5, 3], "relu"), scaled("bn", "d", 3)),
    { kind: "values", logits: "bn", classes: 3 },
  ],
  ["one bare value", vector(dense("d", "gap", [5, 1])), { kind: "values", logits: "d", classes: 1 }],
  ["a tanh", vector(dense("d", "gap", [5, 3], "tanh")), { kind: "values", logits: "d", classes: 3 }],
  ["a ReLU", vector(dense("d", "gap", [5, 3], "relu")), { kind: "values", logits: "d", classes: 3 }],
  [
    "a sigmoid that is scaled afterwards",
    vector(dense("d", "gap", [5, 3], "sigmoid"), scaled("times5", "d", 3)),
    { kind: "values", logits: "times5", classes: 3 },
  ],
  [
    "two sigmoids side by side",
    vector(dense("a", "gap", [5, 1], "sigmoid"), dense("b", "gap", [5, 1], "sigmoid"), {
      op: "concat",
      name: "both",
      inputs: ["a", "b"],
      axis: 1,
    }),
    { kind: "values", logits: "both", classes: 2 },
  ],
  [
    "a sigmoid at every place",
    maps(conv("mask", "conv", [5, 1], "sigmoid")),
    { kind: "places", scores: "sigmoid", logits: "mask/logits", classes: 2 },
  ],
  [
    "a softmax over a list of places",
    maps(conv("c", "conv", [5, 3]), view("list", "c", [24, 3]), softmax("s", "list")),
    { kind: "places", scores: "softmax", logits: "c", classes: 3 },
  ],
  [
    "a mask that is flattened",
    maps(conv("mask", "conv", [5, 1], "sigmoid"), view("flat", "mask", [24])),
    { kind: "places", scores: "sigmoid", logits: "mask/logits", classes: 2 },
  ],
  [
    "bare scores at every place",
    maps(conv("c", "conv", [5, 4])),
    { kind: "places", scores: "softmax", logits: "c", classes: 4, known: "assumed" },
  ],
  [
    "bare maps of the picture's channels and size",
    maps(conv("c", "conv", [5, 3])),
    { kind: "places", scores: "values", logits: "c", classes: 3, known: "assumed" },
  ],
  [
    "bare maps of the picture's channels and twice its size",
    maps(conv("c", "conv", [5, 12]), {
      op: "depthToSpace",
      name: "d",
      inputs: ["c"],
      block: 2,
      order: "depth-first",
    }),
    { kind: "places", scores: "values", logits: "d", classes: 3, known: "assumed" },
  ],
  [
    "bare maps of the picture's channels and size, but for a border",
    graph("net", [
      { op: "input", name: "image", inputs: [], shape: [18, 34, 3] },
      { ...conv("conv", "image", [3, 5], "relu"), ...CROPPED },
      conv("c", "conv", [5, 3]),
    ]),
    { kind: "places", scores: "values", logits: "c", classes: 3, known: "assumed" },
  ],
  [
    "bare maps of the picture's channels and half its size are scores of three classes",
    maps({ ...conv("c", "conv", [5, 3]), strides: [2, 2] } as Layer),
    { kind: "places", scores: "softmax", logits: "c", classes: 3, known: "assumed" },
  ],
  [
    "bare maps of the picture's size whose channels have labels are scores",
    { ...maps(conv("c", "conv", [5, 3])), labels: ["pet", "border", "ground"] },
    { kind: "places", scores: "softmax", logits: "c", classes: 3, known: "assumed" },
  ],
  [
    "bare maps of the picture's size are scores where it is said so",
    { ...maps(conv("c", "conv", [5, 3])), heads: { c: "softmax" } },
    { kind: "places", scores: "softmax", logits: "c", classes: 3, known: "given" },
  ],
  [
    "three numbers of a picture of one pixel",
    graph("net", [{ op: "input", name: "image", inputs: [], shape: [1, 1, 3] }, conv("c", "image", [3, 3])]),
    { kind: "softmax", logits: "c", classes: 3, known: "assumed" },
  ],
  [
    "a picture out",
    maps(conv("c", "conv", [5, 3], "tanh")),
    { kind: "places", scores: "values", logits: "c", classes: 3 },
  ],
];

test.each(CASES)("%s", (_, net, { kind, scores = kind, logits, classes, known = "found" }) => {
  const head = headOf(net);
  expect([head.kind, head.scores, head.logits, head.classes, head.known]).toEqual([
    kind,
    scores,
    logits,
    classes,
    known,
  ]);
  expect(logitsOf(net)).toBe(logits);
  expect(withLogits(net).layers.map(({ name }) => name)).toContain(logits);
});

describe("a head that is given", () => {
  const bare = vector(dense("d", "gap", [5, 4]));
  const given = (net: Graph, kind: HeadKind) => headOf({ ...net, heads: { [net.output]: kind } });

  test.each([
    ["sigmoid", "d", 4],
    ["values", "d", 4],
    ["softmax", "d", 4],
  ] as const)("%s of bare numbers", (kind, logits, classes) => {
    expect(given(bare, kind)).toMatchObject({ kind, logits, classes, known: "given" });
  });

  test("takes the place of the network's own, before its activation", () => {
    const one = vector(dense("d", "gap", [5, 1]), softmax("s", "d"));
    expect(given(one, "sigmoid")).toMatchObject({ kind: "sigmoid", logits: "d", classes: 2 });
    expect(given(one, "values")).toMatchObject({ kind: "values", logits: "s", classes: 1 });
    const labels = vector(dense("d", "gap", [5, 3], "sigmoid"));
    expect(given(labels, "softmax")).toMatchObject({ kind: "softmax", logits: "d/logits", classes: 3 });
  });

  test("is refused of numbers that went through a sigmoid or softmax before layers that only gather or bound them", () => {
    const two = [dense("a", "gap", [5, 1], "sigmoid"), dense("b", "gap", [5, 3], "sigmoid")];
    const joined = vector(...two, { op: "concat", name: "all", inputs: ["a", "b"], axis: 1 });
    const bounded = vector(dense("d", "gap", [5, 3]), softmax("s", "d"), act("out", "s", "relu6"));
    for (const [net, by] of [
      [joined, "sigmoid"],
      [bounded, "softmax"],
    ] as const) {
      const message = `expected the head "values", as its numbers come out of a ${by} already, got`;
      for (const kind of ["sigmoid", "softmax"] as const) expect(() => given(net, kind)).toThrow(message);
      expect(given(net, "values")).toMatchObject({ kind: "values", logits: net.output });
      expect(headOf(net)).toMatchObject({ kind: "values", known: "found" });
    }
    // New sums may be logits again.
    const sums = vector(dense("d", "gap", [5, 4], "sigmoid"), dense("e", "d", [4, 3]));
    expect(given(sums, "sigmoid")).toMatchObject({ kind: "sigmoid", logits: "e" });
  });

  test("is refused where it cannot be", () => {
    expect(() => given(vector(dense("d", "gap", [5, 1])), "softmax")).toThrow(/several numbers .* got one/);
    expect(() => given(bare, "places")).toThrow(/scores at several places/);
    expect(() => given(bare, "sigmod" as HeadKind)).toThrow(/head of softmax, .*, got "sigmod"/);
    expect(() => headsOf({ ...bare, heads: { nowhere: "sigmoid" } })).toThrow(/output of "d", got "nowhere"/);
  });
});

test("several outputs, one of them within the network and one twice, are asked by name", () => {
  const net = {
    ...vector(
      dense("flag", "gap", [5, 1], "sigmoid"),
      dense("age", "gap", [5, 1]),
      dense("kind", "flag", [1, 3]),
      softmax("kind/softmax", "kind"),
    ),
    output: "age",
    outputs: ["flag", "age", "kind/softmax", "flag"],
    labels: ["a", "b", "c"],
  };
  expect(headsOf(net).map(({ name, kind, labels }) => [name, kind, labels])).toEqual([
    ["age", "values", undefined],
    ["flag", "sigmoid", undefined],
    ["kind", "softmax", ["a", "b", "c"]],
  ]);
  expect(headOf(net).name).toBe("age");
  for (const name of ["kind", "kind/softmax"]) expect(headOf(net, name).logits).toBe("kind");
  expect(headOf(net, "flag").logits).toBe("flag/logits");
  expect(() => headOf(net, "gap")).toThrow(/output of "age", "flag", "kind", got "gap"/);
});

test("a fused sigmoid is set apart at outputs only, and what reads it still does", () => {
  const net = vector(dense("inner", "gap", [5, 2], "sigmoid"), dense("out", "inner", [2, 1], "sigmoid"));
  expect(withLogits(net).layers.slice(3)).toMatchObject([
    { op: "dense", name: "inner", activation: { kind: "sigmoid" } },
    { op: "dense", name: "out/logits", inputs: ["inner"] },
    { op: "activation", name: "out", inputs: ["out/logits"], activation: { kind: "sigmoid" } },
  ]);
  expect(withLogits(net).layers[4]).not.toHaveProperty("activation");
  const plain = vector(dense("d", "gap", [5, 2]));
  expect(withLogits(plain)).toBe(plain);
});

describe("classes", () => {
  const yesNo = vector(dense("d", "gap", [5, 1], "sigmoid"));
  const labelled = (...labels: string[]) => headOf({ ...yesNo, labels });

  test("of a yes or no without labels are yes, the only output, and no", () => {
    const head = headOf(yesNo);
    expect([labelOf(head, 0), labelOf(head, 1)]).toEqual(["yes", "no"]);
    expect([classOf(head, "yes"), classOf(head, "no"), classOf(head, 0), classOf(head, "1")]).toEqual([
      0, 1, 0, 1,
    ]);
    expect([sideOf(head, 0).sign, sideOf(head, 1).sign]).toEqual([1, -1]);
    const [yes = 0, no = 0] = probabilitiesOf(head, Float32Array.of(2)) ?? [];
    expect(yes).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
    expect(no).toBeCloseTo(1 - yes, 12);
  });

  test("of a yes or no with two labels are as Keras numbers them: the no first", () => {
    const head = labelled("cat", "dog");
    expect([classOf(head, "cat"), classOf(head, "dog")]).toEqual([0, 1]);
    expect([sideOf(head, 0).sign, sideOf(head, 1).sign]).toEqual([-1, 1]);
    const [cat = 0, dog = 0] = probabilitiesOf(head, Float32Array.of(2)) ?? [];
    expect(dog).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
    expect(cat).toBeCloseTo(1 - dog, 12);
  });

  test("of a yes or no with one label are that and not that", () => {
    const head = labelled("ripe");
    expect([labelOf(head, 0), labelOf(head, 1)]).toEqual(["ripe", "not ripe"]);
    expect([classOf(head, "ripe"), classOf(head, "not")]).toEqual([0, 1]);
  });

  test("that bear one label are asked back with their numbers", () => {
    const head = headOf({
      ...vector(dense("d", "gap", [5, 4])),
      labels: ["crane", "heron", "crane", "Heron"],
    });
    expect(() => classOf(head, "crane")).toThrow(/fits "crane" \(0\), "crane" \(2\); give the number/);
    expect(() => classOf(head, "cra")).toThrow(/fits "crane" \(0\), "crane" \(2\)/);
    expect(() => classOf(head, "HERON")).toThrow(/fits "heron" \(1\), "Heron" \(3\)/);
    // Written exactly so, one of two is meant.
    expect([classOf(head, "heron"), classOf(head, "Heron"), classOf(head, 2)]).toEqual([1, 3, 2]);
  });

  test("of values have numbers, and no probability", () => {
    const head = headOf(vector(dense("d", "gap", [5, 3], "tanh")));
    expect(classOf(head, 2)).toBe(2);
    expect(() => classOf(head, 3)).toThrow(/value of 0 to 2, got 3/);
    expect(() => classOf(head, "x")).toThrow(/target "x": .* has no labels; give the value's number, 0 to 2/);
    expect(probabilitiesOf(head, Float32Array.of(1, 2, 3))).toBeUndefined();
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordCommands } from "../../src/gpu/command.ts";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, readTensors, type Tensor } from "../../src/gpu/tensor.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { createObjective } from "../../src/objectives/commands.ts";
import {
  alphaNorm,
  caricature,
  channelMean,
  channelOfEach,
  directionObjective,
  diversityObjective,
  featureDistance,
  gramDistance,
  guidedMatch,
  imageDistance,
  logit,
  logProbability,
  marginObjective,
  meanOf,
  meanSquare,
  normObjective,
  type Objective,
  totalVariation,
} from "../../src/objectives/objective.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { submit } from "../../src/techniques/submit.ts";
import { testDevice } from "../gpu.ts";
import { branches, graph as graphOf, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

// Activations of layer "tanh1" are 7 × 7 × 4, and smooth in the image.
const SIZE = 7 * 7 * 2;
const [PLACES, CHANNELS] = [49, 4];
const reference = values(PLACES * CHANNELS, random(31));
const vector = values(CHANNELS, random(32));
const guide = values(5 * CHANNELS, random(33));
const gram = values(CHANNELS * CHANNELS, random(34));
const picture = values(SIZE, random(35));
const images = values(2 * SIZE, random(36));

let device: GPUDevice;
let network: Network;
let single: Network;

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, branches(), { batch: 2 });
  single = await createNetwork(device, branches());
});
afterAll(() => {
  network.destroy();
  single.destroy();
});

/** What an image makes of "tanh1", in the order of its numbers. */
async function activationOf(image: Float32Array): Promise<Float64Array> {
  device.queue.writeBuffer(single.input.buffer, 0, image.slice());
  submit(single, (encoder) => single.forward(encoder));
  return Float64Array.from(await readTensor(device, single.activation("tanh1")));
}

const sum = (count: number, of: (i: number) => number): number =>
  Array.from({ length: count }, (_, i) => of(i)).reduce((total, value) => total + value, 0);

const at = (list: ArrayLike<number>, i: number): number => list[i] ?? 0;

function cosineTerm(
  a: ArrayLike<number>,
  v: ArrayLike<number>,
  from: number,
  size: number,
  power: number,
): number {
  const product = sum(size, (k) => at(a, from + k) * at(v, k));
  const length = Math.sqrt(sum(size, (k) => at(a, from + k) ** 2)) + 1e-6;
  const other = Math.sqrt(sum(size, (k) => at(v, k) ** 2)) + 1e-6;
  return product * Math.max(0.1, product / (length * other)) ** power;
}

function gramOf(a: ArrayLike<number>): number[] {
  return Array.from({ length: CHANNELS ** 2 }, (_, i) =>
    sum(PLACES, (p) => at(a, p * CHANNELS + Math.floor(i / CHANNELS)) * at(a, p * CHANNELS + (i % CHANNELS))),
  );
}

/** Terms, and what they are, in double precision, from an image and its activations of "tanh1". */
const TERMS: readonly (readonly [
  string,
  Objective,
  (a: ArrayLike<number>, x: ArrayLike<number>) => number,
])[] = [
  ["channel mean", channelMean("tanh1", 2), (a) => sum(PLACES, (p) => at(a, p * CHANNELS + 2)) / PLACES],
  ["layer mean", meanOf({ layer: "tanh1" }), (a) => sum(a.length, (i) => at(a, i)) / a.length],
  ["mean square", meanSquare("tanh1"), (a) => sum(a.length, (i) => at(a, i) ** 2) / a.length],
  [
    "direction",
    directionObjective("tanh1", vector),
    (a) => sum(PLACES, (p) => cosineTerm(a, vector, p * CHANNELS, CHANNELS, 0)) / PLACES,
  ],
  [
    "direction with a cosine's square",
    directionObjective("tanh1", vector, { power: 2 }),
    (a) => sum(PLACES, (p) => cosineTerm(a, vector, p * CHANNELS, CHANNELS, 2)) / PLACES,
  ],
  [
    "direction at one place",
    directionObjective("tanh1", vector, { power: 1, at: { y: 3, x: 2 } }),
    (a) => cosineTerm(a, vector, (3 * 7 + 2) * CHANNELS, CHANNELS, 1),
  ],
  [
    "caricature",
    caricature("tanh1", reference, { power: 1 }),
    (a) => cosineTerm(a, reference, 0, PLACES * CHANNELS, 1),
  ],
  [
    "feature distance",
    featureDistance("tanh1", reference),
    (a) => sum(a.length, (i) => (at(a, i) - at(reference, i)) ** 2),
  ],
  [
    "relative feature distance",
    featureDistance("tanh1", reference, { over: "reference" }),
    (a) =>
      sum(a.length, (i) => (at(a, i) - at(reference, i)) ** 2) / sum(a.length, (i) => at(reference, i) ** 2),
  ],
  [
    "guided match",
    guidedMatch("tanh1", guide),
    (a) =>
      sum(PLACES, (p) =>
        Math.max(
          ...Array.from({ length: 5 }, (_, q) =>
            sum(CHANNELS, (k) => at(a, p * CHANNELS + k) * at(guide, q * CHANNELS + k)),
          ),
        ),
      ),
  ],
  [
    "Gram distance over places",
    gramDistance("tanh1", gram),
    (a) => sum(CHANNELS ** 2, (i) => (at(gramOf(a), i) / PLACES - at(gram, i)) ** 2),
  ],
  [
    "Gram distance over elements",
    gramDistance("tanh1", gram, { normalise: "elements" }),
    (a) => sum(CHANNELS ** 2, (i) => (at(gramOf(a), i) / (PLACES * CHANNELS) - at(gram, i)) ** 2),
  ],
  ["image distance", imageDistance(picture), (_, x) => sum(SIZE, (i) => (at(x, i) - at(picture, i)) ** 2)],
  ["sixth powers", alphaNorm(), (_, x) => sum(SIZE, (i) => at(x, i) ** 6)],
  [
    "third powers about a colour",
    alphaNorm({ alpha: 3, around: [0.2, -0.1] }),
    (_, x) => sum(SIZE, (i) => Math.abs(at(x, i) - (i % 2 === 0 ? 0.2 : -0.1)) ** 3),
  ],
  ...[2, 3, 1.5].map(
    (beta) =>
      [
        `total variation, β = ${beta}`,
        totalVariation({ beta }),
        (_: ArrayLike<number>, x: ArrayLike<number>) =>
          sum(SIZE, (i) => {
            const [row, column] = [Math.floor(i / 14), Math.floor(i / 2) % 7];
            const right = column < 6 ? at(x, i + 2) - at(x, i) : 0;
            const down = row < 6 ? at(x, i + 14) - at(x, i) : 0;
            return (right ** 2 + down ** 2) ** (beta / 2);
          }),
      ] as const,
  ),
];

/** The value of each image and the gradient to the input, on a network. */
async function asked(on: Network, objective: Objective, input: Float32Array, views = 1) {
  const command = await createObjective(on, objective, { views });
  device.queue.writeBuffer(on.input.buffer, 0, input.slice());
  submit(on, (encoder) => {
    on.forward(encoder);
    recordCommands(encoder, [command.score]);
    on.backward(encoder, command.outputGradients);
  });
  const [found, gradient] = await readTensors(device, [command.values, on.gradient("image")]);
  command.destroy();
  return { found: found as Float32Array, gradient: gradient as Float32Array };
}

describe.each(TERMS)("%s", (_, objective, definition) => {
  test("is its definition for each image of a batch", async () => {
    const { found } = await asked(network, objective.times(3), images);
    for (const n of [0, 1]) {
      const x = images.subarray(n * SIZE, (n + 1) * SIZE);
      const expected = 3 * definition(await activationOf(x), x);
      expect(Math.abs((found[n] ?? 0) - expected)).toBeLessThan(2e-5 * Math.max(1, Math.abs(expected)));
    }
  });

  test("has the gradient of finite differences", async () => {
    const { gradient } = await asked(network, objective, images);
    const scale = Math.max(...gradient.map(Math.abs));
    expect(scale).toBeGreaterThan(1e-4);
    const step = 2e-3;
    for (const i of [0, 17, 60, SIZE - 1, SIZE + 40]) {
      const n = i < SIZE ? 0 : 1;
      const value = async (by: number): Promise<number> => {
        const x = images.slice(n * SIZE, (n + 1) * SIZE);
        x[i - n * SIZE] = at(x, i - n * SIZE) + by;
        return definition(await activationOf(x), x);
      };
      const slope = ((await value(step)) - (await value(-step))) / (2 * step);
      expect(Math.abs(at(gradient, i) - slope)).toBeLessThan(2e-2 * scale);
    }
  });
});

describe("an objective", () => {
  test("of terms at several layers, at the image and of logits is their sum, in one forward pass", async () => {
    const parts = [
      meanSquare("tanh1"),
      featureDistance("tanh1", reference).times(-0.3),
      normObjective("sigmoid").times(0.1),
      logit(1),
      totalVariation().times(-0.2),
    ];
    const all = parts.reduce((total, part) => total.plus(part));
    const together = await asked(network, all, images);
    const apart = await Promise.all([]).then(async () => {
      const found = [];
      for (const part of parts) found.push(await asked(network, part, images));
      return found;
    });
    for (const n of [0, 1]) {
      expect(together.found[n]).toBeCloseTo(
        sum(parts.length, (k) => apart[k]?.found[n] ?? 0),
        4,
      );
    }
    for (const [i, slope] of together.gradient.entries()) {
      expect(slope).toBeCloseTo(
        sum(parts.length, (k) => apart[k]?.gradient[i] ?? 0),
        4,
      );
    }
  });

  test("of two terms of one kind at one layer is their sum", async () => {
    const one = featureDistance("tanh1", reference);
    const two = await asked(network, one.plus(one.times(2)), images);
    const alone = await asked(network, one.times(3), images);
    for (const n of [0, 1]) expect(two.found[n]).toBeCloseTo(alone.found[n] ?? 0, 3);
  });

  test("of a channel for each image asks each for its own", async () => {
    const each = await asked(network, channelOfEach("tanh1", [3, 1]), images);
    const [first, second] = [
      await asked(network, channelMean("tanh1", 3), images),
      await asked(network, channelMean("tanh1", 1), images),
    ];
    expect([...each.found]).toEqual([first.found[0], second.found[1]]);
    expect(each.gradient.subarray(0, SIZE)).toEqual(first.gradient.subarray(0, SIZE));
    expect(each.gradient.subarray(SIZE)).toEqual(second.gradient.subarray(SIZE));
  });

  test("of views is their mean, and an image's term counts for its views", async () => {
    const both = await createObjective(network, channelMean("tanh1", 2), { views: 2 });
    const own = await createObjective(network, channelOfEach("tanh1", [2]), { views: 2 });
    const target = meanOf({ layer: "tanh1", channel: 2, image: 0 });
    const first = await createObjective(network, target, { views: 2 });
    device.queue.writeBuffer(network.input.buffer, 0, images);
    const found: Float32Array[] = [];
    for (const command of [both, own, first]) {
      submit(network, (encoder) => {
        network.forward(encoder);
        recordCommands(encoder, [command.score]);
        network.backward(encoder, command.outputGradients);
      });
      const read = await readTensors(device, [
        command.values,
        network.gradient("image"),
        command.imageValues,
      ]);
      found.push(...(read as Float32Array[]));
      command.destroy();
    }
    const alone = await asked(network, channelMean("tanh1", 2), images);
    for (const [i, value] of alone.found.entries()) expect(found[0]?.[i]).toBeCloseTo(value / 2, 6);
    for (const [i, slope] of alone.gradient.entries()) expect(found[1]?.[i]).toBeCloseTo(slope / 2, 6);
    expect(found[2]?.length).toBe(1);
    expect(found.slice(3, 6)).toEqual(found.slice(0, 3));
    expect(found.slice(6)).toEqual(found.slice(0, 3));
  });

  test("at images that are not the input reads them, and adds to their gradient", async () => {
    const [x, dx] = [0, 1].map(() => createTensor(device, [1, 3, 2, 2], { data: picture.slice(0, 12) })) as [
      Tensor,
      Tensor,
    ];
    const objective = totalVariation()
      .times(2)
      .plus(alphaNorm({ alpha: 2 }).times(-1))
      .plus(channelMean("tanh1", 1));
    const command = await createObjective(network, objective, { views: 2, image: { x, dx } });
    submit(network, (encoder) => recordCommands(encoder, [command.imageScore, command.imageGradient]));
    const [found, gradient] = await readTensors(device, [command.imageValues, dx]);
    const value = (of: ArrayLike<number>): number =>
      sum(12, (i) => {
        const [row, column] = [Math.floor(i / 4), Math.floor(i / 2) % 2];
        const right = column < 1 ? at(of, i + 2) - at(of, i) : 0;
        const down = row < 2 ? at(of, i + 4) - at(of, i) : 0;
        return 2 * (right ** 2 + down ** 2) - at(of, i) ** 2;
      });
    expect(found[0]).toBeCloseTo(value(picture), 4);
    for (let i = 0; i < 12; i++) {
      const moved = (by: number) => value(picture.map((v, k) => (k === i ? v + by : v)));
      const slope = (moved(1e-3) - moved(-1e-3)) / 2e-3;
      expect(at(gradient as Float32Array, i)).toBeCloseTo(at(picture, i) + slope, 2);
    }
    command.destroy();
    for (const { buffer } of [x, dx]) buffer.destroy();
  });

  test("of a log probability has its slope where a probability has none left", async () => {
    const { found, gradient } = await asked(network, logProbability(1), images);
    device.queue.writeBuffer(network.input.buffer, 0, images);
    submit(network, (encoder) => network.forward(encoder));
    const logits = await readTensor(device, network.activation("logits"));
    for (const n of [0, 1]) {
      const own = Array.from(logits.subarray(3 * n, 3 * n + 3));
      const lse = Math.log(sum(3, (k) => Math.exp(own[k] ?? 0)));
      expect(found[n]).toBeCloseTo((own[1] ?? 0) - lse, 5);
    }
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-4);
  });
});

describe("a log probability", () => {
  test("has the gradient of finite differences", async () => {
    const { gradient } = await asked(single, logProbability(1).times(2), picture);
    const scale = Math.max(...gradient.map(Math.abs));
    const value = async (i: number, by: number): Promise<number> => {
      const moved = picture.slice();
      moved[i] = at(moved, i) + by;
      return at((await asked(single, logProbability(1).times(2), moved)).found, 0);
    };
    for (const i of [0, 17, 60, SIZE - 1]) {
      const slope = ((await value(i, 1e-2)) - (await value(i, -1e-2))) / 2e-2;
      expect(Math.abs(at(gradient, i) - slope)).toBeLessThan(5e-3 * scale);
    }
  });

  test("of labels by themselves and of the sides of a yes or no is that of their sigmoid", async () => {
    const kinds: readonly (readonly [number, readonly number[]])[] = [
      [3, [0.7, -1.2, 30]],
      [1, [1.5]],
    ];
    for (const [channels, logits] of kinds) {
      const sigmoid = await createNetwork(
        device,
        graphOf("sigmoid", [
          { op: "input", name: "image", inputs: [], shape: [1, 1, channels] },
          { op: "globalPool", name: "gap", inputs: ["image"], mode: "average" },
          { op: "activation", name: "scores", inputs: ["gap"], activation: { kind: "sigmoid" } },
        ]),
      );
      const image = Float32Array.from(logits);
      const sigma = (z: number): number => 1 / (1 + Math.exp(-z));
      // Of a yes or no without labels, 0 is the yes and 1 the no.
      for (const target of channels === 1 ? [0, 1] : [0, 1, 2]) {
        const [place, sign] = channels === 1 ? [0, target === 0 ? 1 : -1] : [target, 1];
        const z = sign * at(logits, place);
        const { found, gradient } = await asked(sigmoid, logProbability(target), image);
        expect(at(found, 0)).toBeCloseTo(-Math.log1p(Math.exp(-z)), 5);
        for (const [i, slope] of gradient.entries()) {
          expect(slope).toBeCloseTo(i === place ? sign * sigma(-z) : 0, 6);
        }
      }
      sigmoid.destroy();
    }
  });
});

describe("a margin", () => {
  const UNBOUNDED = { confidence: Number.POSITIVE_INFINITY };
  const strongest = (logits: readonly number[], target: number): number =>
    Math.max(...logits.filter((_, k) => k !== target));
  /** The logits of both images. */
  async function logits(): Promise<number[][]> {
    device.queue.writeBuffer(network.input.buffer, 0, images);
    submit(network, (encoder) => network.forward(encoder));
    const all = [...(await readTensor(device, network.activation("logits")))];
    return [all.slice(0, 3), all.slice(3)];
  }

  test.each([0, 1, 2])("of class %i is how far it lies above the strongest other", async (target) => {
    const { found, gradient } = await asked(network, marginObjective(target, UNBOUNDED).times(2), images);
    for (const [n, own] of (await logits()).entries()) {
      const other = strongest(own, target);
      expect(found[n]).toBeCloseTo(2 * (at(own, target) - other), 5);
      const difference = logit(target)
        .minus(logit(own.indexOf(other)))
        .times(2);
      const expected = await asked(network, difference, images);
      for (let i = n * SIZE; i < (n + 1) * SIZE; i++) {
        expect(at(gradient, i)).toBeCloseTo(at(expected.gradient, i), 5);
      }
    }
  });

  test("stops at its confidence, where it has no slope, in each image by itself", async () => {
    let stopped = 0;
    for (const target of [0, 1, 2]) {
      const { found, gradient } = await asked(network, marginObjective(target), images);
      for (const [n, own] of (await logits()).entries()) {
        const margin = at(own, target) - strongest(own, target);
        expect(found[n]).toBeCloseTo(Math.min(margin, 0), 5);
        const steepest = Math.max(...gradient.subarray(n * SIZE, (n + 1) * SIZE).map(Math.abs));
        if (margin > 0) {
          expect(steepest).toBe(0);
          stopped++;
          const half = await asked(network, marginObjective(target, { confidence: margin / 2 }), images);
          expect(half.found[n]).toBeCloseTo(margin / 2, 6);
        } else expect(steepest).toBeGreaterThan(1e-4);
      }
    }
    expect(stopped).toBe(2);
  });

  test("adds to what the logits are asked besides, and is of views their mean", async () => {
    const margin = marginObjective(1, UNBOUNDED);
    const both = await asked(network, margin.plus(logit(0)), images);
    const [alone, other] = [await asked(network, margin, images), await asked(network, logit(0), images)];
    const views = await asked(network, margin, images, 2);
    for (const [n, value] of alone.found.entries()) {
      expect(both.found[n]).toBeCloseTo(value + at(other.found, n), 5);
      expect(views.found[n]).toBeCloseTo(value / 2, 6);
    }
    for (const [i, slope] of alone.gradient.entries()) {
      expect(both.gradient[i]).toBeCloseTo(slope + at(other.gradient, i), 5);
      expect(views.gradient[i]).toBeCloseTo(slope / 2, 6);
    }
  });

  test("of one number is refused", async () => {
    const one = await createNetwork(
      device,
      graphOf("one", [
        { op: "input", name: "image", inputs: [], shape: [2, 2, 1] },
        { op: "globalPool", name: "gap", inputs: ["image"], mode: "average" },
        { op: "activation", name: "yes", inputs: ["gap"], activation: { kind: "sigmoid" } },
      ]),
    );
    await expect(createObjective(one, marginObjective(0))).rejects.toThrow(UnsupportedError);
    one.destroy();
  });
});

describe("diversity", () => {
  const six = values(6 * SIZE, random(41));
  const entry = (n: number): Float32Array => six.subarray(n * SIZE, (n + 1) * SIZE);
  let wide: Network;
  beforeAll(async () => {
    wide = await createNetwork(device, branches(), { batch: 6 });
  });
  afterAll(() => wide.destroy());

  const product = (a: readonly number[], b: readonly number[]): number =>
    sum(a.length, (i) => at(a, i) * at(b, i));
  /** Of every entry, by its definition: the views of an image lie side by side. */
  async function definition(input: Float32Array, views: number): Promise<number[]> {
    const grams: number[][] = [];
    for (let n = 0; n < 6; n++) {
      grams.push(gramOf(await activationOf(input.subarray(n * SIZE, (n + 1) * SIZE))));
    }
    return grams.map((own, n) => {
      const others = grams.filter((_, m) => m !== n && m % views === n % views);
      const cosines = others.map(
        (other) => product(own, other) / Math.sqrt(product(own, own) * product(other, other)),
      );
      return sum(cosines.length, (k) => at(cosines, k)) / (6 / views) / views;
    });
  }

  test.each([1, 2])("of %i views is the mean cosine with the Gram matrices of others", async (views) => {
    const { found, gradient } = await asked(wide, diversityObjective("tanh1"), six, views);
    for (const [n, value] of (await definition(six, views)).entries()) {
      expect(found[n]).toBeCloseTo(value, 5);
    }
    // An image's gradient is that of the sum over all images.
    const scale = Math.max(...gradient.map(Math.abs));
    expect(scale).toBeGreaterThan(1e-4);
    const step = 5e-3;
    for (const i of [3, SIZE + 40, 3 * SIZE + 17, 6 * SIZE - 1]) {
      const total = async (by: number): Promise<number> => {
        const moved = six.slice();
        moved[i] = at(moved, i) + by;
        const terms = await definition(moved, views);
        return sum(6, (n) => at(terms, n));
      };
      const slope = ((await total(step)) - (await total(-step))) / (2 * step);
      expect(Math.abs(at(gradient, i) - slope)).toBeLessThan(2e-2 * scale);
    }
  });

  test("of the same batch is the same bits, and of one image nothing", async () => {
    const objective = diversityObjective("tanh1");
    const first = await asked(wide, objective, six);
    expect(await asked(wide, objective, six)).toEqual(first);
    const alone = await asked(single, objective, entry(0));
    expect([...alone.found]).toEqual([0]);
    expect(alone.gradient.every((slope) => slope === 0)).toBe(true);
  });

  test("of images that a layer does not answer is nothing, and finite", async () => {
    const { found, gradient } = await asked(wide, diversityObjective("conv1"), new Float32Array(6 * SIZE));
    expect([...found]).toEqual(new Array(6).fill(0));
    expect(gradient.every((slope) => slope === 0)).toBe(true);
  });
});

test("a channel for each image is one term, and images beyond have none", async () => {
  const objective = channelOfEach("tanh1", [3]);
  expect(objective.terms).toHaveLength(1);
  const { found, gradient } = await asked(network, objective.plus(channelMean("tanh1", 1)), images);
  const one = await asked(network, channelMean("tanh1", 1), images);
  const three = await asked(network, channelMean("tanh1", 3), images);
  expect(found[0]).toBeCloseTo(at(one.found, 0) + at(three.found, 0), 6);
  expect(found[1]).toBe(one.found[1]);
  expect(gradient.subarray(SIZE)).toEqual(one.gradient.subarray(SIZE));
});

describe("what cannot be right", () => {
  test.each<[string, () => Objective, RegExp]>([
    [
      "a vector of another length",
      () => directionObjective("tanh1", [1, 2]),
      /direction at layer "tanh1": expected a reference of 4 numbers, got 2/,
    ],
    [
      "a place outside",
      () => directionObjective("tanh1", vector, { at: { y: 7, x: 0 } }),
      /a place within 7×7, got 7,0/,
    ],
    [
      "a place before the first",
      () => directionObjective("tanh1", vector, { at: { y: 1, x: -1 } }),
      /a place within 7×7, got 1,-1/,
    ],
    [
      "half a place",
      () => directionObjective("tanh1", vector, { at: { y: 0.5, x: 0 } }),
      /a place within 7×7, got 0.5,0/,
    ],
    ["a reference of another length", () => featureDistance("tanh1", [1, 2, 3]), /distance at layer "tanh1"/],
    [
      "a guide of parts of places",
      () => guidedMatch("tanh1", [1, 2, 3]),
      /places of 4 channels, got 3 numbers/,
    ],
    ["a Gram matrix of others", () => gramDistance("tanh1", [1]), /a reference of 16 numbers, got 1/],
    ["NaN in a reference", () => imageDistance([Number.NaN]), /finite numbers, got NaN at 0/],
    [
      "a power below 0",
      () => directionObjective("tanh1", vector, { power: -1 }),
      /power of at least 0, got -1/,
    ],
    ["an alpha below 1", () => alphaNorm({ alpha: 0.5 }), /alpha of at least 1, got 0.5/],
    ["a beta that is none", () => totalVariation({ beta: Number.NaN }), /beta of at least 1, got NaN/],
    ["a layer that there is not", () => meanSquare("nowhere"), /nowhere/],
    ["a layer without places", () => diversityObjective("logits"), /N×H×W×C or N×pixels×C.* got 2×3/],
    ["a class that there is not", () => marginObjective(3), /class of 0 to 2, got 3/],
    ["a confidence below 0", () => marginObjective(0, { confidence: -1 }), /at least 0, got -1/],
    ["more channels than images", () => channelOfEach("tanh1", [1, 2, 3]), /at most 2 images, got 3/],
    ["no channel", () => channelOfEach("tanh1", []), /at most 2 images, got 0/],
    ["a channel out of range", () => channelOfEach("tanh1", [0, 4]), /channels of 0 to 3, got 4/],
  ])("%s", async (_, make, message) => {
    const { result, left } = await liveBytes(device, async () => {
      try {
        (await createObjective(network, make())).destroy();
        return undefined;
      } catch (error) {
        return error;
      }
    });
    expect(result).toBeInstanceOf(InputError);
    expect((result as Error).message).toMatch(message);
    expect(left).toBe(0);
  });

  test("a distance asked of occlusion is refused by name", async () => {
    const target = featureDistance("tanh1", reference);
    await expect(occlusion(single, images.slice(0, SIZE), { target })).rejects.toThrow(UnsupportedError);
  });
});

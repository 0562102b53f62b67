import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Graph } from "../../../src/graph/graph.ts";
import { deprocess } from "../../../src/images/preprocess.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { predict } from "../../../src/techniques/predict.ts";
import { apgd, checkpointsOf } from "../../../src/techniques/robustness/apgd.ts";
import type { Attack, AttackTechnique } from "../../../src/techniques/robustness/attack.ts";
import { carliniWagner } from "../../../src/techniques/robustness/carlini-wagner.ts";
import { deepFool } from "../../../src/techniques/robustness/deep-fool.ts";
import { fgsm } from "../../../src/techniques/robustness/fgsm.ts";
import { ATTACKS } from "../../../src/techniques/robustness/list.ts";
import type { AttackOptions } from "../../../src/techniques/robustness/options.ts";
import { pgd } from "../../../src/techniques/robustness/pgd.ts";
import { lbfgsAttack } from "../../../src/techniques/robustness/szegedy.ts";
import { testDevice } from "../../gpu.ts";
import { constant, graph, random } from "../../graph/graphs.ts";
import { liveBytes } from "../../live-bytes.ts";

const SIZE = [6, 5] as const;

/** A small network of any head, whose input is 0…255 as a model's own preprocessing has it. */
function small(outputs: number, head?: Graph["heads"], channels = 3): Graph {
  const next = random(5);
  const conv = {
    strides: [1, 1],
    dilations: [1, 1],
    padding: "same",
    activation: { kind: "elu", alpha: 1 },
  } as const;
  const one = <T>(value: T): T[] => Array<T>(channels).fill(value);
  return {
    ...graph("small", [
      { op: "input", name: "image", inputs: [], shape: [...SIZE, channels] },
      {
        op: "conv2d",
        name: "conv",
        inputs: ["image"],
        ...conv,
        w: constant([3, 3, channels, 4], next),
        b: constant([4], next),
      },
      { op: "reshape", name: "flat", inputs: ["conv"], shape: [SIZE[0] * SIZE[1] * 4] },
      {
        op: "dense",
        name: "scores",
        inputs: ["flat"],
        w: constant([SIZE[0] * SIZE[1] * 4, outputs], next),
        b: constant([outputs], next),
      },
    ]),
    preprocessing: { range: 255, mean: one(0.4), std: one(0.25), source: "given" },
    ...(head === undefined ? {} : { heads: head }),
  };
}

const picture = (seed: number) => {
  const next = random(seed);
  return {
    width: SIZE[1],
    height: SIZE[0],
    data: Uint8ClampedArray.from({ length: SIZE[0] * SIZE[1] * 3 }, () => 127.5 * (next() + 1)),
  };
};

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, small(4, { scores: "softmax" }));
});
afterAll(() => networks.destroy());

/** Few steps where an attack takes many. */
const few = ({ options }: AttackTechnique): AttackOptions =>
  "searches" in options ? { steps: 15, searches: 2, constant: 1 } : {};

/** Enough for the small network. */
const SEARCH = { steps: 60, searches: 3, constant: 1 } as const;

const only = ([first]: readonly Attack[]): Attack => {
  if (!first) throw new Error("expected an attack");
  return first;
};
const bytes = ({ data }: { readonly data: ArrayLike<number> }) => Array.from(data);

describe("every attack", () => {
  test.each(ATTACKS)("$name reports what the network says of the rounded picture", async (technique) => {
    const { run } = technique;
    const pictures = [picture(1), picture(2), picture(3)];
    const network = await createNetwork(device, networks.graph);
    for (const [i, attack] of (await run(networks, pictures, few(technique))).entries()) {
      expect(bytes(attack.original)).toEqual(bytes(pictures[i] ?? picture(0)));
      const [before] = await predict(network, attack.original);
      const [after] = await predict(network, attack.picture);
      expect(attack.before).toMatchObject({
        index: before?.index,
        logit: expect.closeTo(before?.logit ?? 0, 4),
      });
      expect(attack.after).toMatchObject({
        index: after?.index,
        logit: expect.closeTo(after?.logit ?? 0, 4),
      });
      expect(attack.label).toBe(before?.index);
      expect(attack.succeeded).toBe(after?.index !== before?.index);
      const change = bytes(attack.picture).map((value, at) => value - (attack.original.data[at] ?? 0));
      expect(attack.linf).toBe(Math.max(...change.map(Math.abs)));
      expect(attack.l2).toBeCloseTo(Math.hypot(...change), 6);
      expect(bytes(attack.difference)).toEqual(
        change.map((delta) => Math.min(255, Math.max(0, 128 + 10 * delta))),
      );
    }
    network.destroy();
  });

  test.each(ATTACKS)("$name finds the same of a picture whatever batch it is in", async (technique) => {
    const { run } = technique;
    const together = await run(networks, [picture(1), picture(2), picture(3)], few(technique));
    const apart = createNetworks(device, networks.graph);
    const [, second] = await run(apart, [picture(1), picture(2)], few(technique));
    expect(together[1]).toEqual(second);
    apart.destroy();
  });

  test.each(ATTACKS)("$name leaves nothing behind", async (technique) => {
    const { run } = technique;
    await run(networks, [picture(1)], few(technique));
    const held = await liveBytes(device, async () => {
      for (let i = 0; i < 3; i++) await run(networks, [picture(i), picture(i + 1)], few(technique));
      await run(networks, [picture(1)], { label: 99 }).catch(() => {});
    });
    expect(held).toMatchObject({ left: 0, objects: 0 });
  });

  test.each(ATTACKS)("$name stops when it is told to", async (technique) => {
    const { run } = technique;
    const stop = new AbortController();
    const held = await liveBytes(device, async () => {
      const work = run(networks, [picture(1)], { signal: stop.signal, onProgress: () => stop.abort() });
      await expect(work).rejects.toMatchObject({ name: "AbortError" });
    });
    expect(held).toMatchObject({ left: 0, objects: 0 });
  });

  test.each(ATTACKS)("$name refuses outputs that have no classes", async (technique) => {
    const { run } = technique;
    const values = createNetworks(device, small(2, { scores: "values" }));
    await expect(run(values, [picture(1)])).rejects.toMatchObject({
      name: "UnsupportedError",
      message: /expected an output with classes or labels to attack, got the values "scores"/,
    });
    values.destroy();
  });
});

describe("the ball and the box", () => {
  test("hold every attack that has an epsilon, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("linf" as const, "l2" as const),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 50 }),
        async (norm, epsilon, step, seed) => {
          const options = { norm, epsilon, seed } as const;
          const found = [
            ...(await fgsm(networks, [picture(seed)], { norm, epsilon })),
            ...(await pgd(networks, [picture(seed)], { ...options, step, steps: 3 })),
            ...(await apgd(networks, [picture(seed)], { ...options, steps: 5 })),
          ];
          // Rounding moves each value by half a level at most.
          const most = norm === "linf" ? epsilon : epsilon + 0.5 * Math.sqrt(SIZE[0] * SIZE[1] * 3);
          for (const attack of found) expect(attack[norm]).toBeLessThanOrEqual(most + 1e-6);
        },
      ),
      { numRuns: 12, seed: 1 },
    );
  });

  test("keep pixels that are black or white already", async () => {
    const black = { width: SIZE[1], height: SIZE[0], data: new Uint8ClampedArray(SIZE[0] * SIZE[1] * 3) };
    const { picture: found } = only(await fgsm(networks, [black], { epsilon: 20 }));
    expect(new Set(found.data)).toEqual(new Set([0, 20]));
  });
});

describe("goals", () => {
  test("a target is reached, and nothing else counts", async () => {
    const { label } = only(await fgsm(networks, [picture(1)]));
    for (const target of [0, 1, 2, 3].filter((index) => index !== label)) {
      const found = only(await pgd(networks, [picture(1)], { epsilon: 100, target, steps: 40 }));
      expect(found).toMatchObject({ target, succeeded: true, after: { index: target } });
      const near = only(await pgd(networks, [picture(1)], { epsilon: 0.6, target, steps: 5 }));
      expect(near).toMatchObject({ target, succeeded: false, after: { index: label } });
    }
  });

  // The picture on the boundary itself may be undone by rounding.
  test.each([
    [
      "Carlini and Wagner",
      (o: AttackOptions) => carliniWagner(networks, [picture(1)], { ...o, confidence: 0.1 }),
    ],
    ["L-BFGS", (o: AttackOptions) => lbfgsAttack(networks, [picture(1)], o)],
  ])("%s: a target is reached, no further away than need be", async (_, attack) => {
    const { label } = only(await fgsm(networks, [picture(1)]));
    for (const target of [0, 1, 2, 3].filter((index) => index !== label)) {
      const found = only(await attack({ target, ...SEARCH }));
      expect(found).toMatchObject({ target, succeeded: true, after: { index: target } });
      const far = only(await pgd(networks, [picture(1)], { norm: "l2", epsilon: 400, target, steps: 40 }));
      expect(found.l2).toBeLessThan(far.l2);
    }
  });

  test("Carlini and Wagner's confidence is kept, and costs distance", async () => {
    const network = await createNetwork(device, networks.graph);
    for (const target of [undefined, 0, 1, 2, 3]) {
      const goal = target === undefined ? {} : { label: (target + 1) % 4, target };
      const distances: number[] = [];
      for (const confidence of [0, 1, 2]) {
        const found = only(await carliniWagner(networks, [picture(7)], { ...SEARCH, ...goal, confidence }));
        const answers = await predict(network, found.picture);
        const asked = target ?? found.label;
        const most = (of: (index: number) => boolean) =>
          Math.max(...answers.map(({ index, logit = 0 }) => (of(index) ? logit : -Infinity)));
        const lead = most((index) => index === asked) - most((index) => index !== asked);
        // Rounding to 8 bits moves the scores a little.
        expect(target === undefined ? -lead : lead).toBeGreaterThan(confidence - 0.1);
        distances.push(found.l2);
      }
      expect(distances).toEqual(distances.toSorted((a, b) => a - b));
    }
    network.destroy();
  });

  test("each picture may have its own label and target", async () => {
    const found = await pgd(networks, [picture(1), picture(2)], {
      label: [0, 1],
      target: [2, 3],
      epsilon: 100,
    });
    expect(found.map(({ label, target }) => [label, target])).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  test.each([
    ["a yes or no", 1, 0],
    ["labels by themselves", 3, 1],
  ])("%s: the score goes to the other side of one half", async (_, outputs, label) => {
    const sigmoid = createNetworks(device, small(outputs, { scores: "sigmoid" }));
    for (const attack of [pgd, apgd]) {
      for (const own of [label, ...(outputs === 1 ? [1 - label] : [])]) {
        const away = only(
          await attack(sigmoid, [picture(4)], { label: own, epsilon: 120, start: "picture" }),
        );
        const towards = only(
          await attack(sigmoid, [picture(4)], { target: own, epsilon: 120, start: "picture" }),
        );
        const network = await createNetwork(device, sigmoid.graph);
        const chance = async (of: Attack) =>
          (await predict(network, of.picture)).find(({ index }) => index === own)?.probability;
        expect(await chance(away)).toBeLessThan(0.5);
        expect(await chance(towards)).toBeGreaterThan(0.5);
        expect([away.succeeded, towards.succeeded]).toEqual([true, true]);
        network.destroy();
      }
    }
    const far = only(await deepFool(sigmoid, [picture(4)], { overshoot: 0.5 }));
    expect(far.succeeded).toBe(true);
    sigmoid.destroy();
  });

  test("a network of one channel gets grey pictures", async () => {
    const grey = createNetworks(device, small(3, { scores: "softmax" }, 1));
    const { picture: found, original } = only(await pgd(grey, [picture(1)], { epsilon: 30 }));
    for (let i = 0; i < found.data.length; i += 3) {
      expect(new Set(found.data.slice(i, i + 3)).size).toBe(1);
      expect(new Set(original.data.slice(i, i + 3)).size).toBe(1);
    }
    grey.destroy();
  });

  test("a network that is sure is attacked all the same", async () => {
    const sure = small(4, { scores: "softmax" });
    const layers = sure.layers.map((layer) =>
      layer.op === "dense" && "data" in layer.w
        ? { ...layer, w: { ...layer.w, data: layer.w.data.map((value: number) => 400 * value) } }
        : layer,
    );
    const certain = createNetworks(device, { ...sure, layers } as Graph);
    const found = only(await pgd(certain, [picture(1)], { epsilon: 100 }));
    expect(found.before.probability).toBe(1);
    expect(found.succeeded).toBe(true);
    certain.destroy();
  });

  test("a picture that has lost its class before is said to", async () => {
    const { label } = only(await fgsm(networks, [picture(1)]));
    const found = only(await fgsm(networks, [picture(1)], { label: (label + 1) % 4, epsilon: 1 }));
    expect(found.notes).toContain("The network said what was wanted before the attack.");
  });

  test("what rounding undoes is said, and is a failure", async () => {
    const found = only(await deepFool(networks, [picture(1)], { overshoot: 1e-6 }));
    if (found.succeeded) return;
    expect(found.notes?.join()).toMatch(/rounding to 8 bits undid it/);
  });
});

test("a start may be given, and the same seed gives the same picture", async () => {
  const start = Float32Array.from(picture(1).data, (value) => value / 255);
  const given = only(await pgd(networks, [picture(1)], { start: [start], steps: 3 }));
  const own = only(await pgd(networks, [picture(1)], { start: "picture", steps: 3 }));
  expect(given).toEqual(own);
  const [a, b, c] = await Promise.all(
    [1, 1, 2].map((seed) => pgd(networks, [picture(1)], { seed, steps: 1 })),
  );
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
});

test("APGD looks back after .22·n steps, then sooner and sooner", () => {
  const places = checkpointsOf(100).flatMap((window, i) => (window > 0 ? [[i + 1, window]] : []));
  expect(places.slice(0, 3)).toEqual([
    [22, 22],
    [41, 19],
    [57, 16],
  ]);
  expect(places.at(-1)?.[1]).toBe(6);
  expect(checkpointsOf(1)).toEqual([1]);
});

describe("bad input", () => {
  test.each<[string, (pool: Networks) => Promise<unknown>, RegExp]>([
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, "8"].map(
      (epsilon): [string, (pool: Networks) => Promise<unknown>, RegExp] => [
        `an epsilon of ${epsilon}`,
        (pool) => fgsm(pool, [picture(1)], { epsilon: epsilon as number }),
        /^fgsm: expected an epsilon, in units of 1\/255, above 0, got /,
      ],
    ),
    [
      "a norm that there is not",
      (pool) => pgd(pool, [picture(1)], { norm: "l1" as never }),
      /norm of "linf", "l2"/,
    ],
    ["a step of 0", (pool) => pgd(pool, [picture(1)], { step: 0 }), /a step, in units of 1\/255, above 0/],
    ["half a step", (pool) => apgd(pool, [picture(1)], { steps: 1.5 }), /steps of 1 to 100000, got 1.5/],
    [
      "a start of another size",
      (pool) => pgd(pool, [picture(1)], { start: [new Float32Array(5)] }),
      /expected 90 values to start picture 0 from, got 5/,
    ],
    [
      "a start beyond white",
      (pool) => pgd(pool, [picture(1)], { start: [new Float32Array(90).fill(2)] }),
      /values of 0 to 1/,
    ],
    [
      "a start in words",
      (pool) => pgd(pool, [picture(1)], { start: "here" as never }),
      /start of "random", "picture"/,
    ],
    ["a seed below 0", (pool) => pgd(pool, [picture(1)], { seed: -1 }), /seed of 0 to/],
    [
      "a target that there is not",
      (pool) => pgd(pool, [picture(1)], { target: 4 }),
      /target: expected a class of 0 to 3, got 4/,
    ],
    [
      "too few targets",
      (pool) => pgd(pool, [picture(1)], { target: [1, 2] }),
      /a target for each of 1 pictures, got 2/,
    ],
    [
      "the label for a target",
      (pool) => pgd(pool, [picture(1)], { label: 2, target: 2 }),
      /a target that is not the label/,
    ],
    [
      "a target of DeepFool",
      (pool) => deepFool(pool, [picture(1)], { target: 1 } as never),
      /expected no target/,
    ],
    [
      "one candidate",
      (pool) => deepFool(pool, [picture(1)], { candidates: 1 }),
      /candidates of 2 to 1000, got 1/,
    ],
    ["no pictures", (pool) => fgsm(pool, []), /at least one picture, got none/],
    ["a picture by itself", (pool) => fgsm(pool, picture(1) as never), /expected images as a list/],
    ["values of another size", (pool) => fgsm(pool, [new Float32Array(7)]), /expected an input of 90 values/],
    ["a network for a pool", () => fgsm({} as never, [picture(1)]), /networks as createNetworks makes them/],
  ])("%s", async (_, call, message) => {
    await expect(call(networks)).rejects.toThrow(message);
  });

  test("scores at every place", async () => {
    const next = random(7);
    const places = createNetworks(
      device,
      graph("places", [
        { op: "input", name: "image", inputs: [], shape: [...SIZE, 3] },
        {
          ...{
            op: "conv2d",
            name: "scores",
            inputs: ["image"],
            strides: [1, 1],
            dilations: [1, 1],
            padding: "same",
          },
          ...{ w: constant([1, 1, 3, 4], next), b: constant([4], next) },
        } as never,
      ]),
    );
    await expect(fgsm(places, [picture(1)])).rejects.toThrow(
      /one answer a picture to attack, got the scores of "scores" at every place/,
    );
    places.destroy();
  });

  test("a picture of another size is fitted, as the network takes it", async () => {
    const large = { width: 20, height: 12, data: new Uint8ClampedArray(20 * 12 * 3).fill(90) };
    const { original } = only(await fgsm(networks, [large]));
    expect([original.width, original.height]).toEqual([SIZE[1], SIZE[0]]);
  });
});

test("deprocess gives back what was read", () => {
  const { graph } = networks;
  const values = Float32Array.from(picture(1).data, (value) => (value / 255 - 0.4) / 0.25);
  expect(bytes(deprocess(values, graph))).toEqual(bytes(picture(1)));
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import { seedOfPicture } from "../../src/dataset/corrupted-source.ts";
import { sourceOf } from "../../src/dataset/source-of.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { corruptionError, notAlexNet } from "../../src/lab/corruption-error.ts";
import { type ErrorCurves, errorCurves } from "../../src/lab/error-curves.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { predict } from "../../src/techniques/predict.ts";
import { corrupt } from "../../src/techniques/robustness/corruptions/corrupt.ts";
import { CORRUPTIONS } from "../../src/techniques/robustness/corruptions/list.ts";
import { testDevice } from "../gpu.ts";
import { chain, random } from "../graph/graphs.ts";

const graph: Graph = { ...chain(), labels: ["a", "b", "c", "d"] };
let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, graph);
});
afterAll(() => networks.destroy());

const items = Array.from({ length: 40 }, (_, n) => {
  const next = random(n + 1);
  const data = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round(128 + 12 * next()));
  return { id: `p${n}`, label: "abcdx"[n % 5], pixels: { width: 6, height: 8, data } };
});
const source = arraySource(items, "random");
const KINDS = ["brightness", "gaussian-noise", "saturate"];

describe("error curves", () => {
  test("count what each picture's answers are, one by one", async () => {
    const network = await createNetwork(device, graph);
    const wrong = async (kind?: string, severity = 0): Promise<[number, number]> => {
      let [errors, counted] = [0, 0];
      for (const [index, { label, pixels }] of items.entries()) {
        if (label === "x") continue;
        const seed = seedOfPicture(3, index);
        const seen = kind ? await corrupt(device, pixels, { kind, severity, seed, set: "imagenet" }) : pixels;
        const [best] = await predict(network, seen);
        counted++;
        if (best?.label !== label) errors++;
      }
      return [errors / counted, counted];
    };
    const seen: unknown[] = [];
    const curves = await errorCurves(networks, source, {
      ...{ kinds: KINDS, severities: [5, 2], set: "imagenet", seed: 3, batch: 4 },
      onProgress: (progress) => seen.push(progress),
    });
    expect(curves).toMatchObject({ pictures: 32, unlabelled: 8, broken: 0, severities: [2, 5], classes: 4 });
    expect([curves.clean, curves.pictures]).toEqual(await wrong());
    expect(curves.curves.map(({ kind, extra }) => [kind, extra])).toEqual([
      ...[
        ["brightness", undefined],
        ["gaussian-noise", undefined],
      ],
      ["saturate", true],
    ]);
    for (const { kind, errors, topFiveErrors } of curves.curves) {
      expect(errors).toEqual([(await wrong(kind, 2))[0], (await wrong(kind, 5))[0]]);
      expect(topFiveErrors).toEqual([0, 0]);
    }
    expect(seen.at(-1)).toEqual({ done: 40, count: 40 });
    network.destroy();
  });

  test("pass over broken pictures where they are told of, and stop", async () => {
    const broken = sourceOf({
      ...{ name: "broken", count: 41, identity: () => "broken" },
      *items() {
        for (const { pixels, ...item } of items) yield { ...item, load: async () => pixels };
        yield { id: "none", label: "a", load: () => Promise.reject(new Error("no picture")) };
      },
    });
    const told: string[] = [];
    const options = { kinds: ["contrast"], severities: [1] };
    const { broken: count } = await errorCurves(networks, broken, {
      ...options,
      onBroken: ({ id }) => told.push(id),
    });
    expect([count, told]).toEqual([1, ["none"]]);
    await expect(errorCurves(networks, broken, options)).rejects.toThrow(/broken one, "none"/);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(errorCurves(networks, source, { ...options, signal })).rejects.toThrow("enough");
  });

  test.each([
    [{ kinds: [] }, /expected kinds/],
    [{ kinds: ["rain"] }, /expected one of/],
    [{ severities: [0] }, /severities of 1 to 5, got 0/],
    [{ severities: [] }, /got none/],
  ])("refuse %j", async (options, words) => {
    await expect(errorCurves(networks, source, options)).rejects.toThrow(words);
  });

  test("refuse pictures without labels of the network", async () => {
    const strange = arraySource(items.filter(({ label }) => label === "x"));
    await expect(errorCurves(networks, strange, { kinds: ["contrast"] })).rejects.toThrow(
      /labelled by the network's 4 classes/,
    );
  });
});

/** Curves of made-up errors: of the nth kind (0.2 + n/100) ± 0.1 over the severities. */
function curvesOf(more: Partial<ErrorCurves> = {}): ErrorCurves {
  const kinds = CORRUPTIONS.map(({ name, title, extra }, n) => ({
    ...{ kind: name, title, ...(extra ? { extra } : {}) },
    errors: [0.1, 0.15, 0.2, 0.25, 0.3].map((error) => error + n / 100),
    topFiveErrors: [0, 0, 0, 0, 0],
  }));
  return {
    ...{ model: "m", modelDigest: "", data: "d", dataDigest: "1", classes: 1000, set: "imagenet", seed: 0 },
    ...{ pictures: 10, unlabelled: 0, broken: 0, clean: 0.1, cleanTopFive: 0, severities: [1, 2, 3, 4, 5] },
    ...{ curves: kinds, ...more },
  };
}

describe("corruption errors", () => {
  test("divide by AlexNet's published ones; the mCE is the mean over fifteen kinds", () => {
    const found = corruptionError(curvesOf(), "alexnet");
    const brightness = found.kinds.find(({ kind }) => kind === "brightness");
    const n = CORRUPTIONS.findIndex(({ name }) => name === "brightness");
    expect(brightness?.ce).toBeCloseTo((100 * (0.2 + n / 100)) / 0.564592, 10);
    expect(brightness?.relativeCe).toBeCloseTo((100 * (0.1 + n / 100)) / (0.564592 - 0.435), 10);
    const own = found.kinds.filter(({ ce }) => ce !== undefined);
    expect(own).toHaveLength(15);
    expect(found.mce).toBeCloseTo(own.reduce((sum, { ce = 0 }) => sum + ce, 0) / 15, 10);
    expect(found.mean).toBeCloseTo(0.2 + 0.07, 10);
    expect(found.against).toBe("AlexNet");
  });

  test("divide by another network's, whose mCE against itself is 100", () => {
    const found = corruptionError(curvesOf(), curvesOf({ model: "other" }));
    expect(found).toMatchObject({ against: "other" });
    expect(found.mce).toBeCloseTo(100, 10);
    expect(found.relativeMce).toBeCloseTo(100, 10);
  });

  test("say why there is no CE", () => {
    const few = curvesOf({ classes: 10 });
    expect(corruptionError(few).mce).toBeUndefined();
    expect(corruptionError(few).notes.join(" ")).toMatch(/no CE.*1000 classes, not of 10/);
    expect(notAlexNet(curvesOf({ set: "cifar" }))).toMatch(/CIFAR-10-C/);
    expect(notAlexNet(curvesOf({ severities: [1] }))).toMatch(/all five/);
    expect(() => corruptionError(few, "alexnet")).toThrow(/not of 10; give another network's curves/);
    const some = { curves: curvesOf().curves.slice(0, 3) };
    expect(corruptionError(curvesOf(some), "alexnet").mce).toBeUndefined();
  });

  test.each([
    [{ dataDigest: "2" }, /same pictures/],
    [{ seed: 2 }, /same seed/],
    [{ curves: [] }, /expected "gaussian-noise" in the curves of m/],
  ])("refuse another network's curves with %j", (more, words) => {
    expect(() => corruptionError(curvesOf(), curvesOf(more))).toThrow(words);
  });
});

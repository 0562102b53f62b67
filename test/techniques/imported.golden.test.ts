import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Shape } from "../../src/gpu/tensor.ts";
import { headOf } from "../../src/graph/heads.ts";
import { receptiveField } from "../../src/graph/receptive-field.ts";
import { loadOnnxModel } from "../../src/models/load-onnx-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { arraysOf } from "../../src/node/npz.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { lastMaps } from "../../src/techniques/attribution/layer-maps.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import type { Region } from "../../src/techniques/region.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";

/** Networks as PyTorch exports them, what is asked of each, and the layers that pass relevance on: golden/imported.py. */
const NETWORKS: [name: string, ops: string[], region: Region | undefined, pass: RegExp][] = [
  ["shuffle", ["conv2d", "depthwiseConv2d", "slice", "concat", "permute"], undefined, /^$/],
  ["gated", ["depthwiseConv2d", "multiply", "add"], undefined, /HardSwish|HardSigmoid|Mul/i],
  ["decoder", ["conv2dTranspose", "resize", "concat", "pool"], { y: 11, x: 7 }, /^$/],
];
const SWEEP = { patch: 6, stride: 4, fill: 0 };
const EPSILON = [{ at: "any", rule: { kind: "epsilon", epsilon: 0.01 } }] as const;

interface Values {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

/** The largest difference, as a share of the largest of the right values. */
function difference(found: Values, right: Values): number {
  expect([...found.shape]).toEqual([...right.shape]);
  let [most, scale] = [0, 0];
  for (let i = 0; i < right.data.length; i++) {
    const value = right.data[i] ?? Number.NaN;
    most = Math.max(most, Math.abs((found.data[i] ?? Number.NaN) - value));
    scale = Math.max(scale, Math.abs(value));
  }
  expect(scale).toBeGreaterThan(0);
  return most / scale;
}

describe.each(NETWORKS)("%s, as PyTorch exports it,", (name, ops, region, pass) => {
  const golden = new Map(
    arraysOf(readFileSync(`test/golden/imported/${name}.npz`), name).map((one) => [one.name, one.array]),
  );
  const right = (what: string): Values & { readonly data: Float32Array } => {
    const array = golden.get(what);
    if (!array) throw new Error(`expected golden values of ${what}`);
    return array;
  };
  const image = right("input").data;
  const asked = { region };
  let network: Network;
  beforeAll(async () => {
    const graph = await loadOnnxModel(await modelFromDisk(`test/golden/imported/${name}.onnx`));
    network = await createNetwork(await testDevice(), graph, { batch: 3 });
  });
  afterAll(() => network?.destroy());
  const passing = () => network.graph.layers.map((layer) => layer.name).filter((layer) => pass.test(layer));

  test("holds the ops that it stands for", () => {
    const found = new Set(network.graph.layers.map(({ op }) => op));
    for (const op of ops) expect(found).toContain(op);
  });

  test.runIf(name === "shuffle")("shuffled channels see the same part of the picture as before", () => {
    const { graph, shapes } = network;
    const { full } = receptiveField(graph, { layer: lastMaps(graph, shapes), y: 2, x: 2 });
    expect([full.bottom - full.top, full.right - full.left]).toEqual([11, 11]);
  });

  test("logits", async () => {
    const { logits } = headOf(network.graph);
    const found = await activations(network, image, { layer: logits });
    expect(difference(found, right("logits"))).toBeLessThan(1e-5);
  });

  test.each([
    ["saliency", saliency],
    ["grad-cam", gradCam],
  ] as const)("%s", async (what, technique) => {
    expect(difference(await technique(network, image, asked), right(what))).toBeLessThan(1e-4);
  });

  test("integrated gradients, and they add up to the score's difference", async () => {
    const found = await integratedGradients(network, image, { ...asked, steps: 24, baseline: 0 });
    expect(difference(found, right("integrated-gradients"))).toBeLessThan(1e-4);
    const exact = await integratedGradients(network, image, { ...asked, baseline: 0, tolerance: 0.01 });
    expect(exact.completeness.relative).toBeLessThan(0.01);
  });

  test("occlusion, incremental and full", async () => {
    for (const incremental of [true, false]) {
      const found = await occlusion(network, image, { ...asked, ...SWEEP, incremental });
      expect(difference(found, right("occlusion"))).toBeLessThan(1e-4);
    }
  });

  test("relevance by ε, and its account", async () => {
    const found = await lrp(network, image, { ...asked, rules: EPSILON, pass: passing() });
    expect(difference(found, right("lrp"))).toBeLessThan(1e-4);
    const { score, input, bias, stabiliser, residual } = found.conservation;
    expect(
      difference({ data: [score, input, bias, stabiliser], shape: [4] }, right("lrp-account")),
    ).toBeLessThan(1e-4);
    expect(Math.abs(residual / score)).toBeLessThan(1e-5);
    expect((await lrp(network, image, { ...asked, rules: EPSILON, pass: "all" })).data).toEqual(found.data);
  });

  test.skipIf(name === "gated")("guided backprop", async () => {
    expect(difference(await guidedBackprop(network, image, asked), right("guided-backprop"))).toBeLessThan(
      1e-4,
    );
  });

  test.runIf(name === "gated")("what is not defined is refused by layer and activation", async () => {
    await expect(guidedBackprop(network, image)).rejects.toThrow(/got hardSwish at layer "\/HardSwish"/);
    await expect(lrp(network, image)).rejects.toThrow(
      /got hardSwish at layer "\/HardSwish".*\{ pass: "all" \}/,
    );
  });
});

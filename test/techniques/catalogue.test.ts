import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeFigure } from "../../src/figures/figure.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { probability } from "../../src/objectives/objective.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { testDevice } from "../gpu.ts";

const layer = (name: string, inputs: string[], more: Record<string, unknown>) =>
  ({ name, inputs, ...more }) as unknown as Layer;
const weights = (shape: number[], seed: number) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(7 * i + seed)),
});
/** A rectangular input of one channel, as a network that ends in global average pooling. */
const graph: Graph = {
  name: "small",
  layers: [
    layer("x", [], { op: "input", shape: [10, 14, 1] }),
    layer("a", ["x"], {
      op: "conv2d",
      w: weights([3, 3, 1, 6], 1),
      b: weights([6], 3),
      strides: [2, 2],
      dilations: [1, 1],
      padding: "same",
      activation: { kind: "relu" },
    }),
    layer("g", ["a"], { op: "globalPool", mode: "average" }),
    layer("d", ["g"], { op: "dense", w: weights([6, 3], 2) }),
    layer("s", ["d"], { op: "softmax" }),
  ],
  output: "s",
  preprocessing: { range: 255, mean: [0.4], std: [0.5], source: "given" } as Graph["preprocessing"],
};
const image = Float32Array.from({ length: 140 }, (_, i) => Math.sin(i / 3));
const picture = { width: 14, height: 10, data: new Uint8Array(420).fill(99) };

let network: Network;
beforeAll(async () => {
  network = await createNetwork(await testDevice(), graph, { keep: ["a"], batch: 4 });
});
afterAll(() => network.destroy());

describe("the catalogue", () => {
  test("names every technique once, with its paper", () => {
    const names = ATTRIBUTIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(ATTRIBUTIONS.map(({ title }) => title)).size).toBe(names.length);
    for (const { name, title, summary, paper } of ATTRIBUTIONS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(title).not.toBe("");
      // One plain sentence by itself.
      expect(summary).toMatch(/^[A-Z][^[]+[^.]$/);
      expect(paper.year).toBeGreaterThan(2012);
      expect(paper.arxiv ?? paper.doi).toMatch(/^(\d{4}\.\d{4,5}|10\.\d+\/.+)$/);
    }
    expect(attributionNamed("rise").title).toBe("RISE");
    expect(() => attributionNamed("grad")).toThrow(/expected one of saliency, .*lime.*got "grad"/);
  });

  test.each(ATTRIBUTIONS)(
    "$name explains a rectangle of one channel, and can be drawn",
    async (technique) => {
      const settings = "samples" in technique.options ? { samples: 8 } : {};
      const found = await technique.run(network, image, { target: 1, ...settings });
      expect(found.target).toMatchObject({ layer: "d", channel: 1 });
      const options = {
        map: found.data,
        shape: found.shape,
        kind: technique.kind,
        image: picture,
        title: "t",
      };
      expect(composeFigure(options).width).toBeGreaterThan(600);
      for (const value of Object.values(found.account ?? {})) expect(Number.isFinite(value)).toBe(true);
      const words = technique.accountInWords?.(found.account ?? {}, (value) => value.toFixed(2));
      expect(words ?? "").toMatch(found.account ? /^[A-Z].*\d.*\.$/ : /^$/);
      // No seed means the seed 0: the same bits again.
      expect((await technique.run(network, image, { target: 1, ...settings })).data).toEqual(found.data);
    },
  );

  test("gives the bits of the functions that it lists", async () => {
    const of = async (name: string, more = {}) =>
      (await attributionNamed(name).run(network, image, { target: 2, ...more })).data;
    expect(await of("saliency")).toEqual((await saliency(network, image, { target: 2 })).data);
    expect(await of("grad-cam", { layer: "a" })).toEqual(
      (await gradCam(network, image, { target: 2, layer: "a" })).data,
    );
    // Black is −mean/std in the network's units.
    const black = await occlusion(network, image, { target: 2, patch: 3, fill: -0.8 });
    expect(await of("occlusion", { patch: 3, fill: "black" })).toEqual(black.data);
  });

  test("explains a probability by any technique that takes one", async () => {
    const asked = { target: probability(2) };
    for (const [name, direct] of [
      ["saliency", saliency(network, image, asked)],
      ["grad-cam", gradCam(network, image, asked)],
    ] as const) {
      const found = await attributionNamed(name).run(network, image, { target: 2, on: "probability" });
      expect(found.data).toEqual((await direct).data);
      expect(found.target).toMatchObject({ layer: "d", channel: 2 });
    }
  });
});

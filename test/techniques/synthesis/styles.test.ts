import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { depthOf } from "../../../src/graph/depth.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { featureInversion } from "../../../src/techniques/synthesis/feature-inversion.ts";
import { gramTexture } from "../../../src/techniques/synthesis/gram-texture.ts";
import { neuralStyle } from "../../../src/techniques/synthesis/neural-style.ts";
import type { Synthesis } from "../../../src/techniques/synthesis/synthesis.ts";
import { testDevice } from "../../gpu.ts";
import { type Held, liveBytes } from "../../live-bytes.ts";

/** Stripes: a picture that has a texture. */
function stripes(height: number, width: number, period = 5): Pixels {
  const data = Uint8ClampedArray.from({ length: height * width * 3 }, (_, i) => {
    const [row, column] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width];
    return (row + column) % period < period / 2 ? 220 - 40 * (i % 3) : 30;
  });
  return { height, width, data };
}

let graph: Graph;
let networks: Networks;

beforeAll(async () => {
  graph = await loadLayersModel(await modelFromDisk("test/golden/residual"));
  networks = createNetworks(await testDevice(), graph);
});
afterAll(() => networks?.destroy());

/** What is left on the device of work that fails, and of its networks. */
async function leftBehind(
  work: (networks: Networks) => Promise<unknown>,
  message: string | RegExp,
): Promise<Pick<Held, "left" | "objects">> {
  const { left, objects } = await liveBytes(await testDevice(), async () => {
    const own = createNetworks(await testDevice(), graph);
    await expect(work(own)).rejects.toThrow(message);
    own.destroy();
  });
  return { left, objects };
}

const layers = { contentLayers: "block2_relu2", styleLayers: ["stem_relu", "block1_relu2"] };

describe("pictures that are made from pictures", () => {
  test("an inversion comes nearer to the features, and says how near", async () => {
    const make = (steps: number) =>
      featureInversion(networks, stripes(24, 32), { layers: ["stem_relu", "block1_relu2"], steps });
    const [few, many] = [await make(1), await make(40)];
    expect(many.pictures.map(({ name }) => name)).toEqual(["stem_relu", "block1_relu2"]);
    for (const [i, { value, shape, curve, data }] of many.pictures.entries()) {
      expect(shape).toEqual([24, 32, 3]);
      expect(curve).toHaveLength(40);
      expect(value).toBeGreaterThan(few.pictures[i]?.value ?? 0);
      expect(value).toBeLessThan(0);
      expect(data.every((v) => v >= 0 && v <= 1)).toBe(true);
    }
  });

  test("a texture and a style are made at any size, and the texture of a picture has no loss at that picture", async () => {
    const sample = stripes(20, 22);
    const start = Float32Array.from(sample.data, (value) => value / 255);
    const options = { layers: ["stem_relu", "block1_relu2"], steps: 1 };
    const same = await gramTexture(networks, sample, { ...options, start });
    const other = await gramTexture(networks, sample, { ...options, size: [25, 19] });
    expect(other.pictures[0]?.shape).toEqual([25, 19, 3]);
    expect(Math.abs(same.pictures[0]?.value ?? 1)).toBeLessThan(
      1e-3 * Math.abs(other.pictures[0]?.value ?? 0),
    );
    const style = await neuralStyle(networks, stripes(17, 23), sample, {
      ...layers,
      ...{ init: "content", loss: "relative", steps: 12, size: [18, 26] },
    });
    const [picture] = style.pictures;
    expect(picture?.shape).toEqual([18, 26, 3]);
    expect(picture?.curve.at(-1)).toBeGreaterThan(picture?.curve[0] ?? 0);
  });

  test("a style begins with stronger noise, and says so, where no unit fires for the published start", async () => {
    // Every bias of the shipped network's first layer is below zero.
    const shipped = createNetworks(
      await testDevice(),
      await loadLayersModel(await modelFromDisk("models/vitrine")),
    );
    const options = {
      contentLayers: "conv3_3",
      styleLayers: ["conv1"],
      loss: "relative",
      steps: 12,
    } as const;
    const { pictures } = await neuralStyle(shipped, stripes(24, 32), stripes(20, 22, 3), options);
    await expect(
      neuralStyle(shipped, stripes(24, 32), stripes(1, 1), {
        ...options,
        styleLayers: "conv2_2",
      }),
    ).rejects.toThrow(/picture: expected a size at which the network runs, got 1×1; .*pool1/);
    const [{ curve, notes } = { curve: [], notes: [] }] = pictures;
    expect(curve.at(-1)).toBeGreaterThan(0.7 * (curve[0] ?? 0));
    expect(notes).toEqual([expect.stringMatching(/no gradient at the published start.*deviation 0\.2/)]);

    shipped.destroy();
    const { pictures: usual } = await neuralStyle(networks, stripes(17, 23), stripes(20, 22), {
      ...{ ...layers, loss: "relative", steps: 1 },
    });
    expect(usual[0]?.notes?.join() ?? "").not.toMatch(/gradient/);
  });

  test("live pictures come after every so many steps, and a stop leaves nothing", async () => {
    const steps: number[] = [];
    const stop = new AbortController();
    const work = (pool: Networks) =>
      neuralStyle(pool, stripes(17, 23), stripes(20, 22), {
        ...{ ...layers, steps: 1000, every: 2, signal: stop.signal },
        onPicture: ({ step, pictures }) => {
          steps.push(step);
          expect(pictures[0]).toHaveLength(17 * 23 * 3);
          if (step >= 4) stop.abort(new Error("enough"));
        },
      });
    expect(await leftBehind(work, "enough")).toEqual({ left: 0, objects: 0 });
    expect(steps.slice(0, 2)).toEqual([2, 4]);
  });

  test.each<[string, (networks: Networks) => Promise<Synthesis>, RegExp]>([
    [
      "a layer that there is not",
      (networks) => featureInversion(networks, stripes(24, 32), { layers: "nothing" }),
      /expected a layer's name .* got "nothing"/,
    ],
    [
      "no layer",
      (networks) => featureInversion(networks, stripes(24, 32), { layers: [] }),
      /expected a layer, or a list of layers/,
    ],
    [
      "a layer without places",
      (networks) => gramTexture(networks, stripes(24, 32), { layers: "pool" }),
      /layer "pool": expected maps with several places, got 16/,
    ],
    [
      "a weight below zero",
      (networks) => gramTexture(networks, stripes(24, 32), { layers: { stem_relu: -1 } }),
      /weight of at least 0 for layer "stem_relu"/,
    ],
    [
      "values that are no numbers",
      (networks) =>
        featureInversion(networks, new Float32Array(24 * 32 * 3).fill(Number.NaN), { layers: "stem_relu" }),
      /expected finite input values, got NaN/,
    ],
    [
      "values at another size",
      (networks) => gramTexture(networks, new Float32Array(12), { layers: "stem_relu" }),
      /expected an input of 2304 values/,
    ],
    [
      "values for another size",
      (networks) =>
        neuralStyle(networks, new Float32Array(24 * 32 * 3), stripes(9, 9), { ...layers, size: [20, 20] }),
      /expected pixels .* for another size/,
    ],
    [
      "no steps",
      (networks) => gramTexture(networks, stripes(24, 32), { layers: "stem_relu", steps: 0 }),
      /expected 1 to 100000 steps, got 0/,
    ],
    [
      "a loss that there is not",
      (networks) => gramTexture(networks, stripes(24, 32), { layers: "stem_relu", loss: "l1" as "gatys" }),
      /loss/,
    ],
    [
      "a picture larger than the memory",
      (networks) => gramTexture(networks, stripes(2000, 3000), { layers: "stem_relu" }),
      /MiB/,
    ],
    [
      "a texture larger than the memory",
      (networks) => gramTexture(networks, stripes(24, 32), { layers: "stem_relu", size: [3000, 3000] }),
      /MiB/,
    ],
    [
      "a start of another size",
      (networks) =>
        featureInversion(networks, stripes(24, 32), { layers: "stem_relu", start: new Float32Array(7) }),
      /expected a start of .* numbers/,
    ],
    [
      "features that are zero",
      (networks) => featureInversion(networks, new Float32Array(24 * 32 * 3), { layers: "image" }),
      /expected features to invert, got zeros only/,
    ],
  ])("refuses %s, and leaves nothing", async (_, work, message) => {
    expect(await leftBehind(work, message)).toEqual({ left: 0, objects: 0 });
  });
});

test("depth is the share of the longest way to the output", () => {
  expect(depthOf(graph, "image")).toBe(0);
  expect(depthOf(graph, graph.output)).toBe(1);
  expect(depthOf(graph, "block2_relu2")).toBeCloseTo(17 / 29);
});

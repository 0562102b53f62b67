import { expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { namedPreprocessing } from "../../src/graph/preprocessing.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { coarseToFine, decoderOf } from "../../src/techniques/units/coarse-to-fine.ts";
import { testDevice } from "../gpu.ts";
import { graph as graphOf, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

const next = random(8);
const [C, K] = [4, 3];
const head = values(C * K, next);
const image = values(6 * 6 * 3, next, 0.7);
const net: Graph = {
  ...graphOf("decoder", [
    { op: "input", name: "image", inputs: [], shape: [6, 6, 3] },
    {
      ...{
        op: "conv2d",
        name: "coarse",
        inputs: ["image"],
        strides: [2, 2],
        dilations: [1, 1],
        padding: "same",
      },
      w: { shape: [3, 3, 3, C], data: values(27 * C, next, 0.5) },
      activation: { kind: "relu" },
    },
    {
      op: "resize",
      name: "fine",
      inputs: ["coarse"],
      to: { factor: [2, 2] },
      mode: "nearest",
      coordinates: "half-pixel",
    },
    {
      ...{
        op: "conv2d",
        name: "scores",
        inputs: ["fine"],
        strides: [1, 1],
        dilations: [1, 1],
        padding: "same",
      },
      w: { shape: [1, 1, C, K], data: head },
    },
  ]),
  preprocessing: namedPreprocessing("none"),
};

test("of each resolution the channel is shown that adds most to the class where it is asked", async () => {
  const network = await createNetwork(await testDevice(), net);
  const { data: a } = await activations(network, image, { layer: "coarse" });
  const { data: scores } = await activations(network, image, { layer: "scores" });
  const channels = new Set<number>();
  for (const target of [0, 1, 2]) {
    // Pixel (3, 5) lies in place (1, 2) of the coarse maps, and one score hangs on that place alone.
    const { steps } = await coarseToFine(network, image, { target, region: { y: 3, x: 5 } });
    const added = Array.from({ length: C }, (_, k) =>
      Math.max(0, (a[(1 * 3 + 2) * C + k] ?? 0) * (head[k * K + target] ?? 0)),
    );
    const sum = added.reduce((all, value) => all + value, 0);
    const [coarse, fine] = steps;
    expect(steps.map(({ layer, shape }) => [layer, shape])).toEqual([
      ["coarse", [3, 3]],
      ["scores", [6, 6]],
    ]);
    if (sum > 0) channels.add(coarse?.channel ?? -1);
    expect(coarse?.channel).toBe(added.indexOf(Math.max(...added)));
    expect(coarse?.share).toBeCloseTo(sum === 0 ? 0 : Math.max(...added) / sum, 5);
    const map = Array.from({ length: 9 }, (_, place) => a[place * C + (coarse?.channel ?? 0)] ?? 0);
    expectClose(coarse?.data ?? new Float32Array(), map, 1e-6);
    // Of the scores themselves only the class's own are asked.
    if ((scores[(3 * 6 + 5) * K + target] ?? 0) > 0) expect(fine?.channel).toBe(target);
  }
  expect(channels.size).toBeGreaterThan(0);
  network.destroy();
});

test("a network whose maps never grow has no decoder", () => {
  const plain: Graph = { ...net, layers: net.layers.slice(0, 2), output: "coarse" };
  expect(() => decoderOf(plain)).toThrow(UnsupportedError);
});

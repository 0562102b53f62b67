import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tfjsGraph } from "../../bench/peers/tfjs-graph.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensor, sizeOf } from "../../src/gpu/tensor.ts";
import { type Graph, type Layer, shapesOf } from "../../src/graph/graph.ts";
import { resized } from "../../src/graph/resize.ts";
import type { ResizeLayer } from "../../src/layers/resize.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { testDevice } from "../gpu.ts";
import { expectClose } from "../reference/numbers.ts";
import { chain, constant, graph as graphOf, random, values } from "./graphs.ts";

/** Strides, both paddings, a sum of two paths, and a dense layer behind global pooling. */
function pooled(): Graph {
  const next = random(7);
  const CONV = { dilations: [1, 1], padding: "same", activation: { kind: "relu" } } as const;
  return graphOf("pooled", [
    { op: "input", name: "image", inputs: [], shape: [8, 8, 2] },
    {
      ...{ op: "conv2d", name: "a", inputs: ["image"], ...CONV, strides: [2, 1] },
      ...{ w: constant([3, 3, 2, 4], next), b: constant([4], next) },
    },
    { op: "conv2d", name: "b", inputs: ["a"], ...CONV, strides: [1, 1], w: constant([3, 2, 4, 4], next) },
    { op: "add", name: "sum", inputs: ["a", "b"] },
    {
      ...{ op: "pool", name: "half", inputs: ["sum"], mode: "max" },
      ...{ size: [2, 2], strides: [1, 2], padding: "valid" },
    },
    { op: "globalPool", name: "gap", inputs: ["half"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([4, 3], next), b: constant([3], next) },
  ]);
}

describe("a resized network", () => {
  beforeAll(() => tf.setBackend("cpu"));
  afterAll(() => tf.disposeVariables());

  test.each([
    [11, 8],
    [3, 5],
    [8, 8],
  ])("of %i × %i computes what tfjs makes of an image of that size", async (height, width) => {
    const graph = pooled();
    const network = await createNetwork(await testDevice(), resized(graph, [height, width]));
    expect(network.input.shape).toEqual([1, height, width, 2]);
    const x = values(sizeOf(network.input.shape), random(5), 2);
    network.device.queue.writeBuffer(network.input.buffer, 0, x);
    const encoder = network.device.createCommandEncoder();
    network.forward(encoder);
    network.device.queue.submit([encoder.finish()]);
    const y = await readTensor(network.device, network.activation(graph.output));
    network.destroy();

    const oracle = tfjsGraph(tf, graph);
    const expected = tf.tidy(() => oracle.apply(tf.tensor4d(x, [1, height, width, 2])).dataSync());
    oracle.dispose();
    expectClose(y, expected);
  });

  test("has the same weights, as the same arrays, and nothing else changed", () => {
    const graph = pooled();
    const large = resized(graph, [20, 30]);
    expect(large.layers[0]).toEqual({ ...graph.layers[0], shape: [20, 30, 2] });
    for (const [i, layer] of graph.layers.entries()) if (i > 0) expect(large.layers[i]).toBe(layer);
    expect(graph.layers[0]).toHaveProperty("shape", [8, 8, 2]);
  });

  test("crops a picture to the same share of it", () => {
    const graph = pooled();
    const cropping = { ...graph, preprocessing: { ...graph.preprocessing, resize: 10 } };
    expect(resized(cropping, [16, 32]).preprocessing.resize).toBe(20);
    expect(resized(graph, [16, 32]).preprocessing).toBe(graph.preprocessing);
  });

  test("keeps a reshape that does not depend on the size", () => {
    const graph = pooled();
    const layers = graph.layers.flatMap((layer) =>
      layer.name === "logits"
        ? [
            { op: "reshape", name: "vector", inputs: ["gap"], shape: [4] } as const,
            { ...layer, inputs: ["vector"] },
          ]
        : [layer],
    );
    expect(resized({ ...graph, layers }, [9, 9]).layers).toHaveLength(layers.length);
  });

  test("is refused where a dense layer holds the size, with its name and what helps", () => {
    expect(() => resized(chain(), [16, 12])).toThrow(InputError);
    expect(() => resized(chain(), [16, 12])).toThrow(
      /dense "logits", which has a weight for each of the 4×3×5 values of "conv2" that "flatten" flattens; keep "image" at 8×6, or end the network at "conv2"/,
    );
    const { layers, ...rest } = chain();
    const ended = { ...rest, layers: layers.slice(0, -2), output: "flatten" };
    expect(() => resized(ended, [16, 12])).toThrow(/reshape "flatten", which takes exactly the 4×3×5 values/);
  });

  test("is refused where the size is none, or a window does not fit", () => {
    for (const size of [[0, 4], [4.5, 4], [4], 7]) {
      expect(() => resized(pooled(), size as unknown as [number, number])).toThrow(/size \[height, width\]/);
    }
    expect(() => resized(chain(), [1, 6])).toThrow(/pool1/);
  });

  /** Both halves of some channels, exchanged and turned around, an enlargement, and what comes behind. */
  function moved(...more: Layer[]): Graph {
    const next = random(9);
    const half = { op: "slice", inputs: ["image"], sizes: [8, 8, 1] } as const;
    const last = more.at(-1)?.name ?? "up";
    return graphOf("moved", [
      { op: "input", name: "image", inputs: [], shape: [8, 8, 2] },
      { ...half, name: "a", starts: [0, 0, 1] },
      { ...half, name: "b", starts: [7, 0, 0], steps: [-1, 1, 1] },
      { op: "concat", name: "ab", inputs: ["a", "b"], axis: 3 },
      {
        op: "resize",
        name: "up",
        inputs: ["ab"],
        to: { factor: [1.5, 2] },
        mode: "linear",
        coordinates: "half-pixel",
      },
      ...more,
      { op: "globalPool", name: "gap", inputs: [last], mode: "average" },
      { op: "dense", name: "logits", inputs: ["gap"], w: constant([2, 3], next) },
    ]);
  }

  test("takes whole axes where a slice took them whole, and enlarges by the same factor", () => {
    const large = resized(moved(), [12, 6]);
    expect(large.layers[1]).toMatchObject({ starts: [0, 0, 1], sizes: [12, 6, 1] });
    expect(large.layers[2]).toMatchObject({ starts: [11, 0, 0], sizes: [12, 6, 1], steps: [-1, 1, 1] });
    expect(shapesOf(large).get("up")).toEqual([1, 18, 12, 2]);
  });

  test("is refused where a crop or a size in pixels holds it, by name", () => {
    const crop = { op: "slice", name: "crop", inputs: ["up"], starts: [1, 0, 0], sizes: [4, 16, 2] } as const;
    expect(() => resized(moved(crop), [12, 6])).toThrow(
      /slice "crop", which takes exactly the 12×16×2 values of "up"/,
    );
    expect(resized(moved(crop), [8, 6]).layers).toContainEqual({ ...crop, sizes: [4, 12, 2] });
    const fixed: ResizeLayer = {
      ...{ op: "resize", name: "fixed", inputs: ["up"], to: { size: [5, 5] } },
      ...{ mode: "nearest", coordinates: "half-pixel" },
    };
    expect(() => resized(moved(fixed), [12, 6])).toThrow(/resize "fixed", which takes exactly the 12×16×2/);
    const pooled = {
      op: "globalPool",
      name: "one",
      inputs: ["up"],
      mode: "average",
      keepDims: true,
    } as const;
    const spread = { ...fixed, inputs: ["one"] };
    expect(resized(moved(pooled, spread), [12, 6]).layers).toContain(spread);
  });
});

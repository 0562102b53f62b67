import { describe, expect, test } from "vitest";
import { composeFilters, renderFilters } from "../../src/figures/filters.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import type { Pixels } from "../../src/images/pixels.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { filterCombination } from "../../src/techniques/units/filter-combination.ts";
import { filtersOf } from "../../src/techniques/units/filters.ts";
import { testDevice } from "../gpu.ts";

const weights = (shape: number[], seed = 1) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(7 * i + seed) / 2),
});
const conv = (name: string, input: string, w: { shape: number[]; data: Float32Array }, strides = [1, 1]) =>
  ({
    name,
    op: "conv2d",
    inputs: [input],
    w,
    strides,
    dilations: [1, 1],
    padding: "valid",
  }) as unknown as Layer;
const graphOf = (layers: Layer[], shape = [21, 21, 3]): Graph => ({
  name: "small",
  layers: [{ name: "x", op: "input", inputs: [], shape } as unknown as Layer, ...layers],
  output: layers.at(-1)?.name ?? "",
  preprocessing: { range: 1, mean: [0, 0, 0], std: [1, 1, 1], source: "given" } as Graph["preprocessing"],
});
const norm = (name: string, input: string, scale: number[]): Layer =>
  ({
    name,
    op: "batchNorm",
    inputs: [input],
    scale: Float32Array.from(scale),
    offset: new Float32Array(scale.length),
  }) as Layer;

const pixelAt = ({ width, data }: Pixels, x: number, y: number) => [
  ...data.slice(3 * (y * width + x), 3 * (y * width + x) + 3),
];

describe("filters", () => {
  test("of the first convolution, with their norms and the largest weight", () => {
    const w = { shape: [1, 1, 3, 2], data: Float32Array.from([3, 1, 0, 2, 4, -2]) };
    const { layer, first, norms, largest, dead, shape } = filtersOf(graphOf([conv("c", "x", w)]));
    expect([layer, first, largest, dead]).toEqual(["c", true, 4, []]);
    expect([...shape]).toEqual([1, 1, 3, 2]);
    expect([...norms]).toEqual([5, 3]);
  });

  test("are dead by their weights, or by the batch norm behind them", () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => [1, 1, 0.001, 1][i % 4] ?? 0);
    const graph = graphOf([conv("c", "x", { shape: [1, 1, 3, 4], data }), norm("n", "c", [1, 1e-9, 1, 50])]);
    expect(filtersOf(graph).dead).toEqual([1, 2]);
    expect(filtersOf(graph, { threshold: 0.0001 }).dead).toEqual([1]);
    expect(filtersOf(graphOf([conv("c", "x", { shape: [1, 1, 3, 4], data })])).dead).toEqual([2]);
    expect(() => filtersOf(graph, { threshold: 1 })).toThrow(/threshold of 0 up to 1/);
    expect(() => filtersOf(graph, { layer: "n" })).toThrow(/expected a convolution \(c\), got batchNorm "n"/);
    expect(() => filtersOf(graphOf([norm("n", "x", [1, 1, 1])]))).toThrow(/got none/);
  });

  test("of a depthwise convolution have one input each", () => {
    const depthwise = { ...conv("d", "x", weights([3, 3, 3, 2])), op: "depthwiseConv2d" } as Layer;
    const { shape, first } = filtersOf(graphOf([depthwise]));
    expect([...shape, first]).toEqual([3, 3, 1, 6, false]);
  });
});

describe("a combination of filters", () => {
  test("of a first layer is the filter", () => {
    const w = weights([2, 3, 3, 4]);
    const { data, shape } = filterCombination(graphOf([conv("c", "x", w)]), { layer: "c", channel: 2 });
    expect([...shape]).toEqual([2, 3, 3]);
    expect([...data]).toEqual(Array.from({ length: 18 }, (_, i) => w.data[i * 4 + 2]));
  });

  test("is worked by hand: two filters, overlapping by a stride of one", () => {
    // One row: first layer [1, 2]; second layer takes it at 0 with 3 and at 1 with −1.
    const first = { shape: [1, 2, 1, 1], data: Float32Array.from([1, 2]) };
    const second = { shape: [1, 2, 1, 1], data: Float32Array.from([3, -1]) };
    const graph = graphOf([conv("a", "x", first), conv("b", "a", second)], [4, 4, 1]);
    const { data, shape } = filterCombination(graph, { layer: "b", channel: 0 });
    expect([[...shape], [...data]]).toEqual([
      [1, 3, 1],
      [3, 6 - 1, -2],
    ]);
    const strongest = filterCombination(graph, { layer: "b", channel: 0, strongest: 1 });
    expect([...strongest.data]).toEqual([3, 6, 0]);
  });

  test("is the gradient of the unit to the image where everything is linear", async () => {
    const depthwise = {
      ...conv("d", "n", weights([3, 3, 4, 2], 3)),
      op: "depthwiseConv2d",
      dilations: [2, 2],
    } as Layer;
    const pool = {
      name: "p",
      op: "pool",
      mode: "average",
      inputs: ["d"],
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    } as unknown as Layer;
    const graph = graphOf([
      conv("a", "x", weights([3, 3, 3, 4]), [2, 2]),
      norm("n", "a", [1, 2, -1, 0.5]),
      depthwise,
      pool,
      conv("b", "p", weights([2, 2, 8, 2], 5)),
    ]);
    const { data, shape } = filterCombination(graph, { layer: "b", channel: 1 });
    const network = await createNetwork(await testDevice(), graph, { keep: ["b"] });
    const { data: gradient } = await saliency(network, new Float32Array(21 * 21 * 3), {
      target: { layer: "b", channel: 1, y: 0, x: 0 },
    });
    network.destroy();
    const [height = 0, width = 0] = shape;
    let inside = 0;
    for (let y = 0; y < 21; y++) {
      for (let i = 0; i < 21 * 3; i++) {
        const own = y < height && i < width * 3 ? (data[y * width * 3 + i] ?? 0) : 0;
        expect(gradient[y * 63 + i]).toBeCloseTo(own, 5);
        inside += Number(own !== 0);
      }
    }
    expect(inside).toBeGreaterThan(200);
  });

  test("goes through a concatenation to each of its parts, of which the second counts", () => {
    const join = (inputs: string[]): Layer => ({ op: "concat", name: "j", inputs, axis: 3 });
    const parts = [conv("a", "x", weights([2, 2, 3, 2])), conv("s", "x", weights([2, 2, 3, 3], 3))];
    const whole = weights([1, 1, 5, 2], 5);
    const combine = (inputs: string[], w = whole) =>
      filterCombination(graphOf([...parts, join(inputs), conv("b", "j", w)]), { layer: "b", channel: 1 });
    const { data, shape } = combine(["a", "s"]);
    expect(shape).toEqual([2, 2, 3]);
    const w = (of: Layer | undefined, at: number): number =>
      of && "w" in of ? (of.w.data[at] ?? 0) : Number.NaN;
    const expected = Array.from({ length: 12 }, (_, i) => {
      const [tap, color] = [Math.floor(i / 3), i % 3];
      let sum = 0;
      for (let c = 0; c < 3; c++)
        sum += w(parts[1], (tap * 3 + color) * 3 + c) * (whole.data[(2 + c) * 2 + 1] ?? 0);
      for (let c = 0; c < 2; c++)
        sum += w(parts[0], (tap * 3 + color) * 2 + c) * (whole.data[c * 2 + 1] ?? 0);
      return sum;
    });
    for (const [i, value] of data.entries()) expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
    expect([...combine(["s", "a"]).data]).not.toEqual([...data]);
  });

  test("is refused past what is not linear, out of range, or too deep", () => {
    const resize = {
      name: "f",
      op: "resize",
      mode: "nearest",
      to: { factor: [2, 2] },
      coordinates: "half-pixel",
      inputs: ["a"],
    } as unknown as Layer;
    const graph = graphOf([
      conv("a", "x", weights([1, 1, 3, 4])),
      resize,
      conv("b", "f", weights([1, 1, 4, 2])),
    ]);
    expect(() => filterCombination(graph, { layer: "b", channel: 0 })).toThrow(/got resize "f"/);
    const same = weights([3, 3, 64, 64]);
    const deep = Array.from({ length: 30 }, (_, i) =>
      conv(`l${i}`, i === 0 ? "x" : `l${i - 1}`, i === 0 ? weights([3, 3, 3, 64]) : same),
    );
    expect(() => filterCombination(graphOf(deep, [99, 99, 3]), { layer: "l29", channel: 0 })).toThrow(
      /too deep/,
    );
    expect(() => filterCombination(graph, { layer: "b", channel: 2 })).toThrow(/one of 0 to 1, got 2/);
    expect(() => filterCombination(graph, { layer: "b", channel: 0, strongest: 0 })).toThrow(/at least 1/);
  });
});

describe("a picture of filters", () => {
  const w = { shape: [2, 2, 3, 2], data: new Float32Array(24) };
  // Filter 0: red at its first pixel, blue below zero at its last; filter 1 is dead.
  w.data[0] = 2;
  w.data[11 * 2] = -2;
  const filters = filtersOf(graphOf([conv("c", "x", w)]));

  test("is w/(2·max|w|) + ½, grey for zero, a dead one in red", async () => {
    const picture = await renderFilters({ filters, title: "t" });
    const colors = new Map<string, number>();
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        const key = pixelAt(picture, x, y).join();
        colors.set(key, (colors.get(key) ?? 0) + 1);
      }
    }
    const square = colors.get("255,128,128") ?? 0;
    expect(square).toBeGreaterThan(100);
    expect(colors.get("128,128,0")).toBe(square);
    // Two pixels of filter 0 and four of filter 1, and a row of the colour bar.
    expect(Math.floor((colors.get("128,128,128") ?? 0) / square)).toBe(6);
    expect(colors.get("214,39,40") ?? 0).toBeGreaterThan(4 * Math.sqrt(square));
  });

  test("of a later layer has a row a filter, and combinations beside it", () => {
    const graph = graphOf([
      conv("a", "x", weights([3, 3, 3, 40])),
      conv("b", "a", weights([3, 3, 40, 12], 2)),
    ]);
    const filters = filtersOf(graph, { layer: "b" });
    const draw = (channels: number[], combined = false) =>
      composeFilters({
        filters,
        channels,
        title: "t",
        ...(combined
          ? { combinations: channels.map((channel) => filterCombination(graph, { layer: "b", channel })) }
          : {}),
      });
    expect(draw([1, 2, 3, 4, 5, 6]).height).toBeGreaterThan(draw([1, 2]).height);
    expect(draw([1, 2], true).width).toBeGreaterThan(draw([1, 2]).width + 100);
    expect(() => draw([12])).toThrow(/some of 0 to 11, got 12/);
    expect(() => draw([])).toThrow(/got none/);
    expect(() => composeFilters({ filters, channels: [1], combinations: [], title: "t" })).toThrow(
      /expected 1 combinations, got 0/,
    );
  });

  test("takes filters of one pixel and of one channel", () => {
    const graph = graphOf(
      [conv("a", "x", weights([1, 1, 1, 3])), conv("b", "a", weights([1, 1, 3, 2]))],
      [4, 4, 1],
    );
    for (const layer of ["a", "b"]) {
      const { width, height } = composeFilters({ filters: filtersOf(graph, { layer }), title: "t" });
      expect([width > 100, height > 60]).toEqual([true, true]);
    }
  });
});

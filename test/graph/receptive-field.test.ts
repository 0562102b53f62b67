import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type Graph, type Layer, shapesOf } from "../../src/graph/graph.ts";
import { namedPreprocessing } from "../../src/graph/preprocessing.ts";
import { receptiveField } from "../../src/graph/receptive-field.ts";
import { windowGeometry } from "../../src/layers/padding.ts";

const EDGE = 17;

function graphOf(layers: readonly Layer[]): Graph {
  return {
    name: "test",
    layers: [{ name: "input", op: "input", inputs: [], shape: [EDGE, EDGE, 1] }, ...layers],
    output: layers.at(-1)?.name ?? "input",
    preprocessing: namedPreprocessing("none"),
  };
}

function conv(
  name: string,
  input: string,
  size: number,
  stride: number,
  padding: "same" | "valid",
  dilation = 1,
): Layer {
  return {
    name,
    op: "conv2d",
    inputs: [input],
    w: { shape: [size, size, 1, 1], data: new Float32Array(size * size).fill(1) },
    strides: [stride, stride],
    dilations: [dilation, dilation],
    padding,
  };
}

const pool = (
  name: string,
  input: string,
  size: number,
  stride: number,
  padding: "same" | "valid",
): Layer => ({
  name,
  op: "pool",
  inputs: [input],
  mode: "max",
  size: [size, size],
  strides: [stride, stride],
  padding,
});

/** Rows of the input that a row of a chain of windows reads, tap by tap, as a set. */
function tapsOf(layers: readonly Layer[], row: number): Set<number> {
  const heights = [...shapesOf(graphOf(layers)).values()].map((shape) => shape[1] ?? 1);
  let rows = new Set([row]);
  for (const [index, layer] of [...layers.entries()].reverse()) {
    if (layer.op !== "conv2d" && layer.op !== "pool") throw new Error("chains of windows only");
    const size = layer.op === "conv2d" ? (layer.w.shape[0] ?? 1) : layer.size[0];
    const dilation = layer.op === "conv2d" ? layer.dilations[0] : 1;
    const height = heights[index] ?? 1;
    const { top } = windowGeometry("test", height, height, {
      size: [size, size],
      strides: layer.strides,
      dilations: [dilation, dilation],
      padding: layer.padding,
    });
    const before = new Set<number>();
    for (const at of rows) {
      for (let tap = 0; tap < size; tap++) {
        const from = at * layer.strides[0] - top + tap * dilation;
        if (from >= 0 && from < height) before.add(from);
      }
    }
    rows = before;
  }
  return rows;
}

describe("receptive field", () => {
  test("of two 3×3 convolutions and a pooling between them is 8 pixels wide", () => {
    const graph = graphOf([
      conv("a", "input", 3, 1, "same"),
      pool("b", "a", 2, 2, "valid"),
      conv("c", "b", 3, 1, "same"),
    ]);
    expect(receptiveField(graph, { layer: "c", y: 4, x: 3 })).toEqual({
      full: { top: 5, bottom: 13, left: 3, right: 11 },
      inside: { top: 5, bottom: 13, left: 3, right: 11 },
    });
    expect(receptiveField(graph, { layer: "c", y: 0, x: 0 })).toEqual({
      full: { top: -3, bottom: 5, left: -3, right: 5 },
      inside: { top: 0, bottom: 5, left: 0, right: 5 },
    });
    expect(receptiveField(graph, { layer: "input", y: 2, x: 1 }).full).toEqual({
      top: 2,
      bottom: 3,
      left: 1,
      right: 2,
    });
  });

  test("does not count pixels that only padding would see", () => {
    // 17 rows by 2 in steps of 2: the last row is read by no window.
    const graph = graphOf([pool("a", "input", 2, 2, "valid"), conv("b", "a", 3, 1, "same")]);
    const { full, inside } = receptiveField(graph, { layer: "b", y: 7, x: 7 });
    expect(full.bottom).toBe(18);
    expect(inside.bottom).toBe(16);
  });

  test("agrees with counting every tap", () => {
    const window = fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      padding: fc.constantFrom("same" as const, "valid" as const),
      pools: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 4 }), fc.nat(), (windows, place) => {
        const layers = windows.map(({ size, stride, dilation, padding, pools }, index) => {
          const from = index === 0 ? "input" : `l${index - 1}`;
          return pools
            ? pool(`l${index}`, from, size, stride, padding)
            : conv(`l${index}`, from, size, stride, padding, dilation);
        });
        const graph = graphOf(layers);
        let height: number;
        try {
          height = shapesOf(graph).get(graph.output)?.[1] ?? 1;
        } catch {
          return;
        }
        const y = place % height;
        const { inside } = receptiveField(graph, { layer: graph.output, y, x: y });
        const rows = [...tapsOf(layers, y)];
        // A wide dilation may straddle a small layer: such a unit sees padding alone.
        const seen = rows.length > 0 ? [Math.min(...rows), Math.max(...rows) + 1] : [0, 0];
        expect([inside.top, inside.bottom]).toEqual(seen);
        expect([inside.left, inside.right]).toEqual([inside.top, inside.bottom]);
      }),
      { numRuns: 1000 },
    );
  });

  test("joins branches, follows concatenation, enlargement and borders", () => {
    const wide = graphOf([
      conv("three", "input", 3, 1, "same"),
      conv("one", "input", 1, 1, "same"),
      { name: "sum", op: "add", inputs: ["one", "three"] },
      { name: "beside", op: "concat", inputs: ["one", "three"], axis: 3 },
      { name: "below", op: "concat", inputs: ["one", "three"], axis: 1 },
      {
        name: "double",
        op: "resize",
        inputs: ["one"],
        to: { factor: [2, 2] },
        mode: "nearest",
        coordinates: "half-pixel",
      },
      {
        name: "smooth",
        op: "resize",
        inputs: ["one"],
        to: { factor: [2, 2] },
        mode: "linear",
        coordinates: "half-pixel",
      },
      {
        name: "corners",
        op: "resize",
        inputs: ["one"],
        to: { factor: [2, 2] },
        mode: "linear",
        coordinates: "asymmetric",
      },
      { name: "border", op: "pad", inputs: ["one"], before: [2, 1, 0], after: [0, 0, 0], mode: "constant" },
    ]);
    const rows = (layer: string, y: number) => {
      const { top, bottom } = receptiveField(wide, { layer, y, x: 5 }).inside;
      return [top, bottom];
    };
    expect(rows("sum", 5)).toEqual([4, 7]);
    expect(rows("beside", 5)).toEqual([4, 7]);
    expect(rows("below", 5)).toEqual([5, 6]);
    expect(rows("below", EDGE + 5)).toEqual([4, 7]);
    expect(rows("double", 9)).toEqual([4, 5]);
    expect(rows("smooth", 9)).toEqual([4, 6]);
    expect(rows("corners", 9)).toEqual([4, 6]);
    expect(rows("corners", 8)).toEqual([4, 5]);
    expect(rows("border", 5)).toEqual([3, 4]);
    expect(rows("border", 0)).toEqual([0, 0]);
  });

  test("of a dense layer is the whole image", () => {
    const graph = graphOf([
      conv("a", "input", 3, 1, "same"),
      { name: "flat", op: "reshape", inputs: ["a"], shape: [EDGE * EDGE] },
      {
        name: "dense",
        op: "dense",
        inputs: ["flat"],
        w: { shape: [EDGE * EDGE, 2], data: new Float32Array(EDGE * EDGE * 2) },
      },
    ]);
    const { inside } = receptiveField(graph, { layer: "dense", y: 0, x: 0 });
    expect(inside).toEqual({ top: 0, left: 0, bottom: EDGE, right: EDGE });
  });

  test("refuses a layer that is not there", () => {
    expect(() =>
      receptiveField(graphOf([conv("a", "input", 3, 1, "same")]), { layer: "z", y: 0, x: 0 }),
    ).toThrow(InputError);
  });
});

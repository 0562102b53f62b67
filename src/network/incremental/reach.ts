import { formatShape, type Shape } from "../../gpu/tensor.ts";
import { type Graph, inputOf, type Layer, type Shapes, shapesOf } from "../../graph/graph.ts";
import type { Sweep } from "../../kernels/occlusion.ts";
import { windowGeometry } from "../../layers/padding.ts";
import { bilinearSource, type UpsampleLayer } from "../../layers/upsample.ts";

/** Rows, or columns, [from, to); none where `to` is not larger. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * What the patches of a sweep change in a layer [H, W, C]: the patch in row i and column j changes `rows[i]` ×
 * `columns[j]`, clipped at the borders, and nothing where either is empty.
 */
export interface Reach {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

const NONE: Span = { from: 0, to: 0 };

function isEmpty({ from, to }: Span): boolean {
  return to <= from;
}

function union(spans: readonly Span[]): Span {
  const some = spans.filter((span) => !isEmpty(span));
  if (some.length === 0) return NONE;
  return { from: Math.min(...some.map(({ from }) => from)), to: Math.max(...some.map(({ to }) => to)) };
}

/**
 * The rectangles that a sweep's patches change, layer by layer: the smallest that hold every pixel to which a path leads
 * from the patch. Only where a sum or a concatenation joins a branch that a patch misses altogether may they be larger.
 * @returns every layer in which changes keep to rectangles; the others (dense, global pooling, flattened) change as a
 * whole, and so does what they lead to.
 */
export function reachOf(graph: Graph, sweep: Sweep, shapes: Shapes = shapesOf(graph)): Map<string, Reach> {
  const starts = (axis: 0 | 1, count: number, size: number): Span[] =>
    Array.from({ length: count }, (_, index) => {
      const from = Math.min(index * sweep.stride[axis], size - sweep.patch[axis]);
      return { from, to: from + sweep.patch[axis] };
    });
  const input = inputOf(graph);
  const reach = new Map<string, Reach>([
    [
      input.name,
      {
        shape: input.shape,
        rows: starts(0, sweep.rows, sweep.height),
        columns: starts(1, sweep.columns, sweep.width),
      },
    ],
  ]);
  for (const layer of graph.layers.slice(1)) {
    const [first, ...others] = layer.inputs.map((name) => reach.get(name));
    if (!first || others.some((other) => !other)) continue;
    const found = follow(layer, [first, ...others.filter((other) => other !== undefined)], shapes);
    if (found) reach.set(layer.name, found);
  }
  return reach;
}

type Axis = 0 | 1;

/** Takes the changes of one axis through a layer. */
type Step = (span: Span, axis: Axis) => Span;

function follow(layer: Layer, x: readonly [Reach, ...Reach[]], shapes: Shapes): Reach | undefined {
  const [, height = 0, width = 0, channels = 0] = shapes.get(layer.name) ?? [];
  const shape = [height, width, channels] as const;
  const [{ shape: inShape, rows, columns }] = x;
  const through = (step: Step): Reach => ({
    shape,
    rows: rows.map((span) => (isEmpty(span) ? NONE : step(span, 0))),
    columns: columns.map((span) => (isEmpty(span) ? NONE : step(span, 1))),
  });
  switch (layer.op) {
    case "activation":
    case "batchNorm":
    case "lrn":
      return x[0];
    case "reshape": {
      const to: Shape = layer.shape ?? inShape;
      return formatShape(to) === formatShape(inShape) ? x[0] : undefined;
    }
    case "conv2d":
    case "depthwiseConv2d":
    case "pool": {
      const [kh = 1, kw = 1] = layer.op === "pool" ? layer.size : layer.w.shape;
      const dilations = layer.op === "pool" ? ([1, 1] as const) : layer.dilations;
      const window = { ...layer, size: [kh, kw] as const, dilations };
      const { top, left } = windowGeometry(layer.name, inShape[0], inShape[1], window);
      const before = [top, left] as const;
      return through((span, axis) =>
        slid(span, shape[axis], window.size[axis], layer.strides[axis], dilations[axis], before[axis]),
      );
    }
    case "zeroPad": {
      const before = [layer.border.top, layer.border.left] as const;
      return through((span, axis) => moved(span, before[axis]));
    }
    case "upsample":
      return through((span, axis) => enlarged(span, inShape[axis], layer, axis));
    case "add":
    case "multiply":
      // What is broadcast changes all of the pixels that it meets.
      return x.every((part) => formatShape(part.shape) === formatShape(shape)) ? joined(shape, x) : undefined;
    case "concat": {
      const axis = layer.axis - 1;
      let begin = 0;
      const parts = x.map((part): Reach => {
        const at = begin;
        begin += part.shape[axis] ?? 0;
        const put = (along: Axis) => (span: Span) =>
          axis === along && !isEmpty(span) ? moved(span, at) : span;
        return { ...part, rows: part.rows.map(put(0)), columns: part.columns.map(put(1)) };
      });
      return joined(shape, parts);
    }
    default:
      return undefined;
  }
}

function moved({ from, to }: Span, by: number): Span {
  return { from: from + by, to: to + by };
}

/** What several layers change together. */
function joined(shape: Reach["shape"], x: readonly Reach[]): Reach {
  const along = (axis: "rows" | "columns"): Span[] =>
    (x[0]?.[axis] ?? []).map((_, index) => union(x.map((part) => part[axis][index] ?? NONE)));
  return { shape, rows: along("rows"), columns: along("columns") };
}

/** Outputs of a sliding window that read any of the inputs in `span`. */
function slid(span: Span, out: number, size: number, stride: number, dilation: number, before: number): Span {
  const reads = (index: number): boolean => {
    for (let tap = 0; tap < size; tap++) {
      const at = index * stride - before + tap * dilation;
      if (at >= span.from && at < span.to) return true;
    }
    return false;
  };
  const from = Math.max(0, Math.ceil((span.from + before - (size - 1) * dilation) / stride));
  const to = Math.min(out, Math.floor((span.to - 1 + before) / stride) + 1);
  return shrunk({ from, to }, reads);
}

/** Outputs of an enlargement that read any of the inputs in `span`. */
function enlarged(span: Span, size: number, layer: UpsampleLayer, axis: 0 | 1): Span {
  const factor = layer.factor[axis];
  if (layer.mode === "nearest") return { from: span.from * factor, to: span.to * factor };
  const reads = (index: number): boolean => {
    const centre = Math.min(Math.max(bilinearSource(layer, axis, index), 0), size - 1);
    const low = Math.floor(centre);
    const high = centre === low ? low : low + 1;
    return high >= span.from && low < span.to;
  };
  const from = Math.max(0, (span.from - 1) * factor);
  const to = Math.min(size * factor, (span.to + 1) * factor);
  return shrunk({ from, to }, reads);
}

/** From the first to the last index that reads. */
function shrunk({ from, to }: Span, reads: (index: number) => boolean): Span {
  let [first, end] = [from, to];
  while (first < end && !reads(first)) first++;
  while (end > first && !reads(end - 1)) end--;
  return first < end ? { from: first, to: end } : NONE;
}

import { type Shape, sizeOf } from "../../gpu/tensor.ts";
import { type Graph, pictureOf, type Shapes, shapesOf } from "../../graph/graph.ts";
import { descendantsOf } from "../../graph/traverse.ts";
import type { PatchSweep } from "../../kernels/occlusion.ts";
import { type OpLayer, opOf } from "../../layers/ops.ts";
import { extentOf } from "../../layers/sight.ts";

/** Rows, or columns, [from, to); none where `to` is not larger. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The rectangles that the patches of a sweep change in a layer [H, W, C]: the patch in row i and column j changes `rows[i]`
 * × `columns[j]`, clipped at the borders, and nothing where either is empty.
 */
export interface DirtyRegions {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
}

const NONE: Span = { from: 0, to: 0 };

/** A layer that no patch changes, because the picture does not lead to it. */
function unchanged(shape: Shape, sweep: PatchSweep): DirtyRegions {
  const [height, width] = [extentOf(shape, 0), extentOf(shape, 1)];
  const none = (count: number): Span[] => Array<Span>(count).fill(NONE);
  return {
    shape: [height, width, sizeOf(shape) / (height * width)],
    rows: none(sweep.rows),
    columns: none(sweep.columns),
  };
}

/**
 * The rectangles that a sweep's patches change, layer by layer: the smallest that hold every pixel to which a path leads
 * from the patch. Only where a sum or a concatenation joins a branch that a patch misses altogether may they be larger.
 * @returns every layer in which changes keep to rectangles, and those that nothing of the picture leads to, of any rank, in
 * which nothing changes; the others (dense, global pooling, flattened) change as a whole, and so does what they lead to.
 */
export function dirtyRegionsOf(
  graph: Graph,
  sweep: PatchSweep,
  shapes: Shapes = shapesOf(graph),
): Map<string, DirtyRegions> {
  const starts = (axis: 0 | 1, count: number, size: number): Span[] =>
    Array.from({ length: count }, (_, index) => {
      const from = Math.min(index * sweep.stride[axis], size - sweep.patch[axis]);
      return { from, to: from + sweep.patch[axis] };
    });
  const input = pictureOf(graph, "occlusion");
  const found = new Map<string, DirtyRegions>([
    [
      input.name,
      {
        shape: input.shape,
        rows: starts(0, sweep.rows, sweep.height),
        columns: starts(1, sweep.columns, sweep.width),
      },
    ],
  ]);
  const follow = new Set(descendantsOf(graph.layers, [input.name]).map(({ name }) => name));
  for (const layer of graph.layers) {
    if (!follow.has(layer.name)) found.set(layer.name, unchanged(shapes.get(layer.name) ?? [], sweep));
    if (layer.op === "input" || !follow.has(layer.name)) continue;
    const regions = layer.inputs.map((name) => found.get(name)).filter((region) => region !== undefined);
    if (regions.length < layer.inputs.length) continue;
    const followed = followedBy(layer, regions, shapes);
    if (followed) found.set(layer.name, followed);
  }
  return found;
}

/** The rectangles of a layer's output that depend on rectangles of its inputs. */
function followedBy(
  layer: OpLayer,
  regions: readonly DirtyRegions[],
  shapes: Shapes,
): DirtyRegions | undefined {
  const { incremental } = opOf(layer);
  const x = layer.inputs.map((name) => shapes.get(name) ?? []);
  const y = shapes.get(layer.name) ?? [];
  if (incremental.kind !== "rectangles") return undefined;
  const maps = [...x, y].every((shape) => shape.length === 4);
  if (!(maps || incremental.severalChannelAxes) || !incremental.fits(layer, x, y)) return undefined;
  const along = (axis: 0 | 1): Span[] => {
    const changed = regions.map(({ rows, columns }, input) => {
      const forward = forwardFieldOf(
        opOf(layer).sees(layer, { axis, input, x, y }),
        extentOf(x[input], axis),
        extentOf(y, axis),
      );
      return (axis === 0 ? rows : columns).map(forward);
    });
    return (changed[0] ?? []).map((_, index) => union(changed.map((spans) => spans[index] ?? NONE)));
  };
  const [, height = 0, width = 0, ...channels] = y;
  return { shape: [height, width, sizeOf(channels)], rows: along(0), columns: along(1) };
}

/**
 * The forward receptive field along one axis, from what the places of the output see: takes places of the input to the
 * smallest span that holds every place of the output that sees one of them.
 */
function forwardFieldOf(
  sees: (at: number) => Iterable<number>,
  size: number,
  out: number,
): (span: Span) => Span {
  const first = new Int32Array(size).fill(out);
  const end = new Int32Array(size);
  for (let at = 0; at < out; at++) {
    for (const source of sees(at)) {
      if (source < 0 || source >= size) continue;
      first[source] = Math.min(first[source] ?? at, at);
      end[source] = at + 1;
    }
  }
  return ({ from, to }) => {
    let [least, most] = [out, 0];
    for (let source = from; source < to; source++) {
      least = Math.min(least, first[source] ?? out);
      most = Math.max(most, end[source] ?? 0);
    }
    return most > least ? { from: least, to: most } : NONE;
  };
}

/** The smallest span that holds all of some; empty ones do not count. */
function union(spans: readonly Span[]): Span {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const { from, to } of spans) {
    if (to <= from) continue;
    least = Math.min(least, from);
    most = Math.max(most, to);
  }
  return most > 0 ? { from: least, to: most } : NONE;
}

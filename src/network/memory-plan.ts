import { sizeOf } from "../gpu/tensor.ts";
import { type Graph, inputsOf, type Layer, type Shapes } from "../graph/graph.ts";
import { opOf } from "../layers/ops.ts";

/** A value that needs a buffer from one step to another, both included. */
export interface Lifetime {
  readonly name: string;
  readonly size: number;
  readonly from: number;
  readonly until: number;
}

/** Buffers that several values use one after another. */
export interface BufferAliasing {
  readonly sizes: readonly number[];
  /** The index of each value's buffer, by the value's name. */
  readonly bufferOf: ReadonlyMap<string, number>;
}

/**
 * Lets values whose lifetimes do not meet share a buffer: the largest first, each in the first buffer that is free for as
 * long as it lives (Pisarchyk & Lee 2020, arXiv:2001.03288, "greedy by size"). A buffer is as large as its largest value.
 */
export function aliasBuffers(lifetimes: readonly Lifetime[]): BufferAliasing {
  const buffers: { readonly size: number; readonly taken: Lifetime[] }[] = [];
  const bufferOf = new Map<string, number>();
  const order = lifetimes.toSorted((a, b) => b.size - a.size || a.from - b.from);
  for (const value of order) {
    const apart = (other: Lifetime): boolean => other.until < value.from || value.until < other.from;
    const found = buffers.findIndex(({ taken }) => taken.every(apart));
    const index = found < 0 ? buffers.length : found;
    if (found < 0) buffers.push({ size: value.size, taken: [value] });
    else buffers[found]?.taken.push(value);
    bufferOf.set(value.name, index);
  }
  return { sizes: buffers.map(({ size }) => size), bufferOf };
}

/**
 * Plans the buffers of a network that only runs forward. The inputs, the output and whatever `keep` names have one of their
 * own; any other's is free again when the last layer that reads it, or a view of it, has run. A view has its input's buffer.
 */
export function planActivations(graph: Graph, shapes: Shapes, keep: readonly string[]): BufferAliasing {
  const owner = new Map<string, string>();
  const until = new Map<string, number>();
  const from = new Map<string, number>();
  const inputNames = new Set(inputsOf(graph).map((input) => input.name));
  const kept = new Set([...inputNames, graph.output, ...keep]);
  for (const [index, layer] of graph.layers.entries()) {
    const { name, inputs } = layer;
    const own = isView(layer) ? (owner.get(inputs[0] ?? "") ?? name) : name;
    owner.set(name, own);
    if (own === name) from.set(name, index);
    const always = kept.has(name) || (own === name && inputNames.has(name));
    const lasts = always ? graph.layers.length : index;
    until.set(own, Math.max(until.get(own) ?? index, lasts));
    for (const input of inputs) {
      const read = owner.get(input) ?? input;
      until.set(read, Math.max(until.get(read) ?? index, index));
    }
  }
  // What is kept is there from the first step: the last run's values may still be read while the next begins.
  const lifetimes = Array.from(from, ([name, start]): Lifetime => {
    const end = until.get(name) ?? start;
    return {
      name,
      size: sizeOf(shapes.get(name) ?? []),
      from: end >= graph.layers.length ? -1 : start,
      until: end,
    };
  });
  const { sizes, bufferOf } = aliasBuffers(lifetimes);
  return {
    sizes,
    bufferOf: new Map(graph.layers.map(({ name }) => [name, bufferOf.get(owner.get(name) ?? name) ?? 0])),
  };
}

/** Tells whether a layer shows its input's buffer under another shape. */
export function isView(layer: Layer): boolean {
  return layer.op !== "input" && opOf(layer).view;
}

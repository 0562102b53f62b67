import { sizeOf } from "../gpu/tensor.ts";
import { type Graph, inputOf, type Layer, type Shapes } from "../graph/graph.ts";
import { opOf } from "../layers/ops.ts";

/** Something that needs a buffer from one step to another, both included. */
export interface Lifetime {
  readonly name: string;
  readonly size: number;
  readonly from: number;
  readonly until: number;
}

/** Buffers that several things use one after another. */
export interface Slots {
  readonly sizes: readonly number[];
  /** The slot of each thing, by its name. */
  readonly slotOf: ReadonlyMap<string, number>;
}

/**
 * Lets things whose lifetimes do not meet share a buffer: the largest first, each into the first slot that is free for
 * as long as it lives (Pisarchyk & Lee 2020, arXiv:2001.03288, "greedy by size"). A slot is as large as its largest.
 */
export function shareSlots(lifetimes: readonly Lifetime[]): Slots {
  const slots: { readonly size: number; readonly taken: Lifetime[] }[] = [];
  const slotOf = new Map<string, number>();
  const order = lifetimes.toSorted((a, b) => b.size - a.size || a.from - b.from);
  for (const thing of order) {
    const apart = (other: Lifetime): boolean => other.until < thing.from || thing.until < other.from;
    const found = slots.findIndex(({ taken }) => taken.every(apart));
    const index = found < 0 ? slots.length : found;
    if (found < 0) slots.push({ size: thing.size, taken: [thing] });
    else slots[found]?.taken.push(thing);
    slotOf.set(thing.name, index);
  }
  return { sizes: slots.map(({ size }) => size), slotOf };
}

/**
 * Which layers of a network that only runs forward may share buffers. The input, the output and whatever `keep` names
 * have one of their own; any other's is free again when the last layer that reads it, or a view of it, has run.
 * A view has its input's slot.
 */
export function planActivations(graph: Graph, shapes: Shapes, keep: readonly string[]): Slots {
  const owner = new Map<string, string>();
  const until = new Map<string, number>();
  const from = new Map<string, number>();
  const kept = new Set([inputOf(graph).name, graph.output, ...keep]);
  for (const [index, layer] of graph.layers.entries()) {
    const { name, inputs } = layer;
    const own = isView(layer) ? (owner.get(inputs[0] ?? "") ?? name) : name;
    owner.set(name, own);
    if (own === name) from.set(name, index);
    const always = kept.has(name) || (own === name && name === inputOf(graph).name);
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
  const { sizes, slotOf } = shareSlots(lifetimes);
  return {
    sizes,
    slotOf: new Map(graph.layers.map(({ name }) => [name, slotOf.get(owner.get(name) ?? name) ?? 0])),
  };
}

/** Whether a layer shows its input's buffer under another shape. */
export function isView(layer: Layer): boolean {
  return layer.op !== "input" && opOf(layer).view;
}

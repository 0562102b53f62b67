import type { LayerBase } from "../layers/op.ts";

/** A layer, as far as walking a graph goes. Layers come in the graph's order, in which each follows its inputs. */
export type GraphNode = Pick<LayerBase, "name" | "inputs">;

/** The layers that read each layer, by its name: once for every input that it is, and no entry where nobody does. */
export function readersOf<N extends GraphNode>(layers: readonly N[]): ReadonlyMap<string, readonly N[]> {
  const readers = new Map<string, N[]>();
  for (const layer of layers) {
    for (const input of layer.inputs) {
      const known = readers.get(input);
      if (known) known.push(layer);
      else readers.set(input, [layer]);
    }
  }
  return readers;
}

/** The layers that any of `names` depends on, themselves included, in the graph's order. */
export function ancestorsOf<N extends GraphNode>(layers: readonly N[], names: Iterable<string>): N[] {
  const found = new Set(names);
  for (const { name, inputs } of layers.toReversed()) {
    if (found.has(name)) for (const input of inputs) found.add(input);
  }
  return layers.filter(({ name }) => found.has(name));
}

/** The layers that depend on any of `names`, themselves included, in the graph's order. */
export function descendantsOf<N extends GraphNode>(layers: readonly N[], names: Iterable<string>): N[] {
  const found = new Set(names);
  return layers.filter(({ name, inputs }) => {
    if (inputs.some((input) => found.has(input))) found.add(name);
    return found.has(name);
  });
}

/** The layers on any path from one of `from` to one of `to`, both ends included, in the graph's order. */
export function betweenOf<N extends GraphNode>(
  layers: readonly N[],
  from: Iterable<string>,
  to: Iterable<string>,
): N[] {
  return descendantsOf(ancestorsOf(layers, to), from);
}

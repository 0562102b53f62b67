import { InputError, ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../gpu/tensor.ts";
import { assertLayer, type Layer, shapeOf as shapeOfLayer } from "../../graph/graph.ts";
import type { OpLayer } from "../../layers/ops.ts";
import { OTHERWISE } from "../refusal.ts";
import { shapeOf, simplified } from "./layout.ts";
import type { LayerValue, Layout } from "./value.ts";

/** Most axes of a permute layer, the batch with them. */
const MOST_AXES = 8;

type WithoutPlace<L> = L extends OpLayer ? Omit<L, "name" | "inputs"> : never;

/** A layer without its name and its inputs. */
export type LayerBody = WithoutPlace<OpLayer>;

/** Primes, one of which stands for the size of the batch. */
const BATCHES = [65_537, 65_539, 65_543, 65_551, 65_557, 65_563, 65_579, 65_581] as const;

/** A number for the size of the batch that none of a file's own numbers is a multiple of. */
export function batchApartFrom(numbers: Iterable<number>): number {
  const left = new Set<number>(BATCHES);
  for (const number of numbers)
    for (const batch of left) if (number !== 0 && number % batch === 0) left.delete(batch);
  const [batch] = left;
  if (batch === undefined)
    throw new UnsupportedError("expected sizes below 65537, got multiples of many primes");
  return batch;
}

/**
 * Layers as they come about while the operators of a file are walked through. The batch is a number that stands for any:
 * `batch`. What an operator becomes takes its name, and what it needs before it a name below that ("conv1/view").
 */
export class Lowering {
  readonly layers: Layer[] = [];
  /** The layer that each view shows. */
  private readonly sources = new Map<string, string>();
  private readonly shapes = new Map<string, Shape>();
  private readonly views = new Map<string, string>();
  private readonly names = new Set<string>();
  /** How often each name was wanted. */
  private readonly calls = new Map<string, number>();
  private operator = "";
  private who = "";
  private bare = false;

  readonly batch: number;

  constructor(batch: number) {
    this.batch = batch;
  }

  /**
   * Says which operator what follows belongs to: its name for layers, and for messages.
   * @param bare what is made has that name, and none below it.
   */
  begin(name: string, who: string, bare = false): void {
    this.operator = name;
    this.who = who;
    this.bare = bare;
  }

  /** @returns an error that names the operator and what of it is not supported. */
  unsupported(what: string): UnsupportedError {
    return new UnsupportedError(`${this.who}: ${what}; ${OTHERWISE}`);
  }

  /** @returns an error that names the operator, what it expects and what came. */
  wrong(what: string): ModelError {
    return new ModelError(`${this.who}: ${what}`);
  }

  /** Adds an input layer. `shape`: as it is stored, without the batch. */
  input(name: string, shape: Shape): string {
    const own = this.unique(name);
    this.layers.push({ op: "input", name: own, inputs: [], shape });
    this.shapes.set(own, [this.batch, ...shape]);
    return own;
  }

  /** Adds a layer under the operator's name, or below it. @returns its name. @throws ModelError when it does not fit. */
  emit(body: LayerBody, inputs: readonly string[], suffix = ""): string {
    const name = this.unique(suffix === "" || this.bare ? this.operator : `${this.operator}/${suffix}`);
    const layer = { ...body, name, inputs } as OpLayer;
    try {
      assertLayer(layer);
      this.shapes.set(
        name,
        shapeOfLayer(
          layer,
          inputs.map((input) => this.shapes.get(input) ?? []),
        ),
      );
    } catch (error) {
      if (error instanceof UnsupportedError) throw this.unsupported(error.message);
      if (error instanceof InputError) throw this.wrong(error.message);
      throw error;
    }
    this.layers.push(layer);
    return name;
  }

  /** The stored shape of a layer's output, with the batch in front. */
  stored(layer: string): Shape {
    return this.shapes.get(layer) ?? [];
  }

  /** The layer whose stored shape after the batch is `shape`: itself, or a view of it. */
  view(layer: string, shape: Shape): string {
    const stored = this.stored(layer);
    if (formatShape(stored.slice(1)) === formatShape(shape)) return layer;
    const source = this.sources.get(layer) ?? layer;
    if (formatShape(this.stored(source).slice(1)) === formatShape(shape)) return source;
    const key = `${source} ${shape}`;
    const known = this.views.get(key);
    if (known !== undefined) return known;
    const made = this.emit({ op: "reshape", shape }, [source], "view");
    this.views.set(key, made);
    this.sources.set(made, source);
    return made;
  }

  /** A layer, or a view of it, with so many stored axes after the batch: of 1 in front, where it has fewer. */
  atRank(layer: string, rank: number): string {
    const [, ...shape] = this.stored(layer);
    const missing = rank - shape.length;
    return missing <= 0 ? layer : this.view(layer, [...Array<number>(missing).fill(1), ...shape]);
  }

  /**
   * The layer that stores a value so: after the batch one axis for each group of its factors, in that order.
   * Runs nothing where it does so already.
   */
  arranged({ layer, factors }: LayerValue, groups: readonly (readonly number[])[]): string {
    const order = groups.flat();
    const sizes = groups.map((group) => sizeOf(group.map((factor) => factors[factor] ?? 1)));
    if (order.every((factor, index) => index === 0 || factor > (order[index - 1] ?? 0))) {
      return this.view(layer, sizes);
    }
    // Neighbours that stay so move as one; rows and columns stay apart, so that it shows where they keep their places.
    const starts = groupsWithin(this.stored(layer), factors)?.map(([first]) => first) ?? [];
    const apart = runsOf(order, starts);
    const runs = apart.length < MOST_AXES ? apart : runsOf(order, []);
    const lying = [...runs].sort(([a = 0], [b = 0]) => a - b);
    const shape = lying.map((run) => sizeOf(run.map((factor) => factors[factor] ?? 1)));
    const source = this.view(layer, shape);
    const axes = [0, ...runs.map((run) => lying.indexOf(run) + 1)];
    const key = `${source} permuted ${axes}`;
    const known = this.views.get(key) ?? this.emit({ op: "permute", axes }, [source], "permute");
    this.views.set(key, known);
    return this.view(known, sizes);
  }

  /** The same value in storage of another order of its factors, the batch apart. */
  ordered(value: LayerValue, order: readonly number[]): LayerValue {
    const layer = this.arranged(
      value,
      order.map((factor) => [factor]),
    );
    const renamed = new Map(order.map((factor, index) => [factor, index + 1]));
    const layout = simplified({
      factors: [this.batch, ...order.map((factor) => value.factors[factor] ?? 1)],
      axes: value.axes.map((axis) => axis.map((factor) => renamed.get(factor) ?? 0)),
    });
    return { kind: "layer", layer, ...layout };
  }

  /** The same value in storage that has the file's order. */
  inFileOrder(value: LayerValue): LayerValue {
    return this.ordered(
      value,
      value.axes.flat().filter((factor) => factor !== 0),
    );
  }

  /**
   * The layer of a value, or a view of it, in which each of the groups of factors is one axis; and where these are.
   * The axes that the layer has already are kept where they allow it.
   */
  isolated(
    value: LayerValue,
    groups: readonly (readonly number[])[],
  ): { readonly layer: string; readonly axes: readonly number[] } {
    const { layer, factors } = value;
    const own = groupsWithin(this.stored(layer), factors);
    const found = own && groups.map((group) => own.findIndex((one) => String(one) === String(group)));
    if (found?.every((axis) => axis >= 0)) return { layer, axes: found.map((axis) => axis + 1) };
    const wanted = new Map(groups.map((group) => [group[0] ?? -1, group] as const));
    const inside = new Set(groups.flat());
    const all: (readonly number[])[] = [];
    for (let factor = 1; factor < factors.length; factor++) {
      const group = wanted.get(factor);
      if (group) all.push(group);
      else if (!inside.has(factor)) all.push([factor]);
    }
    return {
      layer: this.arranged(value, all),
      axes: groups.map((group) => all.indexOf(group) + 1),
    };
  }

  /** A value that a layer stores as `shape` after the batch, each axis of the file being some of its axes. */
  value(layer: string, axes: Layout["axes"]): LayerValue {
    return { kind: "layer", layer, ...simplified({ factors: [...this.stored(layer)], axes }) };
  }

  /** A shape for messages, with N for the batch. */
  show(shape: Shape): string {
    return showSizes(shape, this.batch);
  }

  private unique(name: string): string {
    let call = this.calls.get(name) ?? 0;
    let own = call === 0 ? name : `${name}:${call}`;
    while (this.names.has(own)) own = `${name}:${++call}`;
    this.calls.set(name, call + 1);
    this.names.add(own);
    return own;
  }
}

/**
 * The factors that each axis of a stored shape after the batch is made of; none for one of 1. Undefined where a factor
 * lies in two axes.
 */
export function groupsWithin([, ...shape]: Shape, factors: readonly number[]): number[][] | undefined {
  let factor = 1;
  const groups = shape.map((size) => {
    const group: number[] = [];
    for (let rest = size; rest > 1; ) {
      const next = factors[factor] ?? 0;
      if (next === 0 || rest % next !== 0) return undefined;
      group.push(factor++);
      rest /= next;
    }
    return group;
  });
  return groups.every((group) => group !== undefined) ? groups : undefined;
}

/** True if the factors lie one behind the other in storage, in that order. */
export function isRun(factors: readonly number[]): boolean {
  return factors.every((factor, index) => index === 0 || factor === (factors[index - 1] ?? 0) + 1);
}

/** An order of factors as runs of neighbours, cut before each of `starts`. */
function runsOf(order: readonly number[], starts: readonly (number | undefined)[]): number[][] {
  const runs: number[][] = [];
  for (const factor of order) {
    const run = runs.at(-1);
    if (run?.at(-1) === factor - 1 && !starts.includes(factor)) run.push(factor);
    else runs.push([factor]);
  }
  return runs;
}

/** The shape of a value, for messages: with N for the batch. */
export function showShape(layout: Layout): string {
  return showSizes(shapeOf(layout), layout.factors[0] ?? 1);
}

function showSizes(shape: Shape, batch: number): string {
  const sizes = shape.map((size) =>
    size % batch === 0 ? (size === batch ? "N" : `${size / batch}·N`) : size,
  );
  return sizes.length === 0 ? "scalar" : sizes.join("×");
}

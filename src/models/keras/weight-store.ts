import { ModelError } from "../../gpu/errors.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";

/** Values, at most, that layers make of numbers among their options. */
const MOST_MADE = 2 ** 23;

/** A model file's weights, and which layer has claimed which. */
export class WeightStore {
  readonly #weights: ReadonlyMap<string, Constant>;
  /** Names by each of their parts: those that a layer may have in common with its weights' names. */
  readonly #byPart = new Map<string, string[]>();
  #made = 0;
  readonly #owners = new Map<string, string>();
  readonly #layers = new Map<string, LayerWeights>();

  constructor(weights: ReadonlyMap<string, Constant>) {
    this.#weights = weights;
    for (const name of weights.keys()) {
      for (const part of new Set(name.split("/"))) {
        const names = this.#byPart.get(part) ?? [];
        names.push(name);
        this.#byPart.set(part, names);
      }
    }
  }

  /**
   * The weights of the layer at a path of names, outermost first. Writers disagree on how much of the path they put in
   * a weight's name, so the longest name that fits is taken.
   */
  of(path: readonly string[], who: string): LayerWeights {
    const key = JSON.stringify(path);
    const weights = this.#layers.get(key) ?? new LayerWeights(this, path, who);
    this.#layers.set(key, weights);
    return weights;
  }

  /** @internal */
  find(
    path: readonly string[],
    weight: string,
    who: string,
  ): { name: string; constant: Constant } | undefined {
    const tails = path.map((_, index) => [...path.slice(index), weight].join("/"));
    const last = `/${tails.at(-1)}`;
    let name = tails.find((tail) => this.#weights.has(tail));
    if (name === undefined) {
      const longer = this.#around(last.slice(1)).filter((candidate) => candidate.endsWith(last));
      if (longer.length === 1) [name] = longer;
    }
    const constant = name === undefined ? undefined : this.#weights.get(name);
    if (name === undefined || !constant) return undefined;
    const owner = this.#owners.get(name) ?? who;
    if (owner !== who)
      throw new ModelError(
        `${who}: expected a weight "${weight}" of its own, got "${name}", which belongs to ${owner}`,
      );
    this.#owners.set(name, who);
    return { name, constant };
  }

  /** @internal Names of all weights under the layer, claimed for it. */
  under(path: readonly string[], who: string): string[] {
    const tails = path.map((_, index) => `${path.slice(index).join("/")}/`);
    for (const tail of tails) {
      const found = this.#around(tail).filter(
        (name) =>
          (name.startsWith(tail) || name.includes(`/${tail}`)) && (this.#owners.get(name) ?? who) === who,
      );
      for (const name of found) this.#owners.set(name, who);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Names that hold the first part of a path. */
  #around(path: string): readonly string[] {
    return this.#byPart.get(path.split("/", 1)[0] ?? "") ?? [];
  }

  /** @internal */
  get(name: string): Constant | undefined {
    return this.#weights.get(name);
  }

  /** @internal Counts values that a layer makes of its options. @throws ModelError when a small file makes very many. */
  count(values: number, who: string): void {
    this.#made += values;
    if (this.#made > MOST_MADE) {
      throw new ModelError(
        `${who}: expected options that make at most ${MOST_MADE} values with those of the layers before, got ${this.#made}`,
      );
    }
  }

  /** Weights that no layer has claimed. */
  surplus(): string[] {
    return [...this.#weights.keys()].filter((name) => !this.#owners.has(name));
  }

  /** Some of the weights' names, for messages. */
  some(): string {
    const names = [...this.#weights.keys()];
    return names.length === 0 ? "no weights" : names.slice(0, 4).join(", ") + (names.length > 4 ? ", …" : "");
  }
}

/** The weights of one layer; a layer that is called several times asks the same object and gets the same arrays. */
export class LayerWeights {
  readonly #store: WeightStore;
  readonly #path: readonly string[];
  readonly #who: string;
  readonly #derived = new Map<string, unknown>();

  constructor(store: WeightStore, path: readonly string[], who: string) {
    this.#store = store;
    this.#path = path;
    this.#who = who;
  }

  /** A weight by one of its names. @throws ModelError when it is absent or has another shape. */
  get(names: string | readonly string[], shape: Shape): Constant {
    const [first = "", ...others] = typeof names === "string" ? [names] : names;
    for (const name of [first, ...others]) {
      const found = this.#store.find(this.#path, name, this.#who);
      if (!found) continue;
      if (formatShape(found.constant.shape) !== formatShape(shape)) {
        throw new ModelError(
          `${this.#who}: expected weight "${found.name}" of shape ${formatShape(shape)}, got ${formatShape(found.constant.shape)}`,
        );
      }
      return found.constant;
    }
    throw new ModelError(
      `${this.#who}: expected a weight "${[...this.#path, first].join("/")}" of shape ${formatShape(shape)}, got none (the file has ${this.#store.some()})`,
    );
  }

  /** A weight that may be absent. */
  optional(name: string, shape: Shape): Constant | undefined {
    return this.#store.find(this.#path, name, this.#who) ? this.get(name, shape) : undefined;
  }

  /** All weights of the layer, by the last part of their names. */
  all(): Record<string, Constant> {
    const entries = this.#store.under(this.#path, this.#who).flatMap((name) => {
      const constant = this.#store.get(name);
      return constant ? [[name.split("/").at(-1) ?? name, constant] as const] : [];
    });
    return Object.fromEntries(entries);
  }

  /** Claims whatever the layer has stored and does not need (random states, unused branches). */
  ignore(): void {
    this.#store.under(this.#path, this.#who);
  }

  /** Says that the layer makes so many values of its options. @throws ModelError when all layers make too many. */
  make(values: number): void {
    this.#store.count(values, this.#who);
  }

  /** A value computed from the weights, once for all calls of the layer. */
  derived<T>(key: string, make: () => T): T {
    if (!this.#derived.has(key)) this.#derived.set(key, make());
    return this.#derived.get(key) as T;
  }
}

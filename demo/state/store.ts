import { tellAll } from "../emitter.ts";
import type { NetworkParts, Put, Slice } from "./slice.ts";

/** The keys whose values a change made new. */
export interface Changes<S> {
  readonly size: number;
  has(key: keyof S): boolean;
}

/** Told after each change. */
export type Listener<S> = (state: S, changed: Changes<S>) => void;

/** The page's state in one place; the room, the panels and the address all follow it. */
export interface Store<S extends object> {
  readonly state: S;
  /** Changes some of it and tells everybody what changed. */
  set(change: Partial<S>): void;
  /** Calls back after each change; returns how to stop. */
  listen(listener: Listener<S>): () => void;
}

/** A store that is made of slices, and reads and writes the address. */
export interface SliceStore<S extends object> extends Store<S> {
  /** Everything as an address has it, without its "#"; what an address does not say takes its default. */
  read(address: string): void;
  /** The address's text, without its "#"; defaults are left out. */
  readonly address: string;
  /**
   * From now on the state holds only what this network has, and so does the state as it is now.
   * @param another whether the network is another than before: then what was said of that one is forgotten first.
   * @param onRefused told a sentence for each thing that is taken out.
   */
  hold(network: NetworkParts, another: boolean, onRefused: (sentences: readonly string[]) => void): void;
}

const same = (a: unknown, b: unknown): boolean =>
  a === b ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => one === b[i]));

/** The state that an address stands for. */
export function readAddress<S extends object>(slices: readonly Slice<Partial<S>>[], address: string): S {
  const fields = new URLSearchParams(address.replace(/^#/, ""));
  return Object.assign({}, ...slices.map((slice) => slice.read(fields))) as S;
}

/** The address of a state. */
export function writeAddress<S extends object>(slices: readonly Slice<Partial<S>>[], state: S): string {
  const query = new URLSearchParams();
  const put: Put = (name, value, otherwise) => {
    if (value !== undefined && value !== otherwise) query.set(name, String(value));
  };
  for (const slice of slices) slice.write(state, put);
  return query.toString().replaceAll("%2C", ",").replaceAll("%2F", "/");
}

/** A state with what a network does not have taken out of it, and a sentence for each thing that was. */
export function admit<S extends object>(
  slices: readonly Slice<Partial<S>>[],
  state: S,
  network: NetworkParts,
): { readonly state: S; readonly refused: readonly string[] } {
  const all = slices.flatMap((slice) => slice.admit?.(state, network) ?? []);
  return {
    state: Object.assign({}, state, ...all.map(({ change }) => change)) as S,
    refused: [...new Set(all.flatMap(({ refused }) => refused))],
  };
}

/** Makes a store of slices; it begins with their defaults. */
export function createStore<S extends object>(slices: readonly Slice<Partial<S>>[]): SliceStore<S> {
  const listeners = new Set<Listener<S>>();
  let state = Object.assign({}, ...slices.map(({ defaults }) => defaults)) as S;
  let admitted = (wanted: S): S => wanted;

  const set = (change: Partial<S>): void => {
    const before = state;
    const wanted = { ...before, ...change };
    const followed = slices.map((slice) => slice.follow?.(wanted, before, change));
    const next = admitted(Object.assign({}, wanted, ...followed) as S);
    const keys = Object.keys({ ...before, ...next }) as (keyof S)[];
    const changed = new Set(keys.filter((key) => !same(next[key], before[key])));
    if (changed.size === 0) return;
    state = next;
    tellAll(listeners, next, changed);
  };

  return {
    get state() {
      return state;
    },
    get address() {
      return writeAddress(slices, state);
    },
    set,
    read: (address) => set(readAddress<S>(slices, address)),
    hold(network, another, onRefused) {
      admitted = (wanted) => {
        const { state: left, refused } = admit(slices, wanted, network);
        if (refused.length > 0) onRefused(refused);
        return left;
      };
      set(another ? (Object.assign({}, ...slices.map(({ withNetwork }) => withNetwork)) as Partial<S>) : {});
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SLICES, type State } from "../../demo/questions.ts";
import { select, selection } from "../../demo/state/selection.ts";
import type { NetworkParts } from "../../demo/state/slice.ts";
import { admit, createStore, readAddress, writeAddress } from "../../demo/state/store.ts";
import { DREAMS } from "../../demo/want/dreams.ts";
import { ASKS, WAYS_TO_FOOL } from "../../demo/want/slice.ts";
import { SEQUENTIAL_MAPS } from "../../src/figures.ts";
import { ATTRIBUTIONS } from "../../src/index.ts";
import { ATTACKS } from "../../src/robustness.ts";

const DEFAULTS = createStore<State>(SLICES).state;
const read = (address: string) => readAddress<State>(SLICES, address);
const write = (state: State) => writeAddress(SLICES, state);

const KNOWN: NetworkParts = {
  exhibits: [
    { layer: "image", stand: { stages: ["image"] }, size: [8, 8, 3], kind: "picture" },
    { layer: "relu", stand: { stages: ["conv", "relu"] }, size: [4, 6, 5], kind: "volume" },
    { layer: "say", stand: { stages: ["say"] }, size: [1, 1, 3], kind: "vector" },
  ],
  outputs: [
    { name: "say", classes: 3, kind: "softmax" },
    { name: "age", classes: 1, kind: "values" },
    { name: "mask", classes: 2, kind: "places" },
  ],
  mapLayers: ["conv", "relu"],
};
const of = (state: Partial<State>) => admit(SLICES, { ...DEFAULTS, ...state }, KNOWN);

/** Addresses as earlier versions of the page wrote them, with what each stands for beside the defaults. */
const OLD: readonly (readonly [address: string, state: Partial<State>])[] = [
  ["", {}],
  [
    "image=24024&layer=conv3_2&channel=7&voxel=3,4&layout=stack&explode=0.5&threshold=0.2&scale=map&colors=viridis",
    {
      image: "24024",
      layer: "conv3_2",
      channel: 7,
      y: 3,
      x: 4,
      from: 7,
      layout: "stack",
      explode: 0.5,
      threshold: 0.2,
      scale: "map",
      colors: "viridis",
    },
  ],
  ["layer=fire2/concat&from=96", { layer: "fire2/concat", from: 96 }],
  [
    "why=grad-cam,saliency&output=kind&target=4&versus=second&weighs=pool2&ends=raw&trust=on&along=on&over=saliency&strength=0.5",
    {
      why: ["grad-cam", "saliency"],
      output: "kind",
      target: 4,
      versus: "second",
      weighs: "pool2",
      ends: "raw",
      trust: true,
      layerMaps: true,
      over: "saliency",
      strength: 0.5,
    },
  ],
  [
    "image=pair-24005&why=rise&target=unit&versus=3&theme=light&view=1.2,0.3,8,0,1,0",
    {
      image: "pair-24005",
      why: ["rise"],
      target: "unit",
      versus: 3,
      theme: "light",
      view: "1.2,0.3,8,0,1,0",
    },
  ],
];

describe("the address", () => {
  test.each(OLD)("of an earlier version means what it meant: %s", (address, state) => {
    expect(read(`#${address}`)).toEqual({ ...DEFAULTS, ...state });
    // The order of the fields may change, nothing else.
    const fields = (text: string) => text.split("&").sort();
    expect(fields(write({ ...DEFAULTS, ...state }))).toEqual(fields(address));
  });

  test("takes defaults for what it cannot understand", () => {
    const nonsense =
      "image=-4&channel=9e9&voxel=a,b&threshold=7&colors=red&why=magic,saliency&target=x&versus=x&ends=all&strength=7&explode=-1&theme=blue&want=more&of=x&by=magic&steps=0&seed=-1&other=1";
    expect(read(nonsense)).toEqual({ ...DEFAULTS, why: ["saliency"] });
    // A map without a layer, and a voxel without a map, are nowhere.
    expect(read("channel=3&voxel=1,2&from=9")).toEqual(DEFAULTS);
    expect(read("layer=a&voxel=1,2")).toEqual({ ...DEFAULTS, layer: "a" });
  });

  test("brings back every state", () => {
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const text = fc.constantFrom("conv1", "fire2/concat", "a b,c&d=e", "ä#%2C+");
    const pixel = maybe(fc.tuple(fc.nat(999), fc.nat(999)));
    const share = fc.nat(100).map((percent) => percent / 100);
    const selected = fc
      .record({
        layer: text,
        channel: maybe(fc.nat(9999)),
        at: maybe(fc.tuple(fc.nat(99), fc.nat(99))),
        from: fc.integer({ min: 1, max: 999 }),
      })
      .map(({ layer, channel, at, from }) => ({
        layer,
        channel,
        y: channel === undefined ? undefined : at?.[0],
        x: channel === undefined ? undefined : at?.[1],
        from: channel ?? from,
      }));
    const asked = fc.record({
      image: fc.constantFrom("24003", "pair-24005", "7"),
      layout: fc.constantFrom("stack" as const, "sheet" as const),
      explode: share,
      threshold: share,
      scale: fc.constantFrom("layer" as const, "map" as const),
      colors: fc.constantFrom(...SEQUENTIAL_MAPS),
      view: maybe(text),
      theme: maybe(fc.constantFrom("light" as const, "dark" as const)),
      output: maybe(text),
      target: maybe(fc.oneof(fc.nat(999), fc.constant("unit" as const))),
      versus: maybe(fc.oneof(fc.nat(999), fc.constant("second" as const))),
      why: fc.shuffledSubarray(ATTRIBUTIONS.map(({ name }) => name)),
      weighs: maybe(text),
      ends: fc.constantFrom("robust" as const, "raw" as const, "shared" as const),
      trust: fc.boolean(),
      layerMaps: fc.boolean(),
      decoder: fc.boolean(),
      classes: fc.boolean(),
      cover: share,
      over: maybe(fc.constantFrom("saliency", "grad-cam:2")),
      strength: share,
      want: fc.subarray([...ASKS]),
      of: maybe(fc.oneof(fc.nat(999), fc.constant("answer" as const))),
      by: fc.constantFrom(...DREAMS.map(({ name }) => name)),
      steps: maybe(fc.integer({ min: 1, max: 9999 })),
      seed: fc.nat(9_999_999),
      second: fc.constantFrom("24029", "24003", "pair-24005"),
      fooling: fc.constantFrom(...WAYS_TO_FOOL),
      attack: fc.constantFrom(...ATTACKS.map(({ name }) => name)),
      epsilon: fc.integer({ min: 1, max: 255 }),
      to: maybe(fc.nat(999)),
    });
    fc.assert(
      fc.property(asked, pixel, fc.option(selected, { nil: selection.defaults }), (rest, at, place) => {
        const state: State = {
          ...rest,
          ...place,
          at: typeof rest.target === "number" ? at : undefined,
        };
        expect(read(`#${write(state)}`)).toEqual(state);
      }),
    );
    expect(write(DEFAULTS)).toBe("");
  });

  test("has a field and a key for each thing, and no two slices share one", () => {
    const keys = SLICES.flatMap(({ defaults }) => Object.keys(defaults));
    expect(new Set(keys).size).toBe(keys.length);
    const fields = SLICES.flatMap((slice) => {
      const asked = new Set<string>();
      slice.read({
        get: (name) => {
          asked.add(name);
          // A layer lets the selection read what is below it.
          return name === "layer" ? "a" : null;
        },
      });
      return [...asked];
    });
    expect(new Set(fields).size).toBe(fields.length);
  });
});

describe("what a network has", () => {
  test("is let through, and a layer that another shows becomes that one", () => {
    expect(of({ layer: "conv", channel: 4, y: 3, x: 5, target: 2, weighs: "conv" })).toEqual({
      state: { ...DEFAULTS, layer: "relu", channel: 4, y: 3, x: 5, target: 2, weighs: "conv" },
      refused: [],
    });
  });

  test.each([
    [{ layer: "none", channel: 1, from: 1 }, /no layer “none”/, selection.defaults],
    [
      { layer: "relu", channel: 5, y: 0, x: 0, from: 5 },
      /relu has 5 maps.*no map 5/,
      { layer: "relu", channel: undefined, y: undefined, from: undefined },
    ],
    [
      { layer: "relu", channel: 1, y: 4, x: 0 },
      /4 × 6 values.*\(y 4, x 0\)/,
      { layer: "relu", channel: 1, y: undefined, x: undefined },
    ],
    [{ layer: "relu", channel: 1, y: 0, x: 6 }, /\(y 0, x 6\)/, { y: undefined }],
    [{ layer: "relu", from: 5 }, /no map 5/, { layer: "relu", from: undefined }],
    [{ layer: "image", channel: 0 }, /image has no maps/, { layer: "image", channel: undefined }],
    [{ target: 3 }, /3 classes.*no class 3/, { target: undefined }],
    [
      { output: "age", target: 1 },
      /one class, number 0; there is no class 1/,
      { output: "age", target: undefined },
    ],
    [{ output: "sex" }, /no output “sex”/, { output: undefined }],
    [{ versus: 99 }, /no class 99/, { versus: undefined }],
    [{ target: 1, at: [2, 2] }, /no scores at places/, { target: 1, at: undefined }],
    [{ output: "mask", target: 1, at: [2, 8] }, /8 × 8 pixels.*\(y 2, x 8\)/, { target: 1, at: undefined }],
    [{ output: "mask", target: 2, at: [2, 2] }, /no class 2/, { target: undefined, at: undefined }],
    [{ of: 3 }, /3 classes.*no class 3/, { of: undefined }],
    [{ to: 3 }, /3 classes.*no class 3/, { to: undefined }],
    [{ weighs: "say" }, /no layer “say” whose maps/, { weighs: undefined }],
  ] as const)("is asked for what it has not: %j", (state, words, left) => {
    const found = of(state);
    expect(found.refused.join(" ")).toMatch(words);
    expect(found.state).toMatchObject(left);
  });

  test("is all that is ever let through, and what is let through once is so again", () => {
    const small = fc.option(fc.nat(9), { nil: undefined });
    const states = fc.record({
      layer: fc.constantFrom(undefined, "image", "conv", "relu", "say", "none"),
      channel: small,
      y: small,
      x: small,
      from: small,
      target: small,
      output: fc.constantFrom(undefined, "say", "age", "none"),
    });
    fc.assert(
      fc.property(states, (wanted) => {
        const { state } = of(wanted);
        expect(admit(SLICES, state, KNOWN)).toEqual({ state, refused: [] });
        const exhibit = KNOWN.exhibits.find(({ layer }) => layer === state.layer);
        expect(state.layer === undefined || exhibit !== undefined).toBe(true);
        if (state.channel !== undefined && exhibit) expect(state.channel).toBeLessThan(exhibit.size[2]);
      }),
    );
  });
});

describe("the store", () => {
  test("holds to what is let through, and tells what changed by it", () => {
    const store = createStore<State>(SLICES);
    store.set({ layer: "none" });
    const told: string[][] = [];
    const keys = Object.keys(DEFAULTS) as (keyof State)[];
    store.listen((_, changed) => told.push(keys.filter((key) => changed.has(key))));
    const refused: string[] = [];
    store.hold(KNOWN, false, (sentences) => refused.push(...sentences));
    expect(store.state.layer).toBeUndefined();
    store.set({ layer: "conv", channel: 77 });
    expect(store.state).toMatchObject({ layer: "relu", channel: undefined });
    expect(told).toEqual([["layer"], ["layer"]]);
    store.set({ layer: "none" });
    expect(store.state.layer).toBeUndefined();
    expect(refused).toEqual([
      expect.stringContaining("no layer “none”"),
      expect.stringContaining("no map 77"),
      expect.stringContaining("no layer “none”"),
    ]);
  });

  test("forgets what was said of one network when another comes, and keeps the rest", () => {
    const store = createStore<State>(SLICES);
    const asked = { layer: "relu", channel: 1, target: 1, why: ["saliency"], weighs: "conv", view: "1,2" };
    const kept = { image: "24016", colors: "viridis", layout: "stack", trust: true } as const;
    store.set({ ...asked, ...kept });
    store.hold(KNOWN, false, () => {});
    expect(store.state).toMatchObject({ ...asked, ...kept });
    store.hold(KNOWN, true, () => {});
    expect(store.state).toEqual({ ...DEFAULTS, ...kept });
  });

  test("keeps a place with the class that is asked there, and both with their picture", () => {
    const store = createStore<State>(SLICES);
    const asked = { output: "mask", target: 1, at: [2, 3] } as const;
    const changed = (change: Partial<State>) => {
      store.set(asked);
      store.set(change);
      const { target, at } = store.state;
      return { target, at };
    };
    expect(changed({ target: 0 })).toEqual({ target: 0, at: [2, 3] });
    expect(changed({ at: undefined })).toEqual({ target: 1, at: undefined });
    expect(changed({ target: undefined })).toEqual({ target: undefined, at: undefined });
    expect(changed({ target: "unit" })).toEqual({ target: "unit", at: undefined });
    expect(changed({ output: undefined })).toEqual({ target: 1, at: undefined });
    expect(changed({ image: "24016" })).toEqual({ target: undefined, at: undefined });
    expect(changed({ image: "24017", target: 0, at: [1, 1] })).toEqual({ target: 0, at: [1, 1] });
    expect(read("#at=3,4")).toEqual(DEFAULTS);
  });

  test("keeps the page of the map that was selected until another layer is", () => {
    const store = createStore<State>(SLICES);
    select(store, { layer: "a", channel: 30 });
    select(store, { layer: "a" });
    expect(store.state).toMatchObject({ channel: undefined, from: 30 });
    store.set({ from: 60 });
    expect(store.state.from).toBe(60);
    select(store, { layer: "b" });
    expect(store.state.from).toBeUndefined();
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { admit, type Known } from "../../demo/admit.ts";
import { type Brought, broughtOf, filesOf, type Intake, labelsIn, sortFiles } from "../../demo/intake.ts";
import { DEFAULTS, type State, Store, UNSELECTED } from "../../demo/state.ts";

const KNOWN: Known = {
  exhibits: [
    { layer: "image", stand: { stages: ["image"] }, size: [8, 8, 3], kind: "picture" },
    { layer: "relu", stand: { stages: ["conv", "relu"] }, size: [4, 6, 5], kind: "volume" },
    { layer: "say", stand: { stages: ["say"] }, size: [1, 1, 3], kind: "vector" },
  ],
  outputs: [
    { name: "say", classes: 3 },
    { name: "age", classes: 1 },
  ],
  weighable: ["conv", "relu"],
};
const of = (state: Partial<State>) => admit({ ...DEFAULTS, ...state }, KNOWN);

describe("what a network has", () => {
  test("is let through, and a layer that another shows becomes that one", () => {
    expect(of({ layer: "conv", channel: 4, y: 3, x: 5, target: 2, weighs: "conv" })).toEqual({
      state: { ...DEFAULTS, layer: "relu", channel: 4, y: 3, x: 5, target: 2, weighs: "conv" },
      refused: [],
    });
  });

  test.each([
    [{ layer: "none", channel: 1, from: 1 }, /no layer “none”/, UNSELECTED],
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
        expect(admit(state, KNOWN)).toEqual({ state, refused: [] });
        const exhibit = KNOWN.exhibits.find(({ layer }) => layer === state.layer);
        expect(state.layer === undefined || exhibit !== undefined).toBe(true);
        if (state.channel !== undefined && exhibit) expect(state.channel).toBeLessThan(exhibit.size[2]);
      }),
    );
  });
});

describe("the store", () => {
  test("holds to what is let through, and tells what changed by it", () => {
    const store = new Store();
    store.set({ layer: "none" });
    const told: string[][] = [];
    store.listen((_, changed) => told.push([...changed].sort()));
    store.hold((state) => admit(state, KNOWN).state);
    expect(store.state.layer).toBeUndefined();
    store.set({ layer: "conv", channel: 77 });
    expect(store.state).toMatchObject({ layer: "relu", channel: undefined });
    expect(told).toEqual([["layer"], ["layer"]]);
    store.set({ layer: "none" });
    expect(store.state.layer).toBeUndefined();
  });

  test("keeps the page of the map that was selected until another layer is", () => {
    const store = new Store();
    store.select({ layer: "a", channel: 30 });
    store.select({ layer: "a" });
    expect(store.state).toMatchObject({ channel: undefined, from: 30 });
    store.set({ from: 60 });
    expect(store.state.from).toBe(60);
    store.select({ layer: "b" });
    expect(store.state.from).toBeUndefined();
  });
});

describe("what people bring", () => {
  const file = (path: string, text = "", type = ""): Brought => ({
    path,
    file: new File([text], path.split("/").at(-1) ?? "", { type }),
  });
  const taken = (files: readonly Brought[]): string => {
    let got = "";
    const intake: Intake = {
      picture: (_, name) => {
        got = `picture ${name}`;
      },
      model: (all) => {
        got = `model ${all.length}`;
      },
      refuse: (words) => {
        got = words;
      },
    };
    sortFiles(files, intake);
    return got;
  };

  test("is a model with a .json, else a picture, else refused by name", () => {
    expect(taken([file("a/model.json"), file("a/w.bin"), file("p.png", "", "image/png")])).toBe("model 3");
    expect(taken([file("w.bin"), file("p.png", "", "image/png")])).toBe("picture p.png");
    expect(taken([file("notes.txt")])).toMatch(/got notes\.txt/);
    expect(taken([])).toBe("");
  });

  test("keeps its paths: of a folder that is dropped, and of one that is picked", async () => {
    /** An entry as a browser gives it for what is dropped; folders give their contents in two portions. */
    const entry = (fullPath: string, inside?: readonly unknown[]): unknown => {
      let given = 0;
      const name = fullPath.split("/").at(-1) ?? "";
      return inside
        ? {
            isFile: false,
            fullPath,
            createReader: () => ({
              readEntries: (resolve: (some: readonly unknown[]) => void) =>
                resolve(inside.slice(given, ++given)),
            }),
          }
        : {
            isFile: true,
            fullPath,
            file: (resolve: (file: File) => void) => resolve(new File([fullPath], name)),
          };
    };
    const folder = entry("/net", [
      entry("/net/model.json"),
      entry("/net/c1", [entry("/net/c1/shard.bin")]),
      entry("/net/c2", [entry("/net/c2/shard.bin")]),
    ]);
    const items = [{ kind: "string" }, { kind: "file", webkitGetAsEntry: () => folder }];
    const found = await filesOf({ items, files: [] } as unknown as DataTransfer);
    expect(found.map(({ path }) => path)).toEqual(["net/model.json", "net/c1/shard.bin", "net/c2/shard.bin"]);
    expect(await found[2]?.file.text()).toBe("/net/c2/shard.bin");
    const picked = Object.assign(new File([""], "shard.bin"), { webkitRelativePath: "net/c1/shard.bin" });
    expect(broughtOf([picked, new File([""], "b.bin")]).map(({ path }) => path)).toEqual([
      "net/c1/shard.bin",
      "b.bin",
    ]);
  });

  test("may name the classes, if the number is right", async () => {
    const names = file("labels.json", '["a", "b"]');
    expect(await labelsIn([file("model.json", "{}"), names], [2])).toEqual(["a", "b"]);
    expect(await labelsIn([names], [3])).toBeUndefined();
    expect(await labelsIn([file("labels.json", "{ no"), file("labels.txt", "x\r\ny\nz\n")], [3, 1])).toEqual([
      "x",
      "y",
      "z",
    ]);
    expect(await labelsIn([file("other.json", "[1, 2]")], [2])).toBeUndefined();
  });
});

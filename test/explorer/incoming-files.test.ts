import { describe, expect, test } from "vitest";
import {
  type Brought,
  broughtOf,
  filesOf,
  type Incoming,
  labelsIn,
  sortFiles,
} from "../../demo/incoming-files.ts";

describe("what people bring", () => {
  const file = (path: string, text = "", type = ""): Brought => ({
    path,
    file: new File([text], path.split("/").at(-1) ?? "", { type }),
  });
  const taken = (files: readonly Brought[]): string => {
    let got = "";
    const incoming: Incoming = {
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
    sortFiles(files, incoming);
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

import { describe, expect, test } from "vitest";
import { type Brought, broughtOf, filesOf, type Incoming, sortFiles } from "../../demo/incoming-files.ts";

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
      labels: (one) => {
        got = `labels ${one.name}`;
      },
      refuse: (words) => {
        got = words;
      },
    };
    sortFiles(files, incoming);
    return got;
  };

  test("is a model with the file of one, else a picture, else refused by name", () => {
    expect(taken([file("a/model.json"), file("a/w.bin"), file("p.png", "", "image/png")])).toBe("model 3");
    expect(taken([file("net.ONNX"), file("labels.txt")])).toBe("model 2");
    expect(taken([file("net.keras")])).toBe("model 1");
    expect(taken([file("w.bin"), file("p.png", "", "image/png")])).toBe("picture p.png");
    expect(taken([file("labels.txt")])).toBe("labels labels.txt");
    expect(taken([file("a/config.json")])).toBe("labels config.json");
    expect(taken([file("model.json")])).toBe("model 1");
    expect(taken([file("notes.md")])).toMatch(/got notes\.md/);
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
});

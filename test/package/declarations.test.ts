import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { exportedNames, unexportedTypes } from "./signatures.ts";

const TSC = "node_modules/typescript/bin/tsc";
let folder: string;

function tsc(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [TSC, ...args], { encoding: "utf8" });
  return stdout + stderr;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-types-"));
  expect(tsc("--project", "tsconfig.build.json", "--outDir", folder)).toBe("");
  symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("declarations", () => {
  // What package.json exports, each by the name of its file.
  const ENTRIES = Object.values(packageJson.exports).flatMap((to) =>
    typeof to === "string" ? [] : [basename(to.types, ".d.ts")],
  );
  const path = (name: string): string => join(folder, `${name}.d.ts`);

  test.each(ENTRIES)("of %s name no type that no entry exports", (entry) => {
    expect(exportedNames(path(entry)).length).toBeGreaterThan(2);
    expect(unexportedTypes(path(entry), [path("bundle")])).toEqual([]);
  });

  test("stand in one entry each, but the seven first calls that the main one has too", () => {
    const apart = ENTRIES.filter((entry) => !["bundle", "node"].includes(entry));
    const homes = new Map<string, string[]>();
    for (const entry of apart) {
      for (const name of exportedNames(path(entry))) homes.set(name, [...(homes.get(name) ?? []), entry]);
    }
    const twice = [...homes].filter(([, entries]) => entries.length > 1);
    expect(Object.fromEntries(twice)).toEqual({
      renderFigure: ["index", "figures"],
      composeFigure: ["index", "figures"],
      encodePng: ["index", "images"],
      deprocess: ["index", "images"],
      syntheticPictures: ["index", "dataset"],
      trust: ["index", "metrics"],
      logit: ["index", "objectives"],
    });
    // A page has all of them in one file.
    const bundled = exportedNames(path("bundle"));
    const outside = ["three", "tfjs"].flatMap((entry) => exportedNames(path(entry)));
    expect([...homes.keys()].filter((name) => !bundled.includes(name) && !outside.includes(name))).toEqual(
      [],
    );
    expect(bundled.length).toBeGreaterThan(350);
  });

  test.each([
    [["ES2022"], []],
    [["ES2022", "WebWorker"], []],
    [["ES2022", "DOM"], []],
  ])("check without skipLibCheck on %j with types %j", (lib, types) => {
    const config = join(folder, "tsconfig.json");
    // three's and tfjs's own declarations need the DOM library and skipLibCheck.
    const entries = lib.includes("DOM") ? ["node", "three"] : ["node"];
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: false,
      target: "ES2022",
      module: "ESNext",
      moduleResolution: "Bundler",
      lib,
      types,
    };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: entries.map((name) => `${name}.d.ts`) }));
    expect(tsc("--project", config)).toBe("");
  });
});

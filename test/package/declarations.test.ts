import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicNames, unexportedTypes } from "./signatures.ts";

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
  const ENTRIES = ["index", "node", "three", "tfjs"];

  test.each(ENTRIES)("of %s export every type that a public signature names", (entry) => {
    const path = (name: string): string => join(folder, `${name}.d.ts`);
    expect(publicNames(path(entry))).toBeGreaterThan(entry === "index" ? 150 : 3);
    // Tensors come from the main entry, which everybody has who has another.
    expect(unexportedTypes(path(entry), [path("index")])).toEqual([]);
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

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  assertApart,
  type Block,
  blocksBeside,
  declarationsOf,
  linkShader,
} from "../../build/link-shader.ts";

const block = (name: string, source: string): Block => ({ name, declarations: declarationsOf(source) });

const NOISE = block(
  "noise",
  `// Noise.

const SCALE = 2.0; // of all noise

// A hash.
// In two lines.
fn hash(v: u32) -> u32 {
  if (v == 0u) {
    return 1u;
  }

  return v * 7u;
}

@must_use
fn noise(v: u32) -> f32 {
  return SCALE * f32(hash(v));
}

struct Pair {
  first: f32,
  second: f32,
}

fn idle(
  v: f32,
) -> f32 {
  return v;
}
`,
);

const kernel = (body: string): string => `// A kernel.
@compute @workgroup_size(1)
fn main() {
  ${body}
}
`;

describe("declarations", () => {
  test("are found with their comments, whatever they are", () => {
    expect(NOISE.declarations.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "const SCALE",
      "fn hash",
      "fn noise",
      "struct Pair",
      "fn idle",
    ]);
    expect(NOISE.declarations[0]?.text).toBe("const SCALE = 2.0; // of all noise");
    expect(NOISE.declarations[1]?.text).toMatch(/^\/\/ A hash\.\n\/\/ In two lines\.\nfn hash[\s\S]*7u;\n}$/);
    expect(
      declarationsOf("var<workgroup> a: array<f32, 4>;\noverride B: bool = true;\nalias C = f32;"),
    ).toMatchObject([
      { kind: "var", name: "a" },
      { kind: "override", name: "B" },
      { kind: "alias", name: "C" },
    ]);
    expect(declarationsOf("@group(0) @binding(1) var<storage, read> x: array<f32>;")).toMatchObject([
      { kind: "var", name: "x" },
    ]);
  });
});

describe("a linked kernel", () => {
  test("keeps its own lines, and takes what it uses and what that uses", () => {
    const source = kernel("let n = noise(3u);");
    const linked = linkShader(source, "k", [NOISE]);
    expect(linked.startsWith(source.trimEnd())).toBe(true);
    expect(declarationsOf(linked).map(({ name }) => name)).toEqual(["main", "SCALE", "hash", "noise"]);
    expect(linked).toContain("// From blocks/noise.wgsl.");
  });

  test("is what it was where it uses no block", () => {
    for (const body of [
      "let n = 1;",
      "// noise(3u)",
      "let noise = 2.0;",
      "let n = a.SCALE;",
      "let n = hashed(1u);",
    ]) {
      const source = kernel(body);
      expect(linkShader(source, "k", [NOISE])).toBe(source);
    }
  });

  test("may not declare again what a block declares", () => {
    const source = `${kernel("let n = hash(3u);")}\nfn hash(v: u32) -> u32 { return v; }\n`;
    expect(() => linkShader(source, "k", [NOISE])).toThrow(/"k".*"hash".*blocks\/noise\.wgsl/);
  });
});

describe("blocks", () => {
  test("may not declare what another declares, whoever uses it", () => {
    const other = block("sums", "fn total(v: u32) -> u32 { return v; }\n\nconst SCALE = 3.0;\n");
    expect(() => assertApart([NOISE, other])).toThrow(/"SCALE".*blocks\/noise\.wgsl.*blocks\/sums\.wgsl/);
    expect(() => assertApart([NOISE, block("sums", "const TIMES = 3.0;")])).not.toThrow();
  });

  test("of the shaders are read through that check", () => {
    const root = mkdtempSync(join(tmpdir(), "blocks-"));
    mkdirSync(join(root, "blocks"));
    for (const name of ["a", "b"]) writeFileSync(join(root, "blocks", `${name}.wgsl`), "const SIZE = 4u;\n");
    expect(() => blocksBeside(join(root, "kernel.wgsl"))).toThrow(/"SIZE"/);
    rmSync(root, { recursive: true });
  });
});

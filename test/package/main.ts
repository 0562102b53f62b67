import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKS } from "./checks.ts";
import { Project, pack } from "./project.ts";

/**
 * Packs this repository and installs the tarball into fresh folders, as its users would: Node, TypeScript 5.9 and 7,
 * a plain page, esbuild, vite, webpack, Deno, Bun. Names as arguments check only those. Run it with `npm run test:package`; the
 * tools come from the registry, and it takes some minutes.
 */
export async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in CHECKS));
  if (unknown.length > 0) {
    console.error(
      `test:package: expected some of ${Object.keys(CHECKS).join(", ")}, got ${unknown.join(", ")}`,
    );
    return 1;
  }
  const packed = mkdtempSync(join(tmpdir(), "vitrine-packed-"));
  let failures = 0;
  try {
    const tarball = pack(packed);
    for (const [name, check] of Object.entries(CHECKS)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const project = new Project(name);
      const from = Date.now();
      const took = (): string => `${Math.round((Date.now() - from) / 1000)} s`;
      try {
        console.log(`${name}: ${await check(project, tarball)} (${took()})`);
      } catch (error) {
        failures++;
        console.error(`${name}: ${(error as Error).message} (${took()})`);
      } finally {
        project.destroy();
      }
    }
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
  return failures === 0 ? 0 : 1;
}

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release } from "node:os";

/** The commit that is checked out, with a plus where files differ from it; "unknown" outside a repository. */
export function commit(): string {
  const git = (...args: string[]): string =>
    spawnSync("git", args, { encoding: "utf8" }).stdout?.trim() ?? "";
  const head = git("rev-parse", "--short", "HEAD");
  return head ? `${head}${git("status", "--porcelain", "--untracked-files=no") ? "+" : ""}` : "unknown";
}

/** Operating system and processor. */
export function system(): string {
  return `${platform()} ${release()} ${arch()}, ${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}`;
}

/** Version of an installed package; without a name, of this one. */
export function packageVersion(name?: string): string {
  const path = name ? `node_modules/${name}/package.json` : "package.json";
  return JSON.parse(readFileSync(path, "utf8")).version;
}

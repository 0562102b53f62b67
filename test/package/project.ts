import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Everything that a command printed, and how it ended. */
export interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

/** A folder of somebody who uses the package: nothing in it but what he installs. */
export class Project {
  readonly folder: string;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `vitrine-${name}-`));
    this.write("package.json", JSON.stringify({ name: "app", private: true, type: "module" }));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Runs a command there; what is not expected to fail throws with what it printed. */
  run(command: string, args: readonly string[], { mayFail = false } = {}): Outcome {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: this.folder,
      encoding: "utf8",
      timeout: 600_000,
    });
    const text = `${stdout ?? ""}${stderr ?? ""}${error ? String(error) : ""}`;
    if (status !== 0 && !mayFail)
      throw new Error(`${command} ${args.join(" ")}: ended with ${status}\n${text}`);
    return { code: status, text };
  }

  install(...packages: readonly string[]): void {
    this.run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages]);
  }

  /** Runs the JavaScript of a module in Node, and gives what it printed. */
  node(source: string, options?: { readonly mayFail?: boolean }): Outcome {
    this.write("main.js", source);
    return this.run(process.execPath, ["main.js"], options);
  }

  destroy(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Packs this repository as npm would publish it; the path of the tarball. */
export function pack(into: string): string {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json", "--pack-destination", into], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`npm pack: ended with ${status}\n${stderr}`);
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [{ filename: string }];
  return join(into, filename);
}

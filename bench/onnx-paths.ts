import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { modelFromDisk } from "../src/node.ts";
import type { Case } from "./case.ts";
import { casesOfFiles } from "./cases/onnx-files.ts";

/**
 * Cases of ONNX files on disk.
 * @throws Error for a path that is none and has none below it.
 */
export async function casesOfPaths(paths: readonly string[]): Promise<Case[]> {
  const files = paths.flatMap((path) => {
    const found = filesAt(path);
    if (found.length === 0) throw new Error(`--onnx: expected ONNX files, got none in ${path}`);
    return found;
  });
  return casesOfFiles(await Promise.all(files.map(modelFromDisk)), namesOf(files));
}

/** A file by itself, or the ONNX files in and below a folder, by name. */
function filesAt(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })) {
    throw new Error(`--onnx: expected a file or folder, got ${path}`);
  }
  if (statSync(path).isFile()) return [path];
  const inside = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  return inside.filter((file) => file.endsWith(".onnx")).map((file) => join(path, file));
}

/** What each file is called: its name, or its folder's where it is called as most are; with a number where two are alike. */
function namesOf(files: readonly string[]): string[] {
  const taken = new Map<string, number>();
  return files.map((file) => {
    const own = basename(file, ".onnx");
    const name = own === "model" ? basename(dirname(file)) : own;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  });
}

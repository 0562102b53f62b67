import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../gpu/errors.ts";

/**
 * Writes a file whole or not at all: the bytes go into a file beside it, which then takes its name. A full disk or a
 * stop leaves the old file, or none. A link stays, and what it leads to is replaced; a device or a pipe is written straight.
 * @param what the file's kind, for the error: "image".
 * @throws InputError when it cannot be written.
 */
export async function writeWhole(path: string, bytes: Uint8Array, what = "file"): Promise<void> {
  try {
    const { real, mode, regular } = await targetOf(path);
    if (!regular) {
      await writeFile(real, bytes);
      return;
    }
    const aside = besideOf(real);
    try {
      await writeFile(aside, bytes, { flag: "wx" });
      if (mode !== undefined) await chmod(aside, mode);
      await rename(aside, real);
    } catch (error) {
      await rm(aside, { force: true });
      throw error;
    }
  } catch (error) {
    throw new InputError(`${what} "${path}": expected to write it, got ${(error as Error).message}`);
  }
}

/**
 * Finds out before any work whether a file can be written: its folder is made, and a file beside it that goes again.
 * @throws InputError when it cannot.
 */
export async function tryFile(path: string, what = "file"): Promise<void> {
  await makeFolder(dirname(path));
  try {
    const { real, regular } = await targetOf(path);
    if (regular) await tryBeside(real);
  } catch (error) {
    throw new InputError(`${what} "${path}": expected to write it, got ${(error as Error).message}`);
  }
}

/** Finds out whether files can be written into a folder, and makes it. @throws InputError when they cannot. */
export async function tryFolder(path: string): Promise<void> {
  await makeFolder(path);
  try {
    await tryBeside(join(path, "file"));
  } catch (error) {
    throw new InputError(`folder "${path}": expected to write into it, got ${(error as Error).message}`);
  }
}

/** @throws InputError when the folder cannot be made. */
export async function makeFolder(path: string): Promise<void> {
  await makeFolders(path).catch((error: Error) => {
    throw new InputError(`folder "${path}": expected to make it, got ${error.message}`);
  });
}

/** Node's own recursion never ends where a file system takes no folders, as /proc does not. */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await mkdir(path);
  }
}

async function tryBeside(path: string): Promise<void> {
  const aside = besideOf(path);
  await (await open(aside, "wx")).close();
  await rm(aside);
}

/** A name that nothing has, in the same folder: only within one file system is a rename whole or not at all. */
function besideOf(path: string): string {
  return join(dirname(path), `.vitrine-${randomBytes(8).toString("hex")}.part`);
}

/** Target of a path: the file's place, its permissions if it is there, and whether it is a plain file. */
async function targetOf(path: string) {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return { real: path, mode: undefined, regular: true };
  if (found.isDirectory()) throw new Error("a folder of that name");
  return { real: await realpath(path), mode: found.mode & 0o7777, regular: found.isFile() };
}

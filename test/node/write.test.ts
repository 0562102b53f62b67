import { mkdtempSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { tryFile, tryFolder, writeWhole } from "../../src/node/write.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-write-"));
const at = (name: string) => join(folder, name);
const bytes = (text: string) => new TextEncoder().encode(text);
const noDisk = () =>
  stat("/dev/full").then(
    () => false,
    () => true,
  );

describe("a file", () => {
  test("is written whole, keeps its permissions, and leaves nothing beside it", async () => {
    const path = at("whole.txt");
    await writeFile(path, "old");
    await chmod(path, 0o640);
    const { ino } = await stat(path);
    await writeWhole(path, bytes("new"));
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    // Another file took the name: the old one was never half of anything.
    expect((await stat(path)).ino).not.toBe(ino);
    expect(await readdir(folder)).toEqual(["whole.txt"]);
    const long = at(`${"x".repeat(250)}.txt`);
    await writeWhole(long, bytes("a name as long as names get"));
    expect((await stat(long)).size).toBe(27);
  });

  test("behind a link is replaced, and the link stays", async () => {
    await writeFile(at("real.txt"), "old");
    await symlink(at("real.txt"), at("link.txt"));
    await writeWhole(at("link.txt"), bytes("new"));
    expect((await lstat(at("link.txt"))).isSymbolicLink()).toBe(true);
    expect(await readFile(at("real.txt"), "utf8")).toBe("new");
  });

  test("on a full device is an error, and the device stays one", async ({ skip }) => {
    skip(await noDisk(), "there is no /dev/full here");
    await symlink("/dev/full", at("full.txt"));
    await expect(writeWhole(at("full.txt"), bytes("new"), "image")).rejects.toThrow(
      /image ".*full\.txt": expected to write it, got ENOSPC/,
    );
    expect((await stat("/dev/full")).isCharacterDevice()).toBe(true);
  });
});

describe("before any work", () => {
  test("a file is tried in a folder that is made for it, and is not made itself", async () => {
    await tryFile(at("deep/deeper/new.png"));
    expect(await readdir(at("deep/deeper"))).toEqual([]);
    await tryFolder(at("deep/other"));
    expect(await readdir(at("deep/other"))).toEqual([]);
  });

  test.each([
    [
      "a folder of that name",
      () => mkdir(at("taken.png")).then(() => at("taken.png")),
      /a folder of that name/,
    ],
    [
      "a file where a folder should be",
      () => writeFile(at("file"), "").then(() => at("file/a.png")),
      /expected to make it/,
    ],
    ["a file system that takes none", () => Promise.resolve("/proc/vitrine/a.png"), /expected to make it/],
  ])("%s is found", async (_, make, message) => {
    const path = await make();
    await expect(tryFile(path, "--out")).rejects.toThrow(message);
    await expect(tryFile(path, "--out")).rejects.toBeInstanceOf(InputError);
  });
});

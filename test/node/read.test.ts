import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSource } from "../../src/cli/image-files.ts";
import { readLabels } from "../../src/cli/labels.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { imageSize, readImage } from "../../src/node/image.ts";
import { readNpy } from "../../src/node/npy.ts";
import { readRegular } from "../../src/node/read.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-read-"));
});
afterAll(() => rm(folder, { recursive: true }));

const READERS = { readImage, imageSize, readNpy, readLabels, readSource };

test.runIf(process.platform !== "win32").each(Object.entries(READERS))(
  "%s waits for no pipe and reads no device",
  async (name, read) => {
    const pipe = join(folder, name);
    execFileSync("mkfifo", [pipe]);
    for (const [path, got] of [
      [pipe, /a pipe/],
      ["/dev/zero", /a device/],
      [folder, /a folder/],
      [join(folder, "absent"), /ENOENT/],
    ] as const) {
      await expect(read(path)).rejects.toThrow(InputError);
      await expect(read(path)).rejects.toThrow(got);
    }
  },
);

test("a file is read whole, unless it is longer than it may be", async () => {
  const path = join(folder, "ten");
  await writeFile(path, "0123456789");
  expect((await readRegular(path, "file", 10)).toString()).toBe("0123456789");
  await expect(readRegular(path, "file", 9)).rejects.toThrow(/^file: expected .* 10 bytes, more than 9/);
});

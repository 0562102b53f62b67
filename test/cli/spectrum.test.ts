import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readImage, writePng } from "../../src/node/image.ts";
import { readNpy } from "../../src/node/npy.ts";
import { spectrumOf } from "../../src/optimise/image/magnitude.ts";
import { testDevice } from "../gpu.ts";
import { folder, json, vitrine } from "./run.ts";

const at = (name: string) => join(folder, "spectrum", name);

beforeAll(async () => {
  const { code } = await vitrine(["dataset", "--count", "3", "--size", "20", "--out", at("pictures")]);
  expect(code).toBe(0);
  await writePng(at("other.png"), { width: 9, height: 31, data: new Uint8Array(9 * 31 * 3).fill(77) });
  await writeFile(at("broken.png"), "no picture");
});

test("spectrum keeps the mean magnitude of a folder's pictures, and of others, as the library does", async () => {
  const args = ["spectrum", at("pictures"), at("other.png"), "--size", "16x15", "--out", at("s.npy")];
  const report = await json<{ pictures: number; shape: number[] }>(args);
  expect(report).toMatchObject({ pictures: 4, shape: [16, 8, 3] });
  const { shape, data } = await readNpy(at("s.npy"));
  expect(shape).toEqual([16, 8, 3]);
  const { pictures } = await json<{ pictures: { file: string }[] }>([
    ...["dataset", "--count", "3", "--size", "20", "--out", at("pictures")],
  ]);
  const files = [...pictures.map(({ file }) => file), at("other.png")];
  const right = await spectrumOf(
    await testDevice(),
    await Promise.all(files.map((file) => readImage(file))),
    {
      size: [16, 15],
    },
  );
  expect(data).toEqual(right.data);
});

test("spectrum names a broken picture among several, and measures the others", async () => {
  const found = await vitrine(["spectrum", at("broken.png"), at("other.png"), "--out", at("one.npy")]);
  expect(found.code).toBe(1);
  expect(found.out).toBe("1 picture, magnitudes of 224×113×3");
  expect(found.err).toMatch(/broken\.png[\s\S]*1 of 2 pictures could not be used: .*broken\.png/);
  expect((await readNpy(at("one.npy"))).shape).toEqual([224, 113, 3]);
});

test.each([
  [["--out", "s.npy"], /expects a folder or pictures, got none/],
  [["synthetic:1"], /expects --out spectrum\.npy, got none/],
  [["synthetic:1", "--out", "s.png"], /--out expects a file that ends in \.npy/],
  [["synthetic:1", "--out", at("s2.npy"), "--size", "0"], /--size expects pixels/],
  [["synthetic:x", "--out", at("s2.npy")], /synthetic: and a whole number/],
  [[at("broken.png"), "--out", at("s2.npy")], /broken\.png/],
])("spectrum refuses %j", async (args, message) => {
  const { code, err } = await vitrine(["spectrum", ...args]);
  expect(code).toBe(1);
  expect(err).toMatch(message);
});

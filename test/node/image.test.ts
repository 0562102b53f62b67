import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { decodeImage, imageSize, readImage, writePng } from "../../src/node/image.ts";
import { type Tiff, tiff } from "./tiff.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-images-"));
});
afterAll(() => rm(folder, { recursive: true }));

const W = 12;
const H = 8;
/** Left half red, right half blue; the top left quarter is lighter. */
const RGB = Uint8Array.from({ length: W * H * 3 }, (_, i) => {
  const [x, y, c] = [Math.floor(i / 3) % W, Math.floor(i / 3 / W), i % 3];
  const left = x < W / 2;
  return left && y < H / 2 ? ([255, 80, 80][c] ?? 0) : left ? ([200, 0, 0][c] ?? 0) : ([0, 0, 200][c] ?? 0);
});
const image = () => sharp(RGB, { raw: { width: W, height: H, channels: 3 } });

async function stored(name: string, made: Sharp): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, await made.toBuffer());
  return path;
}

/** The pixel at (x, y). */
async function at(path: string, x: number, y: number): Promise<number[]> {
  const { width, data } = await readImage(path);
  return [...data.slice((y * width + x) * 3, (y * width + x + 1) * 3)];
}

test("pixels written as PNG come back", async () => {
  const path = join(folder, "written.png");
  await writePng(path, { width: W, height: H, data: RGB });
  const pixels = await readImage(path);
  expect([pixels.width, pixels.height]).toEqual([W, H]);
  expect([...pixels.data]).toEqual([...RGB]);
});

test("PNG: 16 bits are reduced, palettes and grey become RGB, transparency shows white", async () => {
  const deep = sharp(
    Uint16Array.from(RGB, (v) => v * 257),
    { raw: { width: W, height: H, channels: 3 } },
  )
    .toColourspace("rgb16")
    .png();
  const deepPath = await stored("deep.png", deep);
  expect((await sharp(deepPath).metadata()).depth).toBe("ushort");
  expect(await at(deepPath, 1, 1)).toEqual([255, 80, 80]);
  expect(await at(await stored("palette.png", image().png({ palette: true })), 11, 7)).toEqual([0, 0, 200]);
  const grey = await readImage(await stored("grey.png", image().greyscale().png()));
  expect(grey.data.length).toBe(W * H * 3);
  expect(new Set(grey.data.slice(0, 3)).size).toBe(1);
  const clear = sharp(Uint8Array.from([10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 128]), {
    raw: { width: 3, height: 1, channels: 4 },
  }).png();
  const clearPath = await stored("clear.png", clear);
  expect(await at(clearPath, 0, 0)).toEqual([10, 20, 30]);
  expect(await at(clearPath, 1, 0)).toEqual([255, 255, 255]);
  for (const [i, value] of (await at(clearPath, 2, 0)).entries())
    expect(Math.abs(value - ([127, 177, 227][i] ?? 0))).toBeLessThanOrEqual(1);
});

test("JPEG: EXIF's orientation is applied, CMYK becomes RGB; WebP is read", async () => {
  const near = (color: number[], expected: number[], by: number) => {
    for (const [i, value] of color.entries())
      expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThanOrEqual(by);
  };
  const jpeg = { quality: 100, chromaSubsampling: "4:4:4" };
  const turned = await stored("turned.jpg", image().jpeg(jpeg).withMetadata({ orientation: 6 }));
  const upright = await readImage(turned);
  // Orientation 6: the stored picture's left column is the top row.
  expect([upright.width, upright.height]).toEqual([H, W]);
  near(await at(turned, 1, 10), [0, 0, 200], 30);
  near(await at(turned, 7, 1), [255, 80, 80], 30);
  const cmyk = await stored("cmyk.jpg", image().toColourspace("cmyk").jpeg(jpeg));
  expect((await sharp(cmyk).metadata()).space).toBe("cmyk");
  const [red = 0, , blue = 0] = await at(cmyk, 1, 6);
  expect(red - blue).toBeGreaterThan(100);
  expect((await readImage(cmyk)).data.length).toBe(W * H * 3);
  expect(await at(await stored("lossless.webp", image().webp({ lossless: true })), 1, 6)).toEqual([
    200, 0, 0,
  ]);
});

test("an image of one pixel is an image", async () => {
  const one = sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } }).png();
  expect(await readImage(await stored("one.png", one))).toEqual({
    width: 1,
    height: 1,
    data: Uint8Array.of(1, 2, 3),
  });
});

test("files that are missing, truncated, empty or no images are refused", async () => {
  const refuse = async (name: string, bytes: Uint8Array | undefined) => {
    const path = join(folder, name);
    if (bytes) await writeFile(path, bytes);
    await expect(readImage(path)).rejects.toThrow(InputError);
    await expect(readImage(path)).rejects.toThrow(`image "${path}": expected`);
  };
  await refuse("missing.png", undefined);
  await refuse("empty.png", new Uint8Array());
  await refuse("text.jpg", new TextEncoder().encode("this is no image"));
  for (const [name, made] of [
    ["cut.png", image().png()],
    ["cut.jpg", image().jpeg()],
    ["cut.webp", image().webp()],
  ] as const) {
    const bytes = await readFile(await stored(name, made));
    await refuse(name, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  }
  await expect(readImage(folder)).rejects.toThrow(InputError);
  await expect(
    writePng(join(folder, "no", "folder.png"), { width: 1, height: 1, data: new Uint8Array(3) }),
  ).rejects.toThrow(InputError);
  await expect(
    writePng(join(folder, "wrong.png"), { width: 2, height: 1, data: new Uint8Array(3) }),
  ).rejects.toThrow(InputError);
});

/** 2×2 pixels of three channels, i/12 of the whole. */
const twelfths = <T extends { buffer: ArrayBufferLike }>(make: (values: number[]) => T) =>
  new Uint8Array(make(Array.from({ length: 12 }, (_, i) => i / 12)).buffer);
const EXPECTED = Array.from({ length: 12 }, (_, i) => (i / 12) * 255);
const rgb = (bits: number, format: Tiff["format"], data: Uint8Array): Uint8Array =>
  tiff({ width: 2, height: 2, bits, format, photometric: 2, samples: 3, data });

test.each<[what: string, bytes: Uint8Array]>([
  [
    "floats of 0…1",
    rgb(
      32,
      3,
      twelfths((v) => Float32Array.from(v)),
    ),
  ],
  [
    "floats of 0…255",
    rgb(
      32,
      3,
      twelfths((v) => Float32Array.from(v, (x) => x * 255)),
    ),
  ],
  [
    "16 bits",
    rgb(
      16,
      1,
      twelfths((v) => Uint16Array.from(v, (x) => x * 65535)),
    ),
  ],
  [
    "8 bits",
    rgb(
      8,
      1,
      twelfths((v) => Uint8Array.from(v, (x) => x * 255)),
    ),
  ],
])("a TIFF of %s is the picture", async (_, bytes) => {
  const { width, height, data } = await decodeImage(bytes);
  expect([width, height, data.length]).toEqual([2, 2, 12]);
  for (const [i, value] of data.entries()) expect(Math.abs(value - (EXPECTED[i] ?? 0))).toBeLessThan(1);
});

test("a TIFF of grey floats, and one with a palette, are the picture", async () => {
  const grey = { width: 2, height: 1, bits: 32, format: 3, photometric: 1, samples: 1 } as const;
  const values = new Uint8Array(Float32Array.of(0.2, 1).buffer);
  expect([...(await decodeImage(tiff({ ...grey, data: values }))).data]).toEqual([51, 51, 51, 255, 255, 255]);
  const only = (index: number) => Array.from({ length: 256 }, (_, i) => (i === index ? 65535 : 0));
  const palette = [...only(1), ...only(2), ...only(3)];
  const indexed = { ...grey, width: 4, bits: 8, format: 1, photometric: 3, palette } as const;
  expect([...(await decodeImage(tiff({ ...indexed, data: Uint8Array.of(0, 1, 2, 3) }))).data]).toEqual([
    0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255,
  ]);
});

test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
  [
    "negative floats",
    rgb(
      32,
      3,
      twelfths((v) => Float32Array.from(v, (x) => x - 0.5)),
    ),
    /floats of 0…1 or 0…255, got -0.5/,
  ],
  [
    "floats beyond 255",
    rgb(
      32,
      3,
      twelfths((v) => Float32Array.from(v, (x) => x * 1000)),
    ),
    /floats of 0…1 or 0…255/,
  ],
  [
    "signed integers",
    rgb(
      16,
      2,
      twelfths((v) => Int16Array.from(v, (x) => x * 255)),
    ),
    /8 or 16 bits, or floats, got short/,
  ],
  [
    "integers of 32 bits",
    rgb(
      32,
      1,
      twelfths((v) => Uint32Array.from(v, (x) => x * 255)),
    ),
    /got uint/,
  ],
  [
    "zeros, as floats of 0…1 become when they are cut to bytes",
    rgb(8, 1, new Uint8Array(12)),
    /black throughout/,
  ],
])("a TIFF of %s is refused", async (_, bytes, message) => {
  await expect(decodeImage(bytes)).rejects.toThrow(InputError);
  await expect(decodeImage(bytes)).rejects.toThrow(message);
});

test("what has more pixels than the limit is refused before it is decoded, SVG always", async () => {
  const side = 16383;
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  // Grey of 1 bit: 33 kB that would be 805 MB.
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head[8] = 1;
  const rows = deflateSync(Buffer.alloc((Math.ceil(side / 8) + 1) * side));
  const signature = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const bytes = Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", rows),
    chunk("IEND", new Uint8Array()),
  ]);
  await expect(decodeImage(bytes, "huge.png")).rejects.toThrow(
    /"huge.png": expected at most 64 megapixels, got 16383×16383/,
  );
  head.writeUInt32BE(3_000_000, 0);
  head.writeUInt32BE(17, 4);
  const wide = Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", rows),
    chunk("IEND", new Uint8Array()),
  ]);
  await expect(decodeImage(wide, "wide.png")).rejects.toThrow(
    /"wide.png": expected at most 65535 pixels a side, got 3000000×17/,
  );
  // The size of a GIF's canvas stands behind its signature, and that of a frame behind a comma and its place.
  const gif = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
    .gif()
    .toBuffer();
  const frame = gif.indexOf(Uint8Array.of(0x2c, 0, 0, 0, 0, 8, 0, 8, 0));
  for (const at of [6, 8, frame + 5, frame + 7]) gif.writeUInt16LE(8000, at);
  await expect(decodeImage(gif, "huge.gif")).rejects.toThrow(
    /"huge.gif": expected at most 32 megapixels, got 8000×8000/,
  );
  const svg = (text: string) => new TextEncoder().encode(text);
  for (const text of [
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    '<?xml version="1.0"?><!DOCTYPE svg><svg/>',
  ]) {
    await expect(decodeImage(svg(text))).rejects.toThrow(/got SVG; draw it as a PNG first/);
  }
});

test("the size of a picture is that of the picture upright", async () => {
  const turned = await stored("size.jpg", image().jpeg().withMetadata({ orientation: 6 }));
  expect(await imageSize(turned)).toEqual({ width: H, height: W });
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { decodeNpy, encodeNpy, readNpy, writeNpy } from "../../src/node/npy.ts";

/** A file as NumPy writes it, from its header and values. */
function npy(
  header: string,
  values: ArrayLike<number> & { buffer: ArrayBufferLike },
  version = 1,
): ArrayBuffer {
  const text = `${header.padEnd(117)}\n`;
  const size = version === 1 ? [118, 0] : [118, 0, 0, 0];
  const head = Uint8Array.from([
    0x93,
    ...[..."NUMPY"].map((c) => c.charCodeAt(0)),
    version,
    0,
    ...size,
    ...[...text].map((c) => c.charCodeAt(0)),
  ]);
  const bytes = new Uint8Array(head.length + values.buffer.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(values.buffer), head.length);
  return bytes.buffer;
}
const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

test("arrays that are written come back", () => {
  const array = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
    const size = shape.reduce((product, axis) => product * axis, 1);
    return fc.record({
      shape: fc.constant(shape),
      data: fc.float32Array({ minLength: size, maxLength: size }),
    });
  });
  fc.assert(
    fc.property(array, (given) => {
      expect(decodeNpy(encodeNpy(given))).toEqual(given);
    }),
    { numRuns: 50 },
  );
});

test("a file is what NumPy writes: aligned to 64 bytes, readable header", () => {
  const bytes = encodeNpy({ shape: [3], data: Float32Array.of(1, 2, 3) });
  expect((bytes.byteLength - 12) % 64).toBe(0);
  const text = String.fromCharCode(...new Uint8Array(bytes).slice(10, bytes.byteLength - 12));
  expect(text).toMatch(/^\{'descr': '<f4', 'fortran_order': False, 'shape': \(3,\), \} *\n$/);
});

test("doubles, bytes, scalars and newer headers are read", () => {
  expect(decodeNpy(npy(header("<f8", "(2, 1)"), Float64Array.of(0.1, -3)))).toEqual({
    shape: [2, 1],
    data: Float32Array.of(0.1, -3),
  });
  expect(decodeNpy(npy(header("|u1", "(3,)"), Uint8Array.of(1, 2, 255)))).toEqual({
    shape: [3],
    data: Float32Array.of(1, 2, 255),
  });
  expect(decodeNpy(npy(header("<f4", "()"), Float32Array.of(5)))).toEqual({
    shape: [],
    data: Float32Array.of(5),
  });
  expect(decodeNpy(npy(header("<f4", "(1,)"), Float32Array.of(5), 2))).toEqual({
    shape: [1],
    data: Float32Array.of(5),
  });
  // One axis has no order.
  expect(decodeNpy(npy(header("<f4", "(2,)", "True"), Float32Array.of(5, 6))).shape).toEqual([2]);
});

test.each<
  [what: string, bytes: ArrayBuffer, error: typeof InputError | typeof UnsupportedError, message: RegExp]
>([
  [
    "another kind of file",
    new TextEncoder().encode("PK and more of it").buffer as ArrayBuffer,
    InputError,
    /expected a NumPy array file/,
  ],
  ["an empty file", new ArrayBuffer(0), InputError, /expected a NumPy array file/],
  [
    "a file that ends in its header",
    npy(header("<f4", "(2,)"), Float32Array.of(1, 2)).slice(0, 60),
    InputError,
    /expected a header of 118 bytes/,
  ],
  [
    "too few values",
    npy(header("<f4", "(3,)"), Float32Array.of(1, 2)),
    InputError,
    /expected 12 bytes for 3, got 8/,
  ],
  [
    "too many values",
    npy(header("<f4", "(1,)"), Float32Array.of(1, 2)),
    InputError,
    /expected 4 bytes for 1, got 8/,
  ],
  [
    "a header without a shape",
    npy("{'descr': '<f4', 'fortran_order': False}", Float32Array.of(1)),
    InputError,
    /expected a header with descr/,
  ],
  [
    "Fortran order",
    npy(header("<f4", "(2, 1)", "True"), Float32Array.of(1, 2)),
    UnsupportedError,
    /expected C order/,
  ],
  ["integers", npy(header("<i8", "(1,)"), Float64Array.of(1)), UnsupportedError, /got <i8; save it with/],
  ["big-endian values", npy(header(">f4", "(1,)"), Float32Array.of(1)), UnsupportedError, /got >f4/],
])("%s is refused", (_, bytes, error, message) => {
  expect(() => decodeNpy(bytes)).toThrow(error);
  expect(() => decodeNpy(bytes)).toThrow(message);
});

test("files are written and read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-npy-"));
  const array = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  await writeNpy(join(folder, "a.npy"), array);
  expect(await readNpy(join(folder, "a.npy"))).toEqual(array);
  await expect(readNpy(join(folder, "b.npy"))).rejects.toThrow(InputError);
  await expect(writeNpy(join(folder, "no", "b.npy"), array)).rejects.toThrow(InputError);
  expect(() => encodeNpy({ shape: [3], data: new Float32Array(2) })).toThrow(InputError);
  await rm(folder, { recursive: true });
});

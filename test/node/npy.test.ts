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
      expect(decodeNpy(encodeNpy(given))).toEqual({ ...given, dtype: "f4" });
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
    dtype: "f8",
  });
  expect(decodeNpy(npy(header("|u1", "(3,)"), Uint8Array.of(1, 2, 255)))).toEqual({
    shape: [3],
    data: Float32Array.of(1, 2, 255),
    dtype: "u1",
  });
  expect(decodeNpy(npy(header("<f4", "()"), Float32Array.of(5)))).toEqual({
    shape: [],
    data: Float32Array.of(5),
    dtype: "f4",
  });
  expect(decodeNpy(npy(header("<f4", "(1,)"), Float32Array.of(5), 2))).toEqual({
    shape: [1],
    data: Float32Array.of(5),
    dtype: "f4",
  });
  // One axis has no order.
  expect(decodeNpy(npy(header("<f4", "(2,)", "True"), Float32Array.of(5, 6))).shape).toEqual([2]);
});

const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, "base64"));
const HALVES = [-1, -0.5, 0, 0.5, 1, 1.5];

// Values as NumPy 1.24 saves them: a = numpy.arange(6.).reshape(1, 2, 3) * .5 - 1, numpy.save(file, a.astype(dtype)), for
// integers 2 * a, for >u2 2 * a + 5; what follows the header, in base64.
test.each([
  ["<f2", "ALwAuAAAADgAPAA+", HALVES],
  [">f2", "vAC4AAAAOAA8AD4A", HALVES],
  [">f4", "v4AAAL8AAAAAAAAAPwAAAD+AAAA/wAAA", HALVES],
  [">f8", "v/AAAAAAAAC/4AAAAAAAAAAAAAAAAAAAP+AAAAAAAAA/8AAAAAAAAD/4AAAAAAAA", HALVES],
  ["<i4", "/v////////8AAAAAAQAAAAIAAAADAAAA", [-2, -1, 0, 1, 2, 3]],
  [">i2", "//7//wAAAAEAAgAD", [-2, -1, 0, 1, 2, 3]],
  ["<i8", "/v///////////////////wAAAAAAAAAAAQAAAAAAAAACAAAAAAAAAAMAAAAAAAAA", [-2, -1, 0, 1, 2, 3]],
  [">u2", "AAMABAAFAAYABwAI", [3, 4, 5, 6, 7, 8]],
])("values of dtype %s are NumPy's", (descr, base64, expected) => {
  const { shape, data, dtype } = decodeNpy(npy(header(descr, "(1, 2, 3)"), bytesOf(base64)));
  expect({ shape, dtype, data: [...data] }).toEqual({
    shape: [1, 2, 3],
    dtype: descr.slice(1),
    data: expected,
  });
});

test("booleans are 0 and 1", () => {
  expect([...decodeNpy(npy(header("|b1", "(3,)"), Uint8Array.of(1, 0, 2))).data]).toEqual([1, 0, 1]);
});

// numpy.asfortranarray(numpy.arange(24, dtype="<f4").reshape(2, 3, 4))
test("Fortran order is turned row-major", () => {
  const base64 =
    "AAAAAAAAQEEAAIBAAACAQQAAAEEAAKBBAACAPwAAUEEAAKBAAACIQQAAEEEAAKhBAAAAQAAAYEEAAMBAAACQQQAAIEEAALBBAABAQAAAcEEAAOBAAACYQQAAMEEAALhB";
  const { data } = decodeNpy(npy(header("<f4", "(2, 3, 4)", "True"), bytesOf(base64)));
  expect([...data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
});

test("a view of bytes is read where it begins, and a header may be of any length", () => {
  const text = new TextEncoder().encode(header("<f4", "(1,)").padEnd(200_000));
  const file = new Uint8Array(3 + 12 + text.length + 4);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0], 3);
  new DataView(file.buffer).setUint32(11, text.length, true);
  file.set(text, 15);
  new DataView(file.buffer).setFloat32(15 + text.length, 7, true);
  expect(decodeNpy(file.subarray(3))).toEqual({ shape: [1], data: Float32Array.of(7), dtype: "f4" });
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
    "complex numbers",
    npy(header("<c8", "(1,)"), Float64Array.of(1)),
    UnsupportedError,
    /got <c8; save it with/,
  ],
  ["text", npy(header("<U1", "(1,)"), Float32Array.of(1)), UnsupportedError, /got <U1/],
  [
    "what every object has",
    npy(header("constructor", "(1,)"), Float32Array.of(1)),
    UnsupportedError,
    /dtype/,
  ],
  [
    "too many axes",
    npy(header("<f4", `(${"1,".repeat(65)})`.slice(0, 60)), Float32Array.of(1)),
    InputError,
    /header with/,
  ],
  [
    "an axis beyond all numbers",
    npy(header("<f4", `(${"9".repeat(40)},)`), Float32Array.of(1)),
    InputError,
    /whole numbers/,
  ],
])("%s is refused", (_, bytes, error, message) => {
  expect(() => decodeNpy(bytes)).toThrow(error);
  expect(() => decodeNpy(bytes)).toThrow(message);
});

test("files are written and read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-npy-"));
  const array = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  await writeNpy(join(folder, "a.npy"), array);
  expect(await readNpy(join(folder, "a.npy"))).toEqual({ ...array, dtype: "f4" });
  await expect(readNpy(join(folder, "b.npy"))).rejects.toThrow(InputError);
  await expect(writeNpy(join(folder, "no", "b.npy"), array)).rejects.toThrow(InputError);
  expect(() => encodeNpy({ shape: [3], data: new Float32Array(2) })).toThrow(InputError);
  await rm(folder, { recursive: true });
});

import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  AttributeProto_AttributeType as AttributeType,
  GraphProtoSchema,
  TensorProto_DataType as Type,
} from "onnx-buf";
import { describe, expect, test } from "vitest";
import { ModelError, UnsupportedError } from "../../../src/gpu/errors.ts";
import type { OnnxValues } from "../../../src/models/onnx/model.ts";
import { readOnnx } from "../../../src/models/onnx/read-model.ts";
import {
  type AttributeInit,
  floats,
  type GraphInit,
  type ModelInit,
  onnxBytes,
  onnxFiles,
  type TensorInit,
  valueInfo,
} from "./written.ts";

const read = (graph: GraphInit, model?: ModelInit, beside?: Readonly<Record<string, ArrayBuffer>>) =>
  readOnnx(onnxFiles(onnxBytes(graph, model), beside));

/** The elements of a tensor that is written and read. */
async function valuesOf(tensor: TensorInit, beside?: Readonly<Record<string, ArrayBuffer>>) {
  const { initializers } = await read({ initializer: [{ name: "w", ...tensor }] }, {}, beside);
  return initializers.get("w")?.read();
}

const raw = (data: ArrayBufferView<ArrayBuffer>) => new Uint8Array(data.buffer);

describe("a tensor's elements", () => {
  test.each<
    [type: string, dataType: Type, raw: Uint8Array<ArrayBuffer>, typed: TensorInit, expected: OnnxValues]
  >([
    [
      "float",
      Type.FLOAT,
      raw(Float32Array.of(1.5, -2, 1e-3)),
      { floatData: [1.5, -2, 1e-3] },
      Float32Array.of(1.5, -2, 1e-3),
    ],
    [
      "double",
      Type.DOUBLE,
      raw(Float64Array.of(1 / 3, -2, 1e300)),
      { doubleData: [1 / 3, -2, 1e300] },
      Float64Array.of(1 / 3, -2, 1e300),
    ],
    [
      "float16",
      Type.FLOAT16,
      raw(Uint16Array.of(0x3e00, 0xc000, 1)),
      { int32Data: [0x3e00, 0xc000, 1] },
      Float32Array.of(1.5, -2, 2 ** -24),
    ],
    [
      "bfloat16",
      Type.BFLOAT16,
      raw(Uint16Array.of(0x3fc0, 0xc000, 0x4049)),
      { int32Data: [0x3fc0, 0xc000, 0x4049] },
      Float32Array.of(1.5, -2, 3.140625),
    ],
    ["bool", Type.BOOL, Uint8Array.of(1, 0, 1), { int32Data: [1, 0, 1] }, Uint8Array.of(1, 0, 1)],
    [
      "int8",
      Type.INT8,
      raw(Int8Array.of(1, -2, -128)),
      { int32Data: [1, -2, -128] },
      Int8Array.of(1, -2, -128),
    ],
    ["uint8", Type.UINT8, Uint8Array.of(1, 2, 255), { int32Data: [1, 2, 255] }, Uint8Array.of(1, 2, 255)],
    [
      "int16",
      Type.INT16,
      raw(Int16Array.of(1, -2, -32768)),
      { int32Data: [1, -2, -32768] },
      Int16Array.of(1, -2, -32768),
    ],
    [
      "uint16",
      Type.UINT16,
      raw(Uint16Array.of(1, 2, 65535)),
      { int32Data: [1, 2, 65535] },
      Uint16Array.of(1, 2, 65535),
    ],
    [
      "int32",
      Type.INT32,
      raw(Int32Array.of(1, -2, -(2 ** 31))),
      { int32Data: [1, -2, -(2 ** 31)] },
      Int32Array.of(1, -2, -(2 ** 31)),
    ],
    [
      "uint32",
      Type.UINT32,
      raw(Uint32Array.of(1, 2, 2 ** 32 - 1)),
      { uint64Data: [1n, 2n, 2n ** 32n - 1n] },
      Uint32Array.of(1, 2, 2 ** 32 - 1),
    ],
    [
      "int64",
      Type.INT64,
      raw(BigInt64Array.of(1n, -2n, 2n ** 53n + 1n)),
      { int64Data: [1n, -2n, 2n ** 53n + 1n] },
      BigInt64Array.of(1n, -2n, 2n ** 53n + 1n),
    ],
    [
      "uint64",
      Type.UINT64,
      raw(BigUint64Array.of(1n, 2n, 2n ** 64n - 1n)),
      { uint64Data: [1n, 2n, 2n ** 64n - 1n] },
      BigUint64Array.of(1n, 2n, 2n ** 64n - 1n),
    ],
    ["int4", Type.INT4, Uint8Array.of(0xf1, 0x08), { int32Data: [0xf1, 0x08] }, Int8Array.of(1, -1, -8)],
    ["uint4", Type.UINT4, Uint8Array.of(0xf1, 0x08), { int32Data: [0xf1, 0x08] }, Uint8Array.of(1, 15, 8)],
  ])(
    "of type %s are read from raw bytes and from their own field",
    async (_, dataType, rawData, typed, expected) => {
      expect(await valuesOf({ dataType, dims: [3n], rawData })).toEqual(expected);
      expect(await valuesOf({ dataType, dims: [1n, 3n], ...typed })).toEqual(expected);
    },
  );

  test("are read where the numbers are not packed, and where they come in several runs", async () => {
    const tensor = new BinaryWriter();
    tensor.tag(1, WireType.Varint).int64(2).tag(1, WireType.Varint).int64(2);
    tensor.tag(2, WireType.Varint).int32(Type.INT64);
    tensor.tag(7, WireType.Varint).int64(-5);
    tensor.tag(7, WireType.LengthDelimited).fork().int64(6).int64(300).join();
    tensor.tag(7, WireType.Varint).int64(7);
    tensor.tag(8, WireType.LengthDelimited).string("w");
    const floats = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(Uint8Array.of(1, 4));
    floats.tag(2, WireType.Varint).int32(Type.FLOAT);
    floats.tag(4, WireType.LengthDelimited).fork().float(1).float(2).join();
    floats.tag(4, WireType.Bit32).float(3).tag(4, WireType.LengthDelimited).fork().float(4).join();
    const graph = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(tensor.finish());
    graph.tag(5, WireType.LengthDelimited).bytes(floats.finish());
    const model = new BinaryWriter().tag(1, WireType.Varint).int64(8);
    model.tag(8, WireType.LengthDelimited).bytes(Uint8Array.of(16, 13));
    model.tag(7, WireType.LengthDelimited).bytes(graph.finish());
    const { initializers } = await readOnnx(onnxFiles(Uint8Array.from(model.finish())));
    expect(initializers.get("w")?.dims).toEqual([2, 2]);
    expect(initializers.get("w")?.read()).toEqual(BigInt64Array.of(-5n, 6n, 300n, 7n));
    expect(initializers.get("")?.dims).toEqual([1, 4]);
    expect(initializers.get("")?.read()).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test("may be none, or a single number", async () => {
    expect(await valuesOf({ dataType: Type.INT64, dims: [0n] })).toEqual(new BigInt64Array(0));
    expect(await valuesOf({ dataType: Type.FLOAT, floatData: [7] })).toEqual(Float32Array.of(7));
  });

  test.each<[type: string, tensor: TensorInit]>([
    ["string", { dataType: Type.STRING, dims: [1n], stringData: [Uint8Array.of(65)] }],
    ["complex64", { dataType: Type.COMPLEX64, dims: [1n], floatData: [1, 2] }],
    ["float8e4m3fn", { dataType: Type.FLOAT8E4M3FN, dims: [1n], int32Data: [1] }],
    ["type 99", { dataType: 99, dims: [1n] }],
  ])("of type %s are refused where they are used, and not before", async (type, tensor) => {
    const { initializers } = await read({ initializer: [{ name: "w", ...tensor }] });
    const w = initializers.get("w");
    expect(w?.dtype).toBe(type === "string" ? "string" : "other");
    expect(() => w?.read()).toThrow(UnsupportedError);
    expect(() => w?.read()).toThrow(`tensor "w": expected numbers, got elements of type ${type}`);
  });

  test.each<[what: string, tensor: TensorInit, message: RegExp]>([
    [
      "too few raw bytes",
      { dims: [3n], rawData: new Uint8Array(8) },
      /expected 12 bytes of data for shape 3, got 8/,
    ],
    ["too many raw bytes", { dims: [1n], rawData: new Uint8Array(8) }, /expected 4 bytes/],
    ["too few numbers", { dims: [3n], floatData: [1] }, /expected 12 bytes.*got 4/],
    ["too few integers", { dims: [3n], dataType: Type.INT64, int64Data: [1n] }, /expected 3 numbers.*got 1/],
    ["no data", { dims: [2n, 2n] }, /expected 16 bytes.*2×2, got 0/],
    ["a negative size", { dims: [-1n, 3n] }, /expected sizes from 0 to 4294967296, got -1×3/],
    [
      "2 GB in a small file",
      { dims: [1n << 29n], rawData: new Uint8Array(900) },
      /expected 2147483648 bytes/,
    ],
    [
      "sizes that overflow",
      { dims: [1n << 22n, 1n << 22n, 1n << 22n] },
      /expected at most 8 axes and 4294967296 elements, got 4194304×4194304×4194304/,
    ],
    ["a size beyond 64 bits of floats", { dims: [1n << 62n] }, /expected sizes from 0/],
    ["many axes", { dims: Array.from({ length: 500 }, () => 1n), floatData: [1] }, /got 500 axes/],
  ])("are refused with %s", async (_, tensor, message) => {
    const reading = valuesOf({ dataType: Type.FLOAT, ...tensor });
    await expect(reading).rejects.toThrow(ModelError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(/model "memory": tensor "w": /);
  });
});

describe("elements in another file", () => {
  const file = Float32Array.of(0, 1, 2, 3, 4, 5).buffer;
  const external = (entries: Readonly<Record<string, string>>): TensorInit => ({
    dataType: Type.FLOAT,
    dims: [3n],
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });

  test("are read from where the tensor says", async () => {
    const beside = { "w.bin": file, "weights/more.bin": file };
    const at = (entries: Readonly<Record<string, string>>) => valuesOf(external(entries), beside);
    expect(await at({ location: "w.bin" })).toEqual(Float32Array.of(0, 1, 2));
    expect(await at({ location: "w.bin", offset: "8", length: "12" })).toEqual(Float32Array.of(2, 3, 4));
    expect(await at({ location: "weights/more.bin", offset: "4" })).toEqual(Float32Array.of(1, 2, 3));
  });

  test("are read once, and for tensors within nodes too", async () => {
    const graph: GraphInit = {
      initializer: [{ name: "a", ...external({ location: "w.bin" }) }],
      node: [
        {
          opType: "Constant",
          output: ["b"],
          attribute: [
            { name: "value", type: AttributeType.TENSOR, t: external({ location: "w.bin", offset: "12" }) },
          ],
        },
      ],
    };
    const files = onnxFiles(onnxBytes(graph), { "w.bin": file });
    const asked: string[] = [];
    const fractions: number[] = [];
    const model = await readOnnx(
      {
        ...files,
        read(path, options) {
          asked.push(path);
          return files.read(path, options);
        },
      },
      { onProgress: (fraction) => fractions.push(fraction) },
    );
    expect(asked).toEqual(["model.onnx", "w.bin"]);
    expect(fractions.at(-1)).toBe(1);
    const value = model.nodes[0]?.attributes.get("value");
    expect(value?.type === "tensor" && value.value.read()).toEqual(Float32Array.of(3, 4, 5));
  });

  test.each<[what: string, entries: Readonly<Record<string, string>>, message: RegExp]>([
    ["no place", {}, /expected its data at a path from the model's folder, got ""/],
    ["an address", { location: "https://example.org/w.bin" }, /expected its data at a path/],
    ["a path from the root", { location: "/etc/passwd" }, /expected its data at a path/],
    ["a drive", { location: "C:\\w.bin" }, /expected its data at a path/],
    ["a missing file", { location: "none.bin" }, /expected the file "none.bin", got none/],
    ["a file that is too short", { location: "w.bin", offset: "16" }, /expected at least 28 bytes.*got 24/],
    ["another length", { location: "w.bin", length: "8" }, /expected 12 bytes of data in "w.bin", got 8/],
    ["a negative offset", { location: "w.bin", offset: "-4" }, /expected the offset of its data.*got "-4"/],
    ["a huge offset", { location: "w.bin", offset: "9".repeat(30) }, /expected the offset of its data/],
  ])("are refused with %s", async (_, entries, message) => {
    const reading = valuesOf(external(entries), { "w.bin": file });
    await expect(reading).rejects.toThrow(ModelError);
    await expect(reading).rejects.toThrow(message);
  });

  test("are refused when the file is too short for one of several tensors", async () => {
    const at = (name: string, offset: string) => ({ name, ...external({ location: "w.bin", offset }) });
    const reading = read({ initializer: [at("a", "16"), at("b", "0")] }, {}, { "w.bin": file });
    await expect(reading).rejects.toThrow(/expected at least 28 bytes/);
  });

  test("are refused by their length before any is read, where the source knows it", async () => {
    const files = onnxFiles(onnxBytes({ initializer: [{ name: "w", ...external({ location: "w.bin" }) }] }));
    const reading = readOnnx({ ...files, size: async () => 11 });
    await expect(reading).rejects.toThrow(/expected at least 12 bytes of weights in "w.bin", got 11/);
  });
});

test("a model is read with its nodes, settings, inputs and outputs", async () => {
  const tensor = floats("", [2], [1, 2]);
  const attribute: AttributeInit[] = [
    { name: "f", type: AttributeType.FLOAT, f: 0.5 },
    { name: "i", type: AttributeType.INT, i: -3n },
    { name: "zero", type: AttributeType.INT },
    { name: "end", type: AttributeType.INT, i: 2n ** 63n - 1n },
    { name: "s", type: AttributeType.STRING, s: new TextEncoder().encode("größer") },
    { name: "t", type: AttributeType.TENSOR, t: tensor },
    { name: "fs", type: AttributeType.FLOATS, floats: [1, -0.25] },
    { name: "is", type: AttributeType.INTS, ints: [1n, -2n] },
    { name: "none", type: AttributeType.INTS },
    { name: "ss", type: AttributeType.STRINGS, strings: [Uint8Array.of(97), Uint8Array.of(98)] },
    { name: "g", type: AttributeType.GRAPH, g: { name: "branch" } },
    { name: "p", type: AttributeType.TYPE_PROTO, tp: {} },
    { name: "old", ints: [4n, 5n] },
  ];
  const model = await read(
    {
      name: "net",
      node: [
        { name: "first", opType: "Conv", domain: "ai.onnx", input: ["x", "", "w"], output: ["y"], attribute },
        { opType: "Own", domain: "com.example", input: ["y"], output: ["z", "q"] },
      ],
      initializer: [floats("w", [1], [3])],
      input: [
        valueInfo("x", ["batch", 3, 8, "width"]),
        { name: "s", type: { value: { case: "sequenceType", value: {} } } },
      ],
      output: [valueInfo("z", [], Type.INT64), { name: "q" }],
    },
    {
      irVersion: 3n,
      producerName: "pytorch",
      producerVersion: "2.1",
      opsetImport: [
        { domain: "ai.onnx", version: 9n },
        { domain: "com.example", version: 1n },
      ],
      metadataProps: [{ key: "names", value: "{0: 'cat'}" }],
    },
  );
  expect({ ...model, nodes: [], initializers: [] }).toEqual({
    name: "net",
    irVersion: 3,
    producer: "pytorch 2.1",
    opsets: new Map([
      ["", 9],
      ["com.example", 1],
    ]),
    nodes: [],
    initializers: [],
    inputs: [
      { name: "x", dtype: "float", dims: ["batch", 3, 8, "width"] },
      { name: "s", dtype: "other", dims: undefined },
    ],
    outputs: [
      { name: "z", dtype: "int64", dims: [] },
      { name: "q", dtype: "other", dims: undefined },
    ],
    metadata: new Map([["names", "{0: 'cat'}"]]),
  });
  expect([...model.initializers.keys()]).toEqual(["w"]);
  const [first, second] = model.nodes;
  expect(first).toMatchObject({
    name: "first",
    opType: "Conv",
    domain: "",
    inputs: ["x", "", "w"],
    outputs: ["y"],
  });
  expect(second).toMatchObject({ name: "", domain: "com.example", outputs: ["z", "q"] });
  const { t, ...settings } = Object.fromEntries(first?.attributes ?? []);
  expect(settings).toEqual({
    f: { type: "float", value: 0.5 },
    i: { type: "int", value: -3 },
    zero: { type: "int", value: 0 },
    end: { type: "int", value: 2 ** 63 },
    s: { type: "string", value: "größer" },
    fs: { type: "floats", value: [1, -0.25] },
    is: { type: "ints", value: [1, -2] },
    none: { type: "ints", value: [] },
    ss: { type: "strings", value: ["a", "b"] },
    g: { type: "other", value: "graph" },
    p: { type: "other", value: "type" },
    old: { type: "ints", value: [4, 5] },
  });
  expect(t?.type === "tensor" && t.value.read()).toEqual(Float32Array.of(1, 2));
});

describe("a model is refused", () => {
  const call = { node: [{ name: "n", opType: "F", domain: "own", output: ["y"] }] };
  test.each<[what: string, graph: GraphInit, model: ModelInit, message: string]>([
    ["of a version before 3", {}, { irVersion: 2n }, "expected version 3 of the format or later, got 2"],
    [
      "with sparse initializers",
      { sparseInitializer: [{ values: { name: "thin" } }] },
      {},
      'expected dense initializers, got sparse ones, which are not supported: "thin"',
    ],
    [
      "that calls a function of its own",
      call,
      { functions: [{ name: "F", domain: "own" }] },
      `node "n" calls the file's own function own.F, which is not supported`,
    ],
  ])("%s", async (_, graph, model, message) => {
    await expect(read(graph, model)).rejects.toThrow(UnsupportedError);
    await expect(read(graph, model)).rejects.toThrow(message);
  });

  test("with two initializers of a name", async () => {
    const reading = read({ initializer: [floats("w", [1], [1]), floats("w", [1], [2])] });
    await expect(reading).rejects.toThrow(/expected initializers of different names, got "w" twice/);
  });

  test.each([
    ["without a version", { irVersion: 0n }, /got a file without a version of the format/],
    [
      "without versions of its operators",
      { opsetImport: [] },
      /got a file without versions of its operators/,
    ],
  ])("%s", async (_, model, message) => {
    const reading = read({}, model);
    await expect(reading).rejects.toThrow(ModelError);
    await expect(reading).rejects.toThrow(message);
  });

  test("but not for a function that it does not call", async () => {
    const model = await read(call, { functions: [{ name: "F", domain: "other" }] });
    expect(model.nodes).toHaveLength(1);
  });
});

describe("bytes that are no model", () => {
  const whole = onnxBytes({
    name: "net",
    node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
    initializer: [floats("w", [4], [1, 2, 3, 4])],
    input: [valueInfo("x", ["n", 3])],
  });
  const readBytes = (bytes: Uint8Array) => readOnnx(onnxFiles(Uint8Array.from(bytes)));

  test("are refused at every length that cuts a model short", async () => {
    await expect(readBytes(whole)).resolves.toMatchObject({ name: "net" });
    for (let length = 0; length < whole.length; length++) {
      await expect(readBytes(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(ModelError);
    }
  });

  const field = (number: number, wire: WireType, write: (writer: BinaryWriter) => BinaryWriter) =>
    write(
      new BinaryWriter()
        .tag(1, WireType.Varint)
        .int64(8)
        .tag(8, WireType.LengthDelimited)
        .bytes(Uint8Array.of(16, 13))
        .tag(number, wire),
    ).finish();
  test.each<[what: string, bytes: Uint8Array, message: RegExp]>([
    ["nothing", new Uint8Array(0), /got a file without a version/],
    ["a version alone", Uint8Array.of(8, 8), /got a file without a graph/],
    ["text", new TextEncoder().encode("<!DOCTYPE html>".repeat(9)), /cannot be read/],
    [
      "a graph that is a number",
      field(7, WireType.Varint, (w) => w.int64(7)),
      /graph of the model cannot be read \(it should be a run of bytes and is an integer\)/,
    ],
    [
      "a version that is bytes",
      field(5, WireType.Varint, (w) => w.int64(7).tag(1, WireType.LengthDelimited).string("8")),
      /irVersion of the model cannot be read \(it stands twice/,
    ],
    [
      "2 GB claimed by a small file",
      field(7, WireType.LengthDelimited, (w) => w.uint32(2 ** 31 - 1)),
      /graph of the model cannot be read \(premature EOF\); the file is truncated/,
    ],
    [
      "4 GB claimed by an unknown field",
      field(99, WireType.LengthDelimited, (w) => w.uint32(2 ** 32 - 1)),
      /field 99 of the model cannot be read/,
    ],
    [
      "a number without an end",
      Uint8Array.from([8, ...Array.from({ length: 30 }, () => 0xff)]),
      /irVersion of the model/,
    ],
    ["groups in groups", new Uint8Array(100_000).fill((50 << 3) | 3), /cannot be read/],
  ])("%s are refused", async (_, bytes, message) => {
    await expect(readBytes(bytes)).rejects.toThrow(ModelError);
    await expect(readBytes(bytes)).rejects.toThrow(message);
  });

  test("graphs within graphs are not followed", async () => {
    let graph = toBinary(GraphProtoSchema, create(GraphProtoSchema, { name: "leaf" }));
    for (let level = 0; level < 2000; level++) {
      const attribute = new BinaryWriter().tag(6, WireType.LengthDelimited).bytes(graph).finish();
      const node = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(attribute).finish();
      graph = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(node).finish();
    }
    const model = await readBytes(field(7, WireType.LengthDelimited, (writer) => writer.bytes(graph)));
    expect([...(model.nodes[0]?.attributes.values() ?? [])]).toEqual([{ type: "other", value: "graph" }]);
  });

  test("more values than a network has are refused", async () => {
    const names = new Uint8Array(2 * (2 ** 20 + 1)).fill(0);
    for (let i = 0; i < names.length; i += 2) names[i] = (1 << 3) | 2;
    const node = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(names).finish();
    const bytes = field(7, WireType.LengthDelimited, (writer) => writer.bytes(node));
    await expect(readBytes(bytes)).rejects.toThrow(
      /expected at most 1048576 names, settings and tensors, got more/,
    );
  });
});

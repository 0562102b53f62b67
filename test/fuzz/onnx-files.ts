import { AttributeProto_AttributeType as AttributeType, TensorProto_DataType as Type } from "onnx-buf";
import { floats, onnxBytes, type TensorInit, valueInfo } from "../models/onnx/written.ts";

const counted = (length: number) => Array.from({ length }, (_, i) => Math.sin(i));

/** A tensor whose elements are in the file beside the model. */
const external = (name: string, offset: string): TensorInit => ({
  name,
  dims: [4n],
  dataType: Type.FLOAT,
  dataLocation: 1,
  externalData: [
    { key: "location", value: "w.bin" },
    { key: "offset", value: offset },
    { key: "length", value: "16" },
  ],
});

/** Small ONNX files that together have what files have: every way of writing a tensor and a setting. */
export const ONNX_FILES: ReadonlyMap<string, Uint8Array> = new Map([
  [
    "convolution",
    onnxBytes(
      {
        name: "net",
        node: [
          {
            name: "conv",
            opType: "Conv",
            input: ["x", "w", "b"],
            output: ["y"],
            attribute: [
              { name: "strides", type: AttributeType.INTS, ints: [2n, 2n] },
              { name: "pads", type: AttributeType.INTS, ints: [1n, 1n, 1n, 1n] },
              { name: "auto_pad", type: AttributeType.STRING, s: new TextEncoder().encode("NOTSET") },
            ],
          },
          { opType: "LeakyRelu", input: ["y"], output: ["z"], attribute: [{ name: "alpha", f: 0.1 }] },
          { opType: "Flatten", input: ["z"], output: ["flat"] },
          { opType: "Gemm", input: ["flat", "v"], output: ["scores"] },
        ],
        initializer: [
          floats("w", [2, 1, 3, 3], counted(18)),
          external("b2", "16"),
          { name: "b", dims: [2n], dataType: Type.FLOAT, floatData: [1, 2] },
          floats("v", [18, 3], counted(54)),
        ],
        input: [valueInfo("x", ["n", 1, 6, 6])],
        output: [valueInfo("scores", ["n", 3])],
      },
      { producerName: "pytorch", metadataProps: [{ key: "names", value: "{0: 'a'}" }] },
    ),
  ],
  [
    "tensors",
    onnxBytes({
      node: [
        {
          opType: "Constant",
          output: ["c"],
          attribute: [
            { name: "value", type: AttributeType.TENSOR, t: external("", "32") },
            { name: "other", type: AttributeType.FLOATS, floats: [1, 2] },
            { name: "names", type: AttributeType.STRINGS, strings: [Uint8Array.of(97)] },
            { name: "body", type: AttributeType.GRAPH, g: { name: "inner" } },
          ],
        },
        { opType: "Relu", input: ["x"], output: ["y"] },
      ],
      initializer: [
        { name: "half", dims: [3n], dataType: Type.FLOAT16, int32Data: [1, 2, 3] },
        { name: "brain", dims: [2n], dataType: Type.BFLOAT16, rawData: Uint8Array.of(0, 63, 128, 63) },
        { name: "shape", dims: [2n], dataType: Type.INT64, int64Data: [-1n, 300n] },
        { name: "zero", dims: [3n], dataType: Type.INT4, rawData: Uint8Array.of(0xf1, 8) },
        { name: "wide", dims: [1n], dataType: Type.DOUBLE, doubleData: [0.5] },
        { name: "bytes", dims: [2n, 2n], dataType: Type.INT8, int32Data: [-1, 2, -3, 4] },
        { name: "unsigned", dims: [1n], dataType: Type.UINT64, uint64Data: [2n ** 64n - 1n] },
      ],
      input: [valueInfo("x", [1, 3])],
      output: [valueInfo("y", [1, 3])],
    }),
  ],
]);

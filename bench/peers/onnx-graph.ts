import { shapesOf } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import type { OpLayer } from "../../src/layers.ts";
import type { Shape } from "../shape.ts";
import { OnnxModel } from "./onnx.ts";

const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

interface Site {
  readonly model: OnnxModel;
  readonly layer: OpLayer;
  readonly inputs: readonly string[];
  /** Shapes as our graph has them, NHWC. */
  readonly shapes: { readonly x: Shape; readonly y: Shape };
}

/** A graph as an ONNX model whose one input "x" and one output "y" are NHWC, as ours. */
export function onnxGraph(graph: Graph, batch: number): Uint8Array<ArrayBuffer> {
  const model = new OnnxModel();
  const shapes = shapesOf(graph, batch);
  const shape = (name: string): Shape => shapes.get(name) ?? [];
  const x = model.input("x", shape(graph.layers[0]?.name ?? ""));
  const y = appendGraph(model, graph, x, batch);
  model.node("Identity", [y], {}, "y");
  model.output("y", shape(graph.output));
  return model.encode();
}

/**
 * Appends a graph's nodes to a model. ONNX is NCHW; the transposes at both ends cancel against those that ONNX Runtime
 * puts around its own NHWC kernels, so that it runs as it likes best.
 * @param x a value [batch, H, W, C]; the one returned is NHWC as well.
 */
export function appendGraph(model: OnnxModel, graph: Graph, x: string, batch: number): string {
  const shapes = shapesOf(graph, batch);
  const values = new Map<string, string>();
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  for (const layer of graph.layers) {
    if (layer.op === "input") {
      values.set(layer.name, model.node("Transpose", [x], { perm: TO_NCHW }));
      continue;
    }
    const inputs = layer.inputs.map((name) => values.get(name) ?? "");
    const site = {
      model,
      layer,
      inputs,
      shapes: { x: shapeOf(layer.inputs[0] ?? ""), y: shapeOf(layer.name) },
    };
    values.set(layer.name, activate(site, append(site)));
  }
  const y = values.get(graph.output) ?? "";
  return shapeOf(graph.output).length === 4 ? model.node("Transpose", [y], { perm: TO_NHWC }) : y;
}

function append({ model, layer, inputs, shapes }: Site): string {
  switch (layer.op) {
    case "conv2d":
    case "depthwiseConv2d": {
      const [kh = 1, kw = 1, cin = 1, last = 1] = layer.w.shape;
      const depthwise = layer.op === "depthwiseConv2d";
      const out = depthwise ? cin * last : last;
      const size = [kh, kw] as const;
      const w = model.constant(
        [out, depthwise ? 1 : cin, kh, kw],
        outputFirst(layer.w.data, layer.w.shape, depthwise),
      );
      const b = layer.b ? [model.constant([out], layer.b.data)] : [];
      return model.node("Conv", [...inputs, w, ...b], {
        kernel_shape: size,
        strides: layer.strides,
        dilations: layer.dilations,
        pads: padsOf({ ...layer, size }, shapes),
        group: layer.op === "conv2d" ? (layer.groups ?? 1) : cin,
      });
    }
    case "dense": {
      const [features = 1, units = 1] = layer.w.shape;
      const w = model.constant([features, units], layer.w.data);
      const b = layer.b ? [model.constant([units], layer.b.data)] : [];
      return model.node("Gemm", [...inputs, w, ...b]);
    }
    case "pool":
      return model.node(layer.mode === "max" ? "MaxPool" : "AveragePool", inputs, {
        kernel_shape: layer.size,
        strides: layer.strides,
        pads: padsOf({ ...layer, dilations: [1, 1] }, shapes),
      });
    case "globalPool": {
      const pooled = model.node(layer.mode === "max" ? "GlobalMaxPool" : "GlobalAveragePool", inputs);
      return layer.keepDims ? pooled : model.node("Flatten", [pooled], { axis: 1 });
    }
    case "add":
      if (layer.constant) throw new Error(`ONNX "${layer.name}": no constant terms in the benchmark`);
      return inputs.reduce((sum, input) => model.node("Add", [sum, input]));
    case "concat":
      // Channels are the last axis here, the second there.
      return model.node("Concat", inputs, { axis: shapes.y.length === 4 ? 1 : layer.axis });
    case "activation":
      return inputs[0] ?? "";
    case "reshape": {
      const x =
        shapes.x.length === 4 ? model.node("Transpose", inputs, { perm: TO_NHWC }) : (inputs[0] ?? "");
      const y = model.node("Reshape", [x, model.constant([shapes.y.length], shapes.y)]);
      return shapes.y.length === 4 ? model.node("Transpose", [y], { perm: TO_NCHW }) : y;
    }
    case "softmax":
      return model.node("Softmax", inputs, { axis: shapes.y.length - 1 });
    case "batchNorm":
    case "binary":
    case "conv2dTranspose":
    case "depthToSpace":
    case "lrn":
    case "matmul":
    case "multiply":
    case "normalization":
    case "pad":
    case "permute":
    case "prelu":
    case "resize":
    case "slice":
    case "reduce":
    case "spaceToDepth":
      throw new Error(`ONNX "${layer.name}": no op "${layer.op}" in the benchmark`);
  }
}

function activate({ model, layer }: Site, y: string): string {
  const kind = "activation" in layer ? layer.activation?.kind : undefined;
  if (kind === undefined || kind === "linear") return y;
  if (kind === "relu") return model.node("Relu", [y]);
  if (kind === "relu6") {
    const [low, high] = [0, 6].map((value) => model.constant([], Float32Array.of(value)));
    return model.node("Clip", [y, low ?? "", high ?? ""]);
  }
  throw new Error(`ONNX "${layer.name}": no activation "${kind}" in the benchmark`);
}

/** Weights [kh, kw, in, out] as [out, in, kh, kw]; of a depthwise layer, [kh, kw, C, M] as [C · M, 1, kh, kw]. */
function outputFirst(data: Float32Array, shape: Shape, depthwise: boolean): Float32Array {
  const [kh = 1, kw = 1, cin = 1, last = 1] = shape;
  const taps = kh * kw;
  const y = new Float32Array(data.length);
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < cin; i++) {
      for (let o = 0; o < last; o++) {
        const filter = depthwise ? i * last + o : o * cin + i;
        y[filter * taps + tap] = data[(tap * cin + i) * last + o] ?? 0;
      }
    }
  }
  return y;
}

type Pair = readonly [number, number];

interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Extract<OpLayer, { op: "pool" }>["padding"];
}

/** ONNX's explicit padding: top, left, bottom, right. */
function padsOf(window: Window, { x, y }: Site["shapes"]): number[] {
  const { padding } = window;
  if (padding === "valid") return [0, 0, 0, 0];
  if (padding !== "same") return [padding.top, padding.left, padding.bottom, padding.right];
  const total = ([0, 1] as const).map((axis) => {
    const extent = (window.size[axis] - 1) * window.dilations[axis] + 1;
    return Math.max(0, ((y[axis + 1] ?? 1) - 1) * window.strides[axis] + extent - (x[axis + 1] ?? 1));
  });
  const before = total.map((pad) => Math.floor(pad / 2));
  return [...before, ...total.map((pad, axis) => pad - (before[axis] ?? 0))];
}

import type * as tfjs from "@tensorflow/tfjs";
import type { Graph, OpLayer } from "../../src/index.ts";

type Tf = typeof tfjs;
type Window = Pick<Extract<OpLayer, { op: "pool" }>, "padding">;

/** A graph as tfjs computes it, weights uploaded. */
export interface TfjsGraph {
  /** [N, H, W, C] to the output of the graph, or of another layer. */
  readonly apply: (x: tfjs.Tensor, layer?: string) => tfjs.Tensor;
  readonly dispose: () => void;
}

export interface TfjsGraphOptions {
  /** How a gradient passes a ReLU: as mathematics has it (default), or as guided backpropagation. */
  readonly rule?: "gradient" | "guided";
}

/**
 * Writes a graph in tfjs's own fused operations (tf.fused.conv2d, tf.fused.depthwiseConv2d, tf.fused.matMul), which is
 * what its graph optimiser makes of a converted model: less overhead than a LayersModel, and the same kernels.
 */
export function tfjsGraph(tf: Tf, graph: Graph, { rule = "gradient" }: TfjsGraphOptions = {}): TfjsGraph {
  const weights: tfjs.Tensor[] = [];
  const upload = ({ shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array }) => {
    const tensor = tf.keep(tf.tensor(data, [...shape]));
    weights.push(tensor);
    return tensor;
  };
  const guided = tf.customGrad((x, save) => {
    const input = x as tfjs.Tensor;
    (save as unknown as (tensors: tfjs.Tensor[]) => void)([input]);
    return {
      value: tf.relu(input),
      gradFunc: (dy: tfjs.Tensor, [saved]: tfjs.Tensor[]) =>
        tf.mul(tf.relu(dy), tf.step(saved ?? dy)) as tfjs.Tensor,
    };
  });
  const steps = graph.layers.flatMap((layer) =>
    layer.op === "input" ? [] : [{ layer, run: stepOf(tf, layer, upload, rule === "guided", guided) }],
  );
  return {
    apply(x, until = graph.output) {
      const values = new Map<string, tfjs.Tensor>([[graph.layers[0]?.name ?? "", x]]);
      for (const { layer, run } of steps) {
        values.set(
          layer.name,
          run(
            layer.inputs.map((name) => {
              const value = values.get(name);
              if (!value) throw new Error(`tfjs "${layer.name}": no input "${name}"`);
              return value;
            }),
          ),
        );
        if (layer.name === until) break;
      }
      const y = values.get(until);
      if (!y) throw new Error(`tfjs: no layer "${until}"`);
      return y;
    },
    dispose: () => tf.dispose(weights),
  };
}

type Step = (inputs: tfjs.Tensor[]) => tfjs.Tensor;
type Upload = (constant: { readonly shape: readonly number[]; readonly data: Float32Array }) => tfjs.Tensor;

function stepOf(
  tf: Tf,
  layer: OpLayer,
  upload: Upload,
  isGuided: boolean,
  guided: (x: tfjs.Tensor) => tfjs.Tensor,
): Step {
  const kind = "activation" in layer ? layer.activation?.kind : undefined;
  if (kind !== undefined && kind !== "relu" && kind !== "relu6" && kind !== "linear") {
    throw new Error(`tfjs "${layer.name}": no activation "${kind}" in the benchmark`);
  }
  const activate: Step = ([x = tf.scalar(0)]) => {
    if (kind === "relu6") return tf.relu6(x);
    if (kind !== "relu") return x;
    return isGuided ? guided(x) : tf.relu(x);
  };
  // tfjs fuses nothing while it differentiates; what is left is to put our ReLU in place of its own.
  const fused = isGuided ? "linear" : (kind ?? "linear");
  const after: Step = isGuided ? activate : ([x = tf.scalar(0)]) => x;
  switch (layer.op) {
    case "conv2d":
    case "depthwiseConv2d": {
      const filter = upload(layer.w) as tfjs.Tensor4D;
      const bias = layer.b && upload(layer.b);
      const convolve = layer.op === "conv2d" ? tf.fused.conv2d : tf.fused.depthwiseConv2d;
      return ([x]) =>
        after([
          convolve({
            x: x as tfjs.Tensor4D,
            filter,
            strides: [...layer.strides],
            pad: padOf(layer),
            dilations: [...layer.dilations],
            ...(bias ? { bias } : {}),
            activation: fused,
          }),
        ]);
    }
    case "dense": {
      const b = upload(layer.w);
      const bias = layer.b && upload(layer.b);
      return ([a = tf.scalar(0)]) =>
        after([tf.fused.matMul({ a, b, ...(bias ? { bias } : {}), activation: fused })]);
    }
    case "pool": {
      const pool = layer.mode === "max" ? tf.maxPool : tf.avgPool;
      return ([x]) => pool(x as tfjs.Tensor4D, [...layer.size], [...layer.strides], padOf(layer));
    }
    case "globalPool":
      return ([x = tf.scalar(0)]) =>
        layer.mode === "max" ? tf.max(x, [1, 2], layer.keepDims) : tf.mean(x, [1, 2], layer.keepDims);
    case "add":
      return (inputs) => activate([inputs.length === 2 ? tf.add(...pair(inputs)) : tf.addN(inputs)]);
    case "concat":
      return (inputs) => tf.concat(inputs, layer.axis);
    case "activation":
      return activate;
    case "reshape":
      return ([x = tf.scalar(0)]) =>
        layer.shape ? tf.reshape(x, [x.shape[0] ?? 1, ...layer.shape]) : x.clone();
    case "softmax":
      return ([x = tf.scalar(0)]) => tf.softmax(x);
    default:
      throw new Error(`tfjs "${layer.name}": no op "${layer.op}" in the benchmark`);
  }
}

function pair(inputs: tfjs.Tensor[]): [tfjs.Tensor, tfjs.Tensor] {
  const [a, b] = inputs;
  if (!a || !b) throw new Error("tfjs: expected two inputs");
  return [a, b];
}

function padOf({ padding }: Window): "same" | "valid" {
  if (typeof padding === "string") return padding;
  throw new Error("tfjs: no explicit padding in the benchmark");
}

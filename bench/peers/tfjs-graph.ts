import type * as tfjs from "@tensorflow/tfjs";
import type { Graph } from "../../src/index.ts";
import type { OpLayer } from "../../src/layers.ts";

type Tf = typeof tfjs;
type Window = Pick<Extract<OpLayer, { op: "pool" }>, "padding">;

/** A graph as tfjs computes it, weights uploaded. */
export interface TfjsGraph {
  /** [N, H, W, C] to the output of the graph, or of another layer; `from` names the layer whose output x is, if not the image. */
  readonly apply: (x: tfjs.Tensor, layer?: string, from?: string) => tfjs.Tensor;
  readonly dispose: () => void;
}

/** Rule by which a gradient passes a ReLU; without one, the graph only runs forward. */
export type TfjsRule = "gradient" | "guided";

type Tensors = tfjs.Tensor[];
type Step = (inputs: Tensors) => tfjs.Tensor;
type Upload = (constant: { readonly shape: readonly number[]; readonly data: Float32Array }) => tfjs.Tensor;
/** Has a tensor freed with the graph. */
type Own = <T extends tfjs.Tensor>(tensor: T) => T;
type Activate = (x: tfjs.Tensor) => tfjs.Tensor;

/**
 * Writes a graph in tfjs's own operations, as is fastest for what it is to do. Forward alone, the fused ones
 * (tf.fused.conv2d, …), which is what its graph optimiser makes of a converted model. To be differentiated, the plain ones:
 * the gradients of the fused ones compute those to weights and biases along with them, wanted or not.
 */
export function tfjsGraph(tf: Tf, graph: Graph, rule?: TfjsRule): TfjsGraph {
  const weights: Tensors = [];
  const own: Own = (tensor) => {
    weights.push(tensor);
    return tensor;
  };
  const upload: Upload = ({ shape, data }) => own(tf.keep(tf.tensor(data, [...shape])));
  const steps = graph.layers.flatMap((layer) =>
    layer.op === "input" ? [] : [{ layer, run: stepOf(tf, layer, { own, upload }, rule) }],
  );
  return {
    apply(x, until = graph.output, from = graph.layers[0]?.name ?? "") {
      const values = new Map<string, tfjs.Tensor>([[from, x]]);
      const after = steps.findIndex(({ layer }) => layer.name === from) + 1;
      const value = (name: string): tfjs.Tensor => {
        const found = values.get(name);
        if (!found) throw new Error(`tfjs: no layer "${name}"`);
        return found;
      };
      for (const { layer, run } of steps.slice(after)) {
        values.set(layer.name, run(layer.inputs.map(value)));
        if (layer.name === until) break;
      }
      return value(until);
    },
    dispose: () => tf.dispose(weights),
  };
}

/** The ReLU of a rule; of a guided one, the gradient passes where both it and the input are positive. */
function reluOf(tf: Tf, kind: "relu" | "relu6", rule: TfjsRule | undefined): Activate {
  const relu: Activate = kind === "relu" ? (x) => tf.relu(x) : (x) => tf.relu6(x);
  if (rule !== "guided") return relu;
  return tf.customGrad((x, save) => {
    const input = x as tfjs.Tensor;
    (save as unknown as (tensors: Tensors) => void)([input]);
    return {
      value: relu(input),
      gradFunc: (dy: tfjs.Tensor, [a = dy]: Tensors) => {
        const open = tf.mul(tf.relu(dy), tf.step(a));
        return kind === "relu" ? open : tf.mul(open, tf.step(tf.sub(6, a)));
      },
    };
  });
}

function stepOf(
  tf: Tf,
  layer: OpLayer,
  { own, upload }: { readonly own: Own; readonly upload: Upload },
  rule: TfjsRule | undefined,
): Step {
  const kind = "activation" in layer ? (layer.activation?.kind ?? "linear") : "linear";
  if (kind !== "relu" && kind !== "relu6" && kind !== "linear") {
    throw new Error(`tfjs "${layer.name}": no activation "${kind}" in the benchmark`);
  }
  const activate: Activate = kind === "linear" ? (x) => x : reluOf(tf, kind, rule);
  /** Applies the bias and the activation one after the other, unfused. */
  const finish = (y: tfjs.Tensor, bias: tfjs.Tensor | undefined): tfjs.Tensor =>
    activate(bias ? tf.add(y, bias) : y);
  switch (layer.op) {
    case "conv2d":
    case "depthwiseConv2d": {
      const filter = upload(layer.w) as tfjs.Tensor4D;
      const bias = layer.b && upload(layer.b);
      const depthwise = layer.op === "depthwiseConv2d";
      const [strides, dilations] = [[...layer.strides], [...layer.dilations]] as [Pair, Pair];
      const pad = padOf(layer);
      const groups = layer.op === "conv2d" ? (layer.groups ?? 1) : 1;
      if (groups > 1) {
        // tfjs has no convolution in groups; converters write it so.
        const filters = tf.split(filter, groups, 3).map((part) => own(tf.keep(part as tfjs.Tensor4D)));
        return ([x]) => {
          const parts = tf
            .split(x as tfjs.Tensor4D, groups, 3)
            .map((part, i) =>
              tf.conv2d(part as tfjs.Tensor4D, filters[i] ?? filter, strides, pad, "NHWC", dilations),
            );
          return finish(tf.concat(parts, 3), bias);
        };
      }
      if (rule) {
        const convolve = depthwise ? tf.depthwiseConv2d : tf.conv2d;
        return ([x]) => finish(convolve(x as tfjs.Tensor4D, filter, strides, pad, "NHWC", dilations), bias);
      }
      const convolve = depthwise ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      const options = { filter, strides, pad, dilations, ...(bias ? { bias } : {}), activation: kind };
      return ([x]) => convolve({ x: x as tfjs.Tensor4D, ...options });
    }
    case "dense": {
      const b = upload(layer.w);
      const bias = layer.b && upload(layer.b);
      if (rule) return (inputs) => finish(tf.matMul(only(inputs), b), bias);
      return (inputs) => tf.fused.matMul({ a: only(inputs), b, ...(bias ? { bias } : {}), activation: kind });
    }
    case "pool": {
      const pool = layer.mode === "max" ? tf.maxPool : tf.avgPool;
      return (inputs) =>
        pool(only(inputs) as tfjs.Tensor4D, [...layer.size], [...layer.strides], padOf(layer));
    }
    case "globalPool": {
      const reduce = layer.mode === "max" ? tf.max : tf.mean;
      return (inputs) => reduce(only(inputs), [1, 2], layer.keepDims);
    }
    case "add":
      if (layer.constant) throw new Error(`tfjs "${layer.name}": no constant terms in the benchmark`);
      return (inputs) => activate(inputs.length === 2 ? tf.add(...pair(inputs)) : tf.addN(inputs));
    case "concat":
      return (inputs) => tf.concat(inputs, layer.axis);
    case "activation":
      return (inputs) => activate(only(inputs));
    case "reshape":
      return (inputs) => {
        const x = only(inputs);
        return layer.shape ? tf.reshape(x, [x.shape[0] ?? 1, ...layer.shape]) : x.clone();
      };
    case "softmax":
      return (inputs) => tf.softmax(only(inputs));
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
      throw new Error(`tfjs "${layer.name}": no op "${layer.op}" in the benchmark`);
  }
}

type Pair = [number, number];

function only([x]: Tensors): tfjs.Tensor {
  if (!x) throw new Error("tfjs: expected an input");
  return x;
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

import type * as tfjs from "@tensorflow/tfjs";
import type { Graph } from "../../src/index.ts";
import type { Activation, OpLayer } from "../../src/layers.ts";

type Tf = typeof tfjs;
type Window = Pick<Extract<OpLayer, { op: "pool" }>, "padding">;

/** A graph as tfjs computes it, weights uploaded. */
export interface TfjsGraph {
  /** [N, H, W, C] to the output of the graph, or of another layer; `from` names the layer whose output x is, if not the image. */
  readonly apply: (x: tfjs.Tensor, layer?: string, from?: string) => tfjs.Tensor;
  /** The outputs of several layers from one pass, no deeper than the last of them. */
  readonly outputs: (x: tfjs.Tensor, layers: readonly string[]) => tfjs.Tensor[];
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
  const first = graph.layers[0]?.name ?? "";
  const outputs = (x: tfjs.Tensor, layers: readonly string[], from: string): Tensors => {
    const values = new Map<string, tfjs.Tensor>([[from, x]]);
    const after = steps.findIndex(({ layer }) => layer.name === from) + 1;
    const value = (name: string): tfjs.Tensor => {
      const found = values.get(name);
      if (!found) throw new Error(`tfjs: no layer "${name}"`);
      return found;
    };
    for (const { layer, run } of steps.slice(after)) {
      values.set(layer.name, run(layer.inputs.map(value)));
      if (layers.every((name) => values.has(name))) break;
    }
    return layers.map(value);
  };
  return {
    apply: (x, until = graph.output, from = first) => only(outputs(x, [until], from)),
    outputs: (x, layers) => outputs(x, layers, first),
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

/** The activation of a layer. */
function activateOf(
  tf: Tf,
  name: string,
  activation: Activation | undefined,
  rule: TfjsRule | undefined,
): Activate {
  const { kind = "linear", alpha = 1, beta = 0 } = activation ?? {};
  switch (kind) {
    case "linear":
      return (x) => x;
    case "relu":
    case "relu6":
      return reluOf(tf, kind, rule);
    case "sigmoid":
      return (x) => tf.sigmoid(x);
    case "swish":
      return (x) => tf.mul(x, tf.sigmoid(x));
    case "hardSigmoid":
      return (x) => tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);
    case "hardSwish":
      return (x) => tf.mul(x, tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1));
    default:
      throw new Error(`tfjs "${name}": no activation "${kind}" in the benchmark`);
  }
}

function stepOf(
  tf: Tf,
  layer: OpLayer,
  { own, upload }: { readonly own: Own; readonly upload: Upload },
  rule: TfjsRule | undefined,
): Step {
  const activation = "activation" in layer ? layer.activation : undefined;
  const activate = activateOf(tf, layer.name, activation, rule);
  const relu: "relu" | "relu6" | "linear" =
    activation?.kind === "relu" || activation?.kind === "relu6" ? activation.kind : "linear";
  /** Applies the activation after an op that has fused ReLUs only. */
  const afterFused: Activate = relu === "linear" ? activate : (x) => x;
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
      // It takes explicit padding as the plain ones do; only its type does not say so.
      const options = {
        filter,
        strides,
        pad: pad as "same",
        dilations,
        ...(bias ? { bias } : {}),
        activation: relu,
      };
      return ([x]) => afterFused(convolve({ x: x as tfjs.Tensor4D, ...options }));
    }
    case "dense": {
      const b = upload(layer.w);
      const bias = layer.b && upload(layer.b);
      if (rule) return (inputs) => finish(tf.matMul(only(inputs), b), bias);
      return (inputs) =>
        afterFused(tf.fused.matMul({ a: only(inputs), b, ...(bias ? { bias } : {}), activation: relu }));
    }
    case "pool": {
      if (layer.ceil || layer.dilations || layer.countPadding) {
        throw new Error(`tfjs "${layer.name}": no ceil, dilations or counted padding in the benchmark`);
      }
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
    case "batchNorm": {
      const [scale, offset] = [layer.scale, layer.offset].map((data) =>
        upload({ shape: [data.length], data }),
      );
      if (!scale || !offset) throw new Error(`tfjs "${layer.name}": expected a scale and an offset`);
      return (inputs) => activate(tf.add(tf.mul(only(inputs), scale), offset));
    }
    case "multiply": {
      const constant = layer.constant && upload(layer.constant);
      return (inputs) =>
        [...inputs, ...(constant ? [constant] : [])].reduce((x, factor) => tf.mul(x, factor));
    }
    case "pad": {
      const around: Pair[] = [
        [0, 0],
        ...layer.before.map((before, axis): Pair => [before, layer.after[axis] ?? 0]),
      ];
      if (layer.mode === "reflect") return (inputs) => tf.mirrorPad(only(inputs), around, "reflect");
      if (layer.mode !== "constant")
        throw new Error(`tfjs "${layer.name}": no "${layer.mode}" in the benchmark`);
      return (inputs) => tf.pad(only(inputs), around, layer.value ?? 0);
    }
    case "permute":
      return (inputs) => tf.transpose(only(inputs), [...layer.axes]);
    case "slice": {
      const { starts, sizes, steps = [] } = layer;
      if (steps.some((step) => step !== 1))
        throw new Error(`tfjs "${layer.name}": no steps in the benchmark`);
      return (inputs) => tf.slice(only(inputs), [0, ...starts], [-1, ...sizes]);
    }
    case "reduce":
      if (layer.mode !== "mean") throw new Error(`tfjs "${layer.name}": no ${layer.mode} in the benchmark`);
      return (inputs) => tf.mean(only(inputs), [...layer.axes], layer.keepDims);
    case "normalization": {
      const { axes, epsilon, groups, scale, offset } = layer;
      if (groups || !scale || !offset) throw new Error(`tfjs "${layer.name}": no such norm in the benchmark`);
      const [factor, term] = [upload(scale), upload(offset)];
      return (inputs) => {
        const x = only(inputs);
        const { mean, variance } = tf.moments(x, [...axes], true);
        return tf.add(tf.mul(tf.sub(x, mean), tf.mul(tf.rsqrt(tf.add(variance, epsilon)), factor)), term);
      };
    }
    case "resize": {
      const { to, mode } = layer;
      if (mode !== "nearest" || !("factor" in to))
        throw new Error(`tfjs "${layer.name}": nearest pixels only`);
      return (inputs) => {
        const x = only(inputs) as tfjs.Tensor4D;
        const [, h, w] = x.shape;
        return tf.image.resizeNearestNeighbor(x, [h * to.factor[0], w * to.factor[1]]);
      };
    }
    case "binary":
    case "conv2dTranspose":
    case "depthToSpace":
    case "lrn":
    case "matmul":
    case "prelu":
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

function padOf({ padding }: Window): "same" | "valid" | tfjs.backend_util.ExplicitPadding {
  if (typeof padding === "string") return padding;
  const { top, bottom, left, right } = padding;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

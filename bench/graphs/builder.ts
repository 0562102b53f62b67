import { shapesOf } from "../../src/graph.ts";
import { namedPreprocessing } from "../../src/images.ts";
import type { Graph, Layer } from "../../src/index.ts";
import type { OpLayer } from "../../src/layers.ts";
import { noise } from "../random.ts";
import type { Shape } from "../shape.ts";

type LayerOf<Op extends OpLayer["op"]> = Extract<OpLayer, { op: Op }>;
type Pair = readonly [number, number];

interface ConvOptions {
  readonly stride?: number;
  /** Of channels, in a convolution that is not depthwise. */
  readonly groups?: number;
  readonly padding?: LayerOf<"pool">["padding"];
  readonly activation?: "relu" | "relu6" | "linear";
  /** The layer it reads; default: the one before. */
  readonly from?: string;
}

export interface BuilderOptions {
  /** Leaves the weights empty: enough to count what a graph costs, and far faster for a large one. Default false. */
  readonly outline?: boolean;
}

/** Builds graphs with random weights, layer after layer, each reading the one before unless told otherwise. */
export class GraphBuilder {
  readonly #name: string;
  readonly #layers: Layer[];
  readonly #outline: boolean;
  #seed = 1;

  constructor(
    name: string,
    image: readonly [number, number, number],
    { outline = false }: BuilderOptions = {},
  ) {
    this.#name = name;
    this.#outline = outline;
    this.#layers = [{ op: "input", name: "image", inputs: [], shape: image }];
  }

  /** The name of the last layer. */
  get last(): string {
    return this.#layers.at(-1)?.name ?? "";
  }

  /** The shape of a layer's output for one image. */
  shape(layer = this.last): Shape {
    return shapesOf(this.build()).get(layer) ?? [];
  }

  conv(name: string, filters: number, size: number | Pair, options: ConvOptions = {}): this {
    const from = options.from ?? this.last;
    const [kh, kw] = typeof size === "number" ? [size, size] : size;
    const { groups = 1 } = options;
    const channels = (this.shape(from)[3] ?? 1) / groups;
    return this.#add({
      ...this.#window(name, from, options),
      op: "conv2d",
      ...(groups > 1 ? { groups } : {}),
      w: this.#weights([kh, kw, channels, filters], kh * kw * channels),
      b: this.#biases(filters),
    });
  }

  depthwise(name: string, size: number, options: ConvOptions = {}): this {
    const from = options.from ?? this.last;
    const [, , , channels = 1] = this.shape(from);
    return this.#add({
      ...this.#window(name, from, options),
      op: "depthwiseConv2d",
      w: this.#weights([size, size, channels, 1], size * size),
      b: this.#biases(channels),
    });
  }

  pool(
    name: string,
    mode: "max" | "average",
    size: number,
    stride: number,
    padding: ConvOptions["padding"] = "valid",
  ): this {
    return this.#add({
      op: "pool",
      name,
      inputs: [this.last],
      mode,
      size: [size, size],
      strides: [stride, stride],
      padding,
    });
  }

  add(name: string, inputs: readonly string[], activation: "relu" | "linear" = "relu"): this {
    return this.#add({ op: "add", name, inputs, activation: { kind: activation } });
  }

  /** So many pixels more on every side, mirrored. */
  mirror(name: string, by: number): this {
    const around = [by, by, 0];
    return this.#add({
      op: "pad",
      name,
      inputs: [this.last],
      before: around,
      after: around,
      mode: "reflect",
    });
  }

  /** Every channel of an image by itself, scaled and moved. */
  instanceNorm(name: string): this {
    const channels = this.shape().at(-1) ?? 1;
    const scale = { shape: [channels], data: noise([channels], ++this.#seed, 0.2).map((value) => 1 + value) };
    const { last } = this;
    const offset = this.#biases(channels);
    return this.#add({
      op: "normalization",
      name,
      inputs: [last],
      axes: [1, 2],
      epsilon: 1e-5,
      scale,
      offset,
    });
  }

  relu(name: string): this {
    return this.#add({ op: "activation", name, inputs: [this.last], activation: { kind: "relu" } });
  }

  /** Twice as high and wide, each pixel four times. */
  enlarge(name: string): this {
    return this.#add({
      ...{ op: "resize", name, inputs: [this.last], to: { factor: [2, 2] } },
      ...{ mode: "nearest", coordinates: "asymmetric", rounding: "floor" },
    });
  }

  /** Inputs side by side along their channels. */
  concat(name: string, inputs: readonly string[]): this {
    return this.#add({ op: "concat", name, inputs, axis: 3 });
  }

  globalAverage(name: string): this {
    return this.#add({ op: "globalPool", name, inputs: [this.last], mode: "average" });
  }

  flatten(name: string): this {
    const [, ...image] = this.shape();
    return this.#add({
      op: "reshape",
      name,
      inputs: [this.last],
      shape: [image.reduce((size, axis) => size * axis, 1)],
    });
  }

  dense(name: string, units: number, activation: "relu" | "linear" = "linear"): this {
    const features = this.shape().at(-1) ?? 1;
    return this.#add({
      op: "dense",
      name,
      inputs: [this.last],
      w: this.#weights([features, units], features),
      b: this.#biases(units),
      activation: { kind: activation },
    });
  }

  build(): Graph {
    return {
      name: this.#name,
      layers: this.#layers,
      output: this.last,
      preprocessing: namedPreprocessing("none"),
    };
  }

  #add(layer: OpLayer): this {
    this.#layers.push(layer);
    return this;
  }

  #window(name: string, from: string, { stride = 1, padding = "same", activation = "relu" }: ConvOptions) {
    return {
      name,
      inputs: [from],
      strides: [stride, stride],
      dilations: [1, 1],
      padding,
      activation: { kind: activation },
    } as const;
  }

  /** He's scale, so that activations neither vanish nor grow over many layers. */
  #weights(shape: Shape, fanIn: number) {
    if (this.#outline) return { shape, data: new Float32Array() };
    return { shape, data: noise(shape, ++this.#seed, Math.sqrt(6 / fanIn)) };
  }

  #biases(count: number) {
    return { shape: [count], data: noise([count], ++this.#seed, 0.1) };
  }
}

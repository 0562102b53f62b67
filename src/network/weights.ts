import { checked } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { createTensor, type Shape, type Tensor } from "../gpu/tensor.ts";
import type { Graph, Shapes } from "../graph/graph.ts";
import { constantsFor } from "../layers/constants.ts";
import type { Constant, Tensors } from "../layers/op.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";

/** A layer's weights on the device, and whether those that only a backward pass reads are among them. */
interface Uploaded {
  readonly tensors: Tensors;
  readonly gradients: boolean;
}

/**
 * The weights of networks on a device. Layers whose arrays are the same (not only equal) share one copy, whatever the batch,
 * the image's size or the layer's name. Whoever creates it destroys it, after the networks.
 */
export class DeviceWeights {
  readonly #device: GPUDevice;
  readonly #uploaded = new Map<string, Uploaded>();
  readonly #numbers = new WeakMap<Float32Array, number>();
  #count = 0;
  #destroyed = false;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * Uploads what a graph needs and is not there yet, and returns the weights of every layer by its name. One upload at a time.
   * @param gradients whether a backward pass will read them.
   * @throws OutOfMemoryError, InputError; then nothing more is there than before.
   */
  async of(graph: Graph, shapes: Shapes, gradients: boolean): Promise<ReadonlyMap<string, Tensors>> {
    const who = `network "${graph.name}"`;
    const created: Tensor[] = [];
    const found = new Map<string, Uploaded>();
    const weights = new Map<string, Tensors>();
    try {
      await checked(this.#device, who, () => {
        for (const layer of graph.layers) {
          if (layer.op === "input") continue;
          const inputs = layer.inputs.map((name) => shapes.get(name) ?? []);
          const key = this.#keyOf(layer, inputs);
          const known = found.get(key) ?? this.#uploaded.get(key);
          const own = suffices(known, gradients)
            ? known
            : this.#add(layer, inputs, gradients, known, created);
          found.set(key, own);
          weights.set(layer.name, own.tensors);
        }
      });
      if (this.#destroyed) throw new InputError(`${who}: used after destroy()`);
    } catch (error) {
      for (const { buffer } of created) buffer.destroy();
      throw error;
    }
    for (const [key, own] of found) this.#uploaded.set(key, own);
    return weights;
  }

  /** True if a layer's weights are there, for inputs of these shapes. */
  has(layer: OpLayer, inputs: readonly Shape[], gradients: boolean): boolean {
    return suffices(this.#uploaded.get(this.#keyOf(layer, inputs)), gradients);
  }

  /** Bytes of all weights that are there. */
  get bytes(): number {
    return this.#buffers().reduce((sum, { size }) => sum + size, 0);
  }

  destroy(): void {
    this.#destroyed = true;
    for (const buffer of this.#buffers()) buffer.destroy();
    this.#uploaded.clear();
  }

  #buffers(): GPUBuffer[] {
    return Array.from(this.#uploaded.values()).flatMap(({ tensors }) =>
      Object.values(tensors).map(({ buffer }) => buffer),
    );
  }

  /** Uploads a layer's weights beside those that are there. */
  #add(
    layer: OpLayer,
    inputs: readonly Shape[],
    gradients: boolean,
    known: Uploaded | undefined,
    created: Tensor[],
  ): Uploaded {
    const wanted = Object.entries(constantsFor(this.#device, opOf(layer), layer, inputs, gradients));
    const tensors = wanted.map(([name, { shape, data }]): [string, Tensor] => {
      const there = known?.tensors[name];
      if (there) return [name, there];
      const made = createTensor(this.#device, shape, { data, label: `${layer.name} ${name}` });
      created.push(made);
      return [name, made];
    });
    return { tensors: Object.fromEntries(tensors), gradients };
  }

  /** A layer's op, arrays and their form: all that its constants depend on. */
  #keyOf(layer: OpLayer, inputs: readonly Shape[]): string {
    const arrays = Object.entries(layer).flatMap(([name, value]) => {
      const { data, shape } = isConstant(value) ? value : { data: value, shape: [] };
      return data instanceof Float32Array ? [`${name} ${this.#numberOf(data)} ${shape.join("×")}`] : [];
    });
    return [layer.op, opOf(layer).form?.(layer, inputs) ?? "", ...arrays].join(", ");
  }

  #numberOf(array: Float32Array): number {
    const known = this.#numbers.get(array);
    if (known !== undefined) return known;
    this.#numbers.set(array, this.#count);
    return this.#count++;
  }
}

function suffices(known: Uploaded | undefined, gradients: boolean): known is Uploaded {
  return known !== undefined && (known.gradients || !gradients);
}

function isConstant(value: unknown): value is Constant {
  return typeof value === "object" && value !== null && "data" in value && "shape" in value;
}

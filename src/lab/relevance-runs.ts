import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { readTensors, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { className } from "../graph/classes.ts";
import { type Head, headOf } from "../graph/heads.ts";
import type { InputValues } from "../network/inputs.ts";
import type { Network, OutputGradientCommand } from "../network/network.ts";
import type { Networks } from "../network/pool.ts";
import { createRelevance, type Relevance } from "../relevance/relevance.ts";
import { type CompositeName, compositeNamed } from "../relevance/rules.ts";
import { predictionsOf } from "../techniques/predict.ts";

/** How relevance is passed on. */
export interface RelevanceRunOptions {
  /** The rules of LRP, by a composite's name. Default "composite". */
  readonly rules?: CompositeName | undefined;
  /** Layers for which LRP is not defined and that shall pass relevance on unchanged, or "all" of them. */
  readonly pass?: readonly string[] | "all" | undefined;
  readonly batch?: number | undefined;
  /** Values of the network's further inputs. */
  readonly inputs?: InputValues | undefined;
  readonly signal?: AbortSignal | undefined;
}

const NOTHING = { encode() {}, destroy() {} };

/** Runs batches forward, and relevance back from the logits to some layers, and from a layer to the picture. */
export class RelevanceRuns {
  readonly #network: Network;
  readonly #fromLogits: Relevance;
  readonly #options: RelevanceRunOptions;
  readonly head: Head;
  readonly layers: readonly string[];
  readonly #toPicture = new Map<string, Relevance>();

  private constructor(
    network: Network,
    head: Head,
    layers: readonly string[],
    relevance: Relevance,
    options: RelevanceRunOptions,
  ) {
    this.#network = network;
    this.head = head;
    this.layers = layers;
    this.#fromLogits = relevance;
    this.#options = options;
  }

  /** Does some work with a network that nobody else has. @throws UnsupportedError naming a layer for which LRP is not defined. */
  static async during<T>(
    networks: Networks,
    layers: readonly string[],
    options: RelevanceRunOptions,
    work: (runs: RelevanceRuns) => Promise<T>,
  ): Promise<T> {
    const {
      batch = networks.batchWithin({ most: 8 }),
      inputs = {},
      signal,
      rules = "composite",
      pass,
    } = options;
    const network = await networks.temporary({ batch });
    try {
      const { graph } = network;
      const head = headOf(graph);
      if (head.kind === "places" || head.channels !== head.classes) {
        throw new UnsupportedError(
          `relevance: expected a network with a score for each of its classes, got ${head.kind === "places" ? "scores at every place" : `${head.channels} for ${head.classes}`} of "${head.name}"`,
        );
      }
      const relevance = await createRelevance(network, {
        rules: compositeNamed(rules),
        from: [head.logits],
        pass,
        keep: layers,
      });
      const inTurn = async (turn: Network): Promise<T> => {
        const runs = new RelevanceRuns(turn, head, layers, relevance, options);
        try {
          return await work(runs);
        } finally {
          for (const made of runs.#toPicture.values()) made.destroy();
          relevance.destroy();
        }
      };
      return await network.inTurn(inTurn, { inputs, signal });
    } finally {
      network.destroy();
    }
  }

  get graph() {
    return this.#network.graph;
  }

  /** The shape of a layer's output for one picture. */
  shapeOf(layer: string): readonly number[] {
    return this.#network.activation(layer).shape.slice(1);
  }

  /** Values of a pixel of the picture. */
  get colors(): number {
    return this.#network.input.shape.at(-1) ?? 1;
  }

  get batch(): number {
    return this.#network.batch;
  }

  /** Runs pictures, as the network takes them, forward. @returns the class of each. */
  async forward(inputs: readonly Float32Array[]): Promise<number[]> {
    const { device, input } = this.#network;
    for (const [n, values] of inputs.entries()) {
      const { buffer, byteOffset, byteLength } = values;
      device.queue.writeBuffer(input.buffer, n * byteLength, buffer, byteOffset, byteLength);
    }
    const encoder = device.createCommandEncoder({ label: "vitrine relevance" });
    this.#network.forward(encoder);
    device.queue.submit([encoder.finish()]);
    const [scores] = (await readTensors(device, [
      this.#network.activation(this.head.logits),
    ])) as Float32Array[];
    const each = this.head.channels;
    return inputs.map((_, n) => {
      const own = scores?.subarray(n * each, (n + 1) * each) ?? new Float32Array();
      return predictionsOf(this.head, own)[0]?.index ?? 0;
    });
  }

  /**
   * Passes the logit of a class of each image of the batch back, after a forward pass.
   * @returns of each layer [images, …]: its relevance, and its activations where they are asked for.
   */
  async back(classes: readonly number[], { activations = false } = {}): Promise<LayerRelevance[]> {
    const network = this.#network;
    const { logits, channels } = this.head;
    const start = new Float32Array(network.batch * channels);
    for (const [n, index] of classes.entries()) start[n * channels + index] = 1;
    const tensors = this.layers.map((layer) => this.#fromLogits.layers.get(layer));
    const seen = activations ? this.layers.map((layer) => network.activation(layer)) : [];
    const found = await this.#pass(this.#fromLogits, logits, start, [...tensors, ...seen]);
    const ofImages = (values: Float32Array | undefined): Float32Array =>
      values?.subarray(0, (values.length * classes.length) / network.batch) ?? new Float32Array();
    return this.layers.map((layer, i) => ({
      layer,
      relevance: ofImages(found[i]),
      activation: ofImages(found[this.layers.length + i]),
    }));
  }

  /** Passes relevance that a layer has on to the picture: [batch, H, W, C]. `share` is relevance / activation, [batch, …]. */
  async toPicture(layer: string, share: Float32Array<ArrayBuffer>): Promise<Float32Array> {
    // Layer by layer as in the pass from the logits: the first layer of a pass is no output here.
    const rules = this.#fromLogits.rules.map(({ layer: name, rule }) => ({
      at: (own: { readonly name: string }) => own.name === name,
      rule,
    }));
    const options = { rules, from: [layer], pass: this.#options.pass };
    const relevance = this.#toPicture.get(layer) ?? (await createRelevance(this.#network, options));
    this.#toPicture.set(layer, relevance);
    const [found] = await this.#pass(relevance, layer, share, [relevance.input]);
    return found ?? new Float32Array();
  }

  async #pass(
    relevance: Relevance,
    from: string,
    start: Float32Array<ArrayBuffer>,
    read: readonly (Tensor | undefined)[],
  ): Promise<Float32Array[]> {
    const { device } = this.#network;
    const gradient = this.#network.gradient(from);
    if (start.length !== sizeOf(gradient.shape)) {
      throw new InputError(
        `relevance: expected ${sizeOf(gradient.shape)} values to start with, got ${start.length}`,
      );
    }
    device.queue.writeBuffer(gradient.buffer, 0, start);
    const encoder = device.createCommandEncoder({ label: "vitrine relevance" });
    const written: OutputGradientCommand = { layer: from, write: NOTHING, add: NOTHING };
    relevance.record(encoder, [written]);
    device.queue.submit([encoder.finish()]);
    const tensors = read.filter((tensor) => tensor !== undefined);
    return (await readTensors(device, tensors)) as Float32Array[];
  }
}

/** What a layer holds of each image of a batch. */
export interface LayerRelevance {
  readonly layer: string;
  readonly relevance: Float32Array;
  readonly activation: Float32Array;
}

/** The number of the class that a head has by that name; undefined where it has none. */
export function classIndex(head: Head, name: string): number | undefined {
  const found = Array.from({ length: head.classes }, (_, i) => className(head, i)).indexOf(name);
  return found < 0 ? undefined : found;
}

/** The number of a class that a caller asked for. @throws InputError when it has none. */
export function classNamed(who: string, head: Head, name: string | number): number {
  const found = typeof name === "number" ? name : classIndex(head, name);
  if (found !== undefined && Number.isInteger(found) && found >= 0 && found < head.classes) return found;
  const names = Array.from({ length: head.classes }, (_, i) => className(head, i));
  const some = names.slice(0, 8).join(", ");
  throw new InputError(`${who}: expected a class (${some}${names.length > 8 ? ", …" : ""}), got "${name}"`);
}

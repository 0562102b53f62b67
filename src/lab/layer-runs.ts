import type { SourcePicture } from "../dataset/source.ts";
import { hasClasses } from "../dataset/survey/answers-tally.ts";
import { settingsOf } from "../dataset/survey/survey-settings.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, readTensors, sizeOf } from "../gpu/tensor.ts";
import { className } from "../graph/classes.ts";
import { type Graph, inputOf, layerOf, shapesOf } from "../graph/graph.ts";
import { type Head, headOf, withLogits } from "../graph/heads.ts";
import { ancestorsOf, descendantsOf } from "../graph/traverse.ts";
import { readInput } from "../images/picture.ts";
import type { InputValues } from "../network/inputs.ts";
import type { Network } from "../network/network.ts";
import { notOfBlackBox, outsideOf } from "../network/outside.ts";
import type { Networks } from "../network/pool.ts";
import { predictionsOf } from "../techniques/predict.ts";

/** Height, width and channels of a layer's map. */
export type MapShape = readonly [height: number, width: number, channels: number];

/** A layer's map, for each image of a batch, and the scores. */
export interface BatchValues {
  /** For each layer that was asked, in order, the maps of the images that count, one after another. */
  readonly layers: readonly Float32Array[];
  /** The logits of the images that count. */
  readonly scores: Float32Array;
}

/** The shape of a layer that has places. @throws InputError when it has none. */
export function mapShapeOf(who: string, graph: Graph, layer: string): MapShape {
  const apart = withLogits(graph);
  const shape = shapesOf(apart).get(layerOf(apart, layer).name)?.slice(1) ?? [];
  const [height = 1, width = 1, channels = 1] = shape;
  if (shape.length === 3 && height * width > 1) return [height, width, channels];
  throw new InputError(
    `${who}: expected a layer with places, [H, W, C], got "${layer}" of ${formatShape(shape)}`,
  );
}

/** The layers that a question about places is asked of unless others are named: those that have some, as they leave their activation. */
export function layersWithPlaces(who: string, graph: Graph): string[] {
  const shapes = shapesOf(withLogits(graph));
  const found = settingsOf(graph, {}).layers.filter((name) => {
    const [height = 1, width = 1, ...channels] = shapes.get(name)?.slice(1) ?? [];
    return channels.length === 1 && height * width > 1;
  });
  if (found.length > 0) return found;
  throw new InputError(
    `${who}: expected a network with layers that have places, got none in "${graph.name}"`,
  );
}

/**
 * The first layer that reaches the logits from the picture without going through a layer; undefined where none does, so that the layer's
 * values alone decide what the rest of the network says.
 */
export function goingAround(graph: Graph, layer: string, logits: string): string | undefined {
  const { layers } = graph;
  const behind = new Set(descendantsOf(layers, [layer]).map(({ name }) => name));
  const needed = ancestorsOf(layers, [logits]).filter(({ name }) => name !== layer && behind.has(name));
  const seesPicture = new Set(descendantsOf(layers, [inputOf(graph).name]).map(({ name }) => name));
  seesPicture.add(inputOf(graph).name);
  return needed
    .flatMap(({ inputs }) => inputs)
    .find((name) => name !== layer && !behind.has(name) && seesPicture.has(name));
}

/** Runs a network on batches of pictures, looks at layers, and runs what comes after one of them on values of one's own. */
export class LayerRuns {
  readonly #network: Network;
  readonly layers: readonly string[];
  readonly head: Head;

  private constructor(network: Network, layers: readonly string[]) {
    this.#network = network;
    this.layers = layers;
    this.head = headOf(network.graph);
  }

  /** Does some work with a network that nobody else has. @throws UnsupportedError for a black box. */
  static async during<T>(
    networks: Networks,
    layers: readonly string[],
    options: {
      readonly batch?: number | undefined;
      readonly inputs?: InputValues | undefined;
      readonly signal?: AbortSignal | undefined;
    },
    work: (runs: LayerRuns) => Promise<T>,
  ): Promise<T> {
    const { graph } = networks;
    if (outsideOf(graph) !== undefined) throw notOfBlackBox(graph, "the values of its layers");
    const form = { keep: [...new Set(layers)], gradients: false, reuseBuffers: true };
    const { batch = networks.batchWithin({ ...form, most: 16 }), inputs = {}, signal } = options;
    const network = await networks.temporary({ ...form, batch });
    try {
      return await network.inTurn((turn) => work(new LayerRuns(turn, layers)), { inputs, signal });
    } finally {
      network.destroy();
    }
  }

  get graph(): Graph {
    return this.#network.graph;
  }

  get batch(): number {
    return this.#network.batch;
  }

  /** Runs pictures, as the network takes them, through the network. */
  async run(inputs: readonly Float32Array[]): Promise<BatchValues> {
    const { device, input } = this.#network;
    for (const [n, values] of inputs.entries()) {
      device.queue.writeBuffer(
        input.buffer,
        n * values.byteLength,
        values.buffer,
        values.byteOffset,
        values.byteLength,
      );
    }
    return this.#read(this.layers, { to: [...this.layers, this.head.logits] }, inputs.length);
  }

  /** Runs what comes after a layer on other values of it, and gives the logits. */
  async after(layer: string, values: Float32Array): Promise<Float32Array> {
    const network = this.#network;
    const { buffer, shape } = network.activation(layer);
    const images = (values.length * network.batch) / sizeOf(shape);
    network.device.queue.writeBuffer(buffer, 0, values.buffer, values.byteOffset, values.byteLength);
    const { scores } = await this.#read([], { to: this.head.logits, after: layer }, images);
    return scores;
  }

  /** The class of each image by its logits, where the network has classes. */
  answers(scores: Float32Array, images: number): (number | undefined)[] {
    const each = scores.length / images;
    return Array.from({ length: images }, (_, n) => {
      if (!hasClasses(this.head)) return undefined;
      return predictionsOf(this.head, scores.subarray(n * each, (n + 1) * each))[0]?.index;
    });
  }

  /** The class that a data set's label names, if it does. */
  classOf(label: string | undefined): number | undefined {
    if (label === undefined || !hasClasses(this.head)) return undefined;
    const named = Array.from({ length: this.head.classes }, (_, i) => className(this.head, i)).indexOf(label);
    if (named >= 0) return named;
    return /^\d+$/.test(label) && Number(label) < this.head.classes ? Number(label) : undefined;
  }

  async #read(
    layers: readonly string[],
    pass: { readonly to: string | readonly string[]; readonly after?: string },
    images: number,
  ): Promise<BatchValues> {
    const network = this.#network;
    const { device } = network;
    const encoder = device.createCommandEncoder({ label: "vitrine lab" });
    network.forward(encoder, pass);
    device.queue.submit([encoder.finish()]);
    const read = await readTensors(
      device,
      [...layers, this.head.logits].map((name) => network.activation(name)),
    );
    const own = (read as Float32Array[]).map((all) => all.subarray(0, (all.length * images) / network.batch));
    return { layers: own.slice(0, -1), scores: own.at(-1) ?? new Float32Array() };
  }
}

/** Counts of answers that are right, or the same as others. */
export class Share {
  #counted = 0;
  #hits = 0;

  /** Counts a pair, unless one of the two is unknown. */
  add(a: number | undefined, b: number | undefined): void {
    if (a === undefined || b === undefined) return;
    this.#counted++;
    if (a === b) this.#hits++;
  }

  /** 0 to 1; undefined where nothing was counted. */
  get value(): number | undefined {
    return this.#counted > 0 ? this.#hits / this.#counted : undefined;
  }
}

/** Σ ‖y − ŷ‖² / Σ ‖y − mean‖², the mean of each channel over all places of all pictures. */
export class RelativeError {
  readonly #sums: Float64Array;
  #squares = 0;
  #rows = 0;
  readonly #missed: number[];

  /** @param guesses how many ŷ are compared with each y. */
  constructor(channels: number, guesses: number) {
    this.#sums = new Float64Array(channels);
    this.#missed = new Array<number>(guesses).fill(0);
  }

  /** Adds rows of y `[rows, channels]`, and each guess of them. */
  add(y: ArrayLike<number>, guesses: readonly ArrayLike<number>[]): void {
    const channels = this.#sums.length;
    this.#rows += y.length / channels;
    for (let i = 0; i < y.length; i++) {
      const value = y[i] as number;
      const c = i % channels;
      this.#sums[c] = (this.#sums[c] as number) + value;
      this.#squares += value * value;
    }
    for (const [g, guess] of guesses.entries()) {
      let missed = 0;
      for (let i = 0; i < y.length; i++) missed += ((y[i] as number) - (guess[i] as number)) ** 2;
      this.#missed[g] = (this.#missed[g] ?? 0) + missed;
    }
  }

  /** The error of each guess; undefined where y does not vary. */
  get values(): (number | undefined)[] {
    const spread = this.#squares - this.#sums.reduce((sum, all) => sum + all ** 2, 0) / this.#rows;
    // What is left of equal numbers is rounding.
    if (!(spread > 1e-12 * this.#squares)) return this.#missed.map(() => undefined);
    return this.#missed.map((missed) => missed / spread);
  }
}

/** A picture with its values as a network takes them. */
export type ReadPicture = SourcePicture & { readonly values: Float32Array };

/** Pictures in batches of a network's size, preprocessed as it says. */
export async function* readBatches(
  { graph, batch: most }: Pick<LayerRuns, "graph" | "batch">,
  pictures: AsyncIterable<SourcePicture>,
): AsyncGenerator<readonly ReadPicture[]> {
  let batch: ReadPicture[] = [];
  for await (const picture of pictures) {
    batch.push({ ...picture, values: await readInput(graph, picture.pixels) });
    if (batch.length < most) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

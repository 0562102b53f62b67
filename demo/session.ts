import { furtherInputsOf, type Head, headOf, LayerForm } from "../src/graph.ts";
import { preprocess } from "../src/images.ts";
import {
  deprocess,
  type Graph,
  isSoftwareAdapter,
  type LabelMap,
  labelMap,
  ModelError,
  type Network,
  type Pixels,
  type Prediction,
  predict,
  predictionsOf,
  readTensor,
  type Target,
  type Tensor,
} from "../src/index.ts";
import { createNetworks, type Networks } from "../src/network.ts";
import { grouped } from "./dom.ts";
import { Emitter } from "./emitter.ts";
import { paint } from "./pixels.ts";
import type { Hovered } from "./room/picking.ts";
import { Room } from "./room/room.ts";
import type { Screen } from "./room/screen.ts";
import { contentsOf, drawSample, isSample } from "./samples.ts";
import type { SharedState } from "./state/shared.ts";
import type { Store } from "./state/store.ts";
import { classNameOf, type InputPixel, type Subject } from "./subjects.ts";
import { TaskQueue } from "./tasks/queue.ts";

/** A picture that was shown, and where it came from. */
export interface ShownPicture {
  readonly title: string;
  readonly pixels: Pixels;
}

/** Answers that are shown, where there are many. */
const TOP = 5;

/** What may lie over the picture, the lowest first: a map of an answer, and the classes of its places. */
const OVERLAYS = ["map", "classes"] as const;
export type Overlay = (typeof OVERLAYS)[number];

/** Draws over the picture, at the network's resolution. */
type Draw = (context: CanvasRenderingContext2D) => void;

/** A sentence for the answer when layers hold NaN or infinity. */
function nonFiniteSentence(strange: ReadonlyMap<string, number>): string {
  const [[layer, count] = ["the output", 0]] = strange;
  const where = count > 0 ? `${grouped(count)} values of ${layer} are` : "what the network says is";
  return `No answer: ${where} NaN or infinite, and so is all that follows. The weights or the picture’s values are too large.`;
}

/** One network on one device, with the room that shows it. When either goes, the session goes. */
export class Session {
  readonly device: GPUDevice;
  /** True on a software adapter, on which work is done in fewer steps. */
  readonly software: boolean;
  /** The network as it runs. */
  readonly graph: Graph;
  /** The same as it was loaded. */
  readonly source: Graph;
  readonly network: Network;
  readonly store: Store<SharedState>;
  /** The picture that the network sees, at the network's resolution. */
  readonly picture: HTMLCanvasElement;
  /** The same with a map over it, when one was asked for. */
  readonly composed: HTMLCanvasElement;
  readonly answered: Emitter<readonly Prediction[]> = new Emitter();
  readonly hovered: Emitter<{
    hovered: Hovered | undefined;
    at: { readonly x: number; readonly y: number };
  }> = new Emitter();
  readonly shownPicture: Emitter<ShownPicture> = new Emitter();
  readonly failed: Emitter<unknown> = new Emitter();
  /** Somebody says that the network is to be read otherwise: as this graph. */
  readonly readOtherwise: Emitter<Graph> = new Emitter();
  readonly room: Room;
  /** The work of all questions. */
  readonly tasks: TaskQueue = new TaskQueue();
  /** The pool of networks that questions run on; they share the weights of the one that is looked at. */
  readonly networks: Networks;
  /** The place that the pointer is at on the picture or on any map. */
  readonly cursor: Emitter<InputPixel | undefined> = new Emitter();
  /** Its strongest classes, labels or values. */
  predictions: readonly Prediction[] = [];
  /** The class of each place, of an output that scores classes at places. */
  labels: LabelMap | undefined;
  /** Why there is no answer to the picture, if there is none. */
  broken: string | undefined;
  shown: ShownPicture | undefined;
  input: Float32Array = new Float32Array();

  #turn: Promise<unknown> = Promise.resolve();
  readonly #overlays = new Map<Overlay, Draw>();
  readonly #stops: (() => void)[];
  #disposed = false;

  private constructor(screen: Screen, networks: Networks, network: Network, store: Store<SharedState>) {
    this.device = screen.device;
    this.network = network;
    this.graph = network.graph;
    this.source = networks.graph;
    this.store = store;
    this.picture = document.createElement("canvas");
    this.composed = document.createElement("canvas");
    const [height, width] = this.inputSize;
    for (const canvas of [this.picture, this.composed]) {
      canvas.width = width;
      canvas.height = height;
      // A canvas without a context is no source for a texture yet.
      canvas.getContext("2d")?.fillRect(0, 0, width, height);
    }
    this.software = isSoftwareAdapter(screen.device);
    this.networks = networks;
    this.room = new Room({
      screen,
      network,
      store,
      picture: this.composed,
      onHover: (hovered, at) => this.hovered.emit({ hovered, at }),
    });
    this.#stops = [
      store.listen((state, changed) => {
        if (changed.has("output")) void this.#told(() => this.#run());
        if (changed.has("image") && isSample(state.image)) void this.showSample(state.image);
      }),
    ];
  }

  /** Puts a graph on the screen's device and into a room. @throws the signal's reason when that is aborted before. */
  static async create(
    screen: Screen,
    graph: Graph,
    store: Store<SharedState>,
    signal: AbortSignal,
  ): Promise<Session> {
    const networks = createNetworks(screen.device, graph);
    try {
      const network = await networks.of({ gradients: false });
      signal.throwIfAborted();
      return new Session(screen, networks, network, store);
    } catch (error) {
      networks.destroy();
      throw error;
    }
  }

  /** [H, W, C] of the network's input. */
  get inputSize(): [number, number, number] {
    const [height, width, channels] = LayerForm.of(this.network.input.shape).size;
    return [height, width, channels];
  }

  /** The output that is asked, and what its numbers are. */
  get head(): Head {
    return headOf(this.graph, this.store.state.output);
  }

  /** A class, label or value of the output that is asked, in words. */
  nameOf(index: number): string {
    return classNameOf(this.head, index);
  }

  /** True where a map of the selected layer is one of its channels, which can be asked about as a whole. */
  get mapCounts(): boolean {
    return this.room.exhibitOf(this.store.state.layer)?.form.mapsAreChannels ?? true;
  }

  /** A unit as the techniques name it. */
  targetOf({ layer, channel, y, x }: Exclude<Subject, number>): Target {
    const form = this.room.exhibitOf(layer)?.form;
    return form && y !== undefined && x !== undefined
      ? { layer, ...form.targetOf({ channel, y, x }) }
      : { layer, channel };
  }

  /** Has the network opened anew as another graph of the same layers: with other heads, or another preprocessing. */
  readAnew(graph: Graph): void {
    this.readOtherwise.emit(graph);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Shows the network a picture of the data set. */
  showSample(name: string): Promise<void> {
    return this.#told(async () => {
      const [height, width] = this.inputSize;
      const pixels = await drawSample(this.device, name, Math.max(height, width));
      await this.#show({ title: contentsOf(name), pixels });
    });
  }

  /** Shows the network a picture. */
  show(shown: ShownPicture): Promise<void> {
    return this.#told(() => this.#show(shown));
  }

  async #show(shown: ShownPicture): Promise<void> {
    if (this.#disposed) return;
    this.shown = shown;
    this.input = preprocess(shown.pixels, this.graph);
    paint(this.picture, deprocess(this.input, this.graph));
    this.labels = undefined;
    this.shownPicture.emit(shown);
    this.compose();
    await this.#run();
  }

  /** Asks the network about the picture, and shows what it answers and holds. */
  async #run(): Promise<void> {
    const { device, network, input, head } = this;
    const output = head.name;
    const lacking = furtherInputsOf(network.graph).map(({ name }) => `“${name}”`);
    if (lacking.length > 0) {
      this.broken = `No answer: the network also takes ${lacking.join(" and ")}; type their values under “Other inputs”.`;
      this.predictions = [];
      this.answered.emit([]);
      return;
    }
    let predictions: readonly Prediction[] = [];
    let labels: LabelMap | undefined;
    let broken: ModelError | undefined;
    try {
      if (head.kind === "places" && head.scores !== "values") {
        labels = await labelMap(network, input, { output });
        predictions = predictionsOf(head, labels.scores.data).slice(0, TOP);
      } else predictions = await predict(network, input, { top: TOP, output });
    } catch (error) {
      // Values that are not finite are no answer; the layers are shown all the same.
      if (!(error instanceof ModelError)) throw error;
      broken = error;
    }
    if (this.#disposed) return;
    // An answer needs no more than its logits; the room shows every layer.
    const encoder = device.createCommandEncoder({ label: "every layer" });
    network.forward(encoder);
    device.queue.submit([encoder.finish()]);
    this.room.activationsChanged();
    const strange = await this.room.readStrange();
    if (this.#disposed) return;
    this.predictions = predictions;
    this.labels = labels;
    this.broken = broken && nonFiniteSentence(strange);
    this.room.showAnswers(head, predictions);
    this.answered.emit(predictions);
  }

  /**
   * Lays something over the picture, or takes it away.
   * @param draw called again for each picture.
   */
  overlay(overlay: Overlay, draw: Draw | undefined): void {
    if (draw) this.#overlays.set(overlay, draw);
    else this.#overlays.delete(overlay);
    this.compose();
  }

  /** True if such a thing lies over the picture; without a name, if anything does. */
  overlaid(overlay?: Overlay): boolean {
    return overlay === undefined ? this.#overlays.size > 0 : this.#overlays.has(overlay);
  }

  /** Draws the picture with what lies over it. */
  compose(): void {
    const context = this.composed.getContext("2d");
    if (!context) return;
    const { width, height } = this.picture;
    this.composed.width = width;
    this.composed.height = height;
    context.drawImage(this.picture, 0, 0);
    for (const overlay of OVERLAYS) this.#overlays.get(overlay)?.(context);
    this.room.pictureChanged();
  }

  /** Reads some numbers of a buffer, to print them. */
  async read(buffer: GPUBuffer, first: number, count: number): Promise<Float32Array> {
    const staging = this.device.createBuffer({
      label: "numbers to print",
      size: 4 * count,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 4 * first, staging, 0, 4 * count);
      this.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      return new Float32Array(staging.getMappedRange().slice(0));
    } finally {
      staging.destroy();
    }
  }

  /** The value of one unit. */
  async valueOf(layer: string, channel: number, y: number, x: number): Promise<number> {
    const { buffer, shape } = this.network.activation(layer);
    const form = this.room.exhibitOf(layer)?.form ?? LayerForm.of(shape);
    const [value] = await this.read(buffer, form.index({ channel, y, x }), 1);
    return value ?? Number.NaN;
  }

  /** A whole activation, for tests. */
  readActivation(layer: string): Promise<Float32Array> {
    const tensor: Tensor = this.network.activation(layer);
    return readTensor(this.device, tensor);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const stop of this.#stops) stop();
    this.tasks.close();
    this.room.dispose();
    this.networks.destroy();
  }

  /** The same, and what goes wrong is told to whoever shows errors. */
  #told(work: () => Promise<void>): Promise<void> {
    return this.#queue(work).catch((error: unknown) => {
      if (!this.#disposed) this.failed.emit(error);
    });
  }

  /** One thing after another: the network's buffers hold one image at a time. */
  #queue<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

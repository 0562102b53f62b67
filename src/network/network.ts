import { checked } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { type Command, record } from "../gpu/kernel.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { assertRule, type BackwardRule, RULE_CODES } from "../ops/activation.ts";
import { type Control, EVERY } from "./control.ts";
import { fuse } from "./fuse.ts";
import { type Graph, inputOf, layerOf, type Shapes, shapesOf } from "./graph.ts";
import { activationOf, all, allocate, createStage, type Own, type Stage } from "./stages.ts";

export interface NetworkOptions {
  /** Images that one forward pass takes; fixed for the network's life. Default 1. */
  readonly batch?: number;
  /**
   * Layers whose activations must be there to be seen: "all" (the default), or names. The others may be fused into
   * their neighbours; the input, the output and the logits always stay.
   */
  readonly keep?: "all" | readonly string[];
  /** Whether `backward` will be used. Without it, half the memory and half the kernels. Default true. */
  readonly gradients?: boolean;
}

/** Where a backward pass starts: positions that are left out mean the sum over all of them. */
export interface Target {
  readonly layer: string;
  readonly channel?: number;
  readonly y?: number;
  readonly x?: number;
  /** Which image of the batch; left out: each one's own. */
  readonly image?: number;
}

/** A gradient with which the caller starts the backward pass himself. */
export interface Seed {
  readonly layer: string;
  /** Shape of the layer's activation. It may be `network.gradient(layer)` itself, already written. */
  readonly seed: Tensor;
}

export interface BackwardOptions {
  /** How the signal passes a ReLU. Default "gradient". */
  readonly rule?: BackwardRule;
  /** The layer down to which the signal is taken. Default: the input. */
  readonly to?: string;
}

/**
 * A graph on a device: weights uploaded, buffers allocated, pipelines compiled. Forward to any layer, backward from any
 * layer; recording allocates nothing, submits nothing and writes no queue.
 *
 * Activations and gradients are the buffers that the kernels wrote; they live as long as the network and are
 * overwritten by the next pass.
 */
export class Network {
  readonly device: GPUDevice;
  /** The graph as it runs: layers that were fused away are gone from it. */
  readonly graph: Graph;
  readonly batch: number;
  /** [batch, H, W, C]: write the preprocessed images here. */
  readonly input: Tensor;
  readonly shapes: Shapes;

  readonly #stages: ReadonlyMap<string, Stage>;
  readonly #control: Control | undefined;
  readonly #owned: readonly { destroy(): void }[];
  #destroyed = false;

  /** @internal Use {@link createNetwork}. */
  constructor(parts: NetworkParts) {
    this.device = parts.device;
    this.graph = parts.graph;
    this.batch = parts.batch;
    this.shapes = parts.shapes;
    this.#stages = parts.stages;
    this.#control = parts.control;
    this.#owned = parts.owned;
    this.input = this.activation(inputOf(parts.graph).name);
  }

  /** The output of a layer, [batch, …]. @throws InputError when there is no such layer, or it was fused away. */
  activation(layer: string): Tensor {
    return this.#stage(layer).y;
  }

  /**
   * The gradient of the last backward pass's objective to a layer's output, of the same shape.
   * Only layers between the pass's two ends hold one.
   */
  gradient(layer: string): Tensor {
    return this.#backwardOf(this.#stage(layer)).dy;
  }

  /**
   * Records the layers up to and including `to` (default: all).
   * @throws InputError when there is no such layer, or the network was destroyed.
   */
  forward(encoder: GPUCommandEncoder, { to }: { readonly to?: string } = {}): void {
    const needed = to === undefined ? undefined : this.#ancestors(this.#stage(to).layer.name);
    const stages = [...this.#live().values()].filter(({ layer }) => !needed || needed.has(layer.name));
    record(
      encoder,
      stages.map((stage) => stage.forward),
      { label: `vitrine forward ${this.graph.name}` },
    );
  }

  /**
   * Records the way back from a target (a sum of the layer's elements) or from the caller's own seed, down to
   * `to`. It reads the activations of the last forward pass, which may serve any number of backward passes.
   * @throws InputError when the target lies outside the layer, or `to` does not lead to it.
   * @throws UnsupportedError when the rule is not defined for an activation on the way.
   */
  backward(
    encoder: GPUCommandEncoder,
    from: Target | Seed,
    { rule = "gradient", to }: BackwardOptions = {},
  ): void {
    const start = this.#stage(from.layer);
    const end = this.#stage(to ?? inputOf(this.graph).name);
    const { dy, seed } = this.#backwardOf(start);
    const way = this.#between(end, start);
    if (!this.#control || way.length === 0) {
      throw new InputError(
        `backward: expected "to" to name a layer that leads to "${from.layer}", got "${end.layer.name}"`,
      );
    }
    for (const { layer } of way) {
      const activation = activationOf(layer);
      if (activation && layer !== end.layer) assertRule(rule, activation, layer.name);
    }

    const commands: Command[] = [];
    if ("seed" in from) {
      copySeed(encoder, from, dy);
    } else {
      this.#control.setTarget(encoder, targetIndices(from, dy.shape));
      commands.push(seed);
    }
    this.#control.setRule(encoder, RULE_CODES[rule]);

    const onWay = new Set(way.map((stage) => stage.layer.name));
    const written = new Set([dy.buffer]);
    for (const stage of way.reverse()) {
      if (stage === end) continue;
      const { gate, steps } = this.#backwardOf(stage);
      if (gate) commands.push(gate);
      for (const { input, write, add } of steps) {
        if (!onWay.has(input)) continue;
        const { buffer } = this.gradient(input);
        commands.push(add && written.has(buffer) ? add : write);
        written.add(buffer);
      }
    }
    record(encoder, commands, { label: `vitrine backward ${this.graph.name}` });
  }

  /** Frees every buffer of the network. The device stays. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    for (const owned of this.#owned) owned.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  #live(): ReadonlyMap<string, Stage> {
    if (this.#destroyed) throw new InputError(`network "${this.graph.name}": used after destroy()`);
    return this.#stages;
  }

  #stage(name: string): Stage {
    const stage = this.#live().get(name);
    return stage ?? this.#stage(layerOf(this.graph, name).name);
  }

  #backwardOf(stage: Stage): NonNullable<Stage["backward"]> {
    if (!stage.backward) {
      throw new InputError(
        `network "${this.graph.name}": created without gradients; create it with { gradients: true }`,
      );
    }
    return stage.backward;
  }

  #ancestors(name: string): ReadonlySet<string> {
    const found = new Set([name]);
    for (const { layer } of [...this.#stages.values()].reverse()) {
      if (found.has(layer.name)) for (const input of layer.inputs) found.add(input);
    }
    return found;
  }

  /** Stages on any way from `end` up to `start`, in the graph's order; none when there is no way. */
  #between(end: Stage, start: Stage): Stage[] {
    const below = this.#ancestors(start.layer.name);
    const reached = new Set([end.layer.name]);
    for (const { layer } of this.#stages.values()) {
      if (layer.inputs.some((input) => reached.has(input))) reached.add(layer.name);
    }
    if (!reached.has(start.layer.name)) return [];
    return [...this.#stages.values()].filter(({ layer: { name } }) => below.has(name) && reached.has(name));
  }
}

/** What {@link createNetwork} hands to {@link Network}. */
interface NetworkParts {
  readonly device: GPUDevice;
  readonly graph: Graph;
  readonly batch: number;
  readonly shapes: Shapes;
  readonly stages: ReadonlyMap<string, Stage>;
  readonly control: Control | undefined;
  readonly owned: readonly { destroy(): void }[];
}

function copySeed(encoder: GPUCommandEncoder, { layer, seed }: Seed, dy: Tensor): void {
  if (formatShape(seed.shape) !== formatShape(dy.shape)) {
    throw new InputError(
      `backward from "${layer}": expected a seed of shape ${formatShape(dy.shape)}, got ${formatShape(seed.shape)}`,
    );
  }
  if (seed.buffer !== dy.buffer)
    encoder.copyBufferToBuffer(seed.buffer, 0, dy.buffer, 0, sizeOf(dy.shape) * 4);
}

function targetIndices({ layer, image, y, x, channel }: Target, shape: Shape): number[] {
  const n = shape[0] ?? 1;
  const [h, w, c] =
    shape.length === 4 ? [shape[1] ?? 1, shape[2] ?? 1, shape[3] ?? 1] : [1, 1, sizeOf(shape) / n];
  const index = (name: string, value: number | undefined, size: number): number => {
    if (value === undefined) return EVERY;
    if (!Number.isInteger(value) || value < 0 || value >= size) {
      throw new InputError(`target in layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`);
    }
    return value;
  };
  return [index("image", image, n), index("y", y, h), index("x", x, w), index("channel", channel, c)];
}

/**
 * Puts a graph on a device: checks it, fuses what nobody asked to see, uploads the weights, allocates every buffer,
 * compiles every pipeline. The device is borrowed and may be shared with anything else.
 * @throws InputError, UnsupportedError for a graph that cannot be right or run; OutOfMemoryError; DeviceLostError.
 */
export async function createNetwork(
  device: GPUDevice,
  graph: Graph,
  options: NetworkOptions = {},
): Promise<Network> {
  const { batch = 1, keep = "all", gradients = true } = options;
  const running = keep === "all" ? graph : fuse(graph, keep);
  const shapes = shapesOf(running, batch);
  const owned: { destroy(): void }[] = [];
  const own: Own = (made) => {
    owned.push(made);
    return made;
  };
  try {
    const buffers = await checked(device, `network "${graph.name}"`, () =>
      allocate(device, running, shapes, gradients, own),
    );
    const stages = await all(running.layers.map((layer) => createStage(device, layer, buffers, own)));
    return new Network({
      device,
      graph: running,
      batch,
      shapes,
      owned,
      stages: new Map(stages.map((stage) => [stage.layer.name, stage])),
      control: buffers.control,
    });
  } catch (error) {
    for (const made of owned) made.destroy();
    throw error;
  }
}

import { assertEncoder, recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe } from "../gpu/options.ts";
import type { Destroyable } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type Graph, inputOf, layerOf, type Shapes } from "../graph/graph.ts";
import type { Tensors } from "../layers/op.ts";
import { type BackwardPlan, planBackward } from "./backward-plan.ts";
import { type BackwardBuffers, tensorOf } from "./buffers.ts";
import { planForward } from "./forward-plan.ts";
import { type InputOptions, type ReadInputs, readInputs } from "./inputs.ts";
import type { NetworkPlan } from "./network-plan.ts";
import { BACKWARD, type BackwardOptions, FORWARD, type ForwardOptions, reusedBuffer } from "./options.ts";
import {
  assertOutputGradients,
  copyOutputGradient,
  isCommands,
  type OutputGradients,
  targetIndices,
} from "./output-gradient.ts";
import { notOfBlackBox, type OutsideScores } from "./outside.ts";
import { commandsOf, type Stage } from "./stages.ts";
import { Turns } from "./turns.ts";

export type { BackwardOptions, ForwardOptions, NetworkOptions } from "./options.ts";
export type { OutputGradient, OutputGradientCommand, OutputGradients, Target } from "./output-gradient.ts";

/**
 * A graph on a device: weights uploaded, buffers allocated, pipelines compiled. Forward to any layer, backward from any
 * layer; recording allocates nothing, submits nothing and writes no queue.
 *
 * Activations and gradients are the buffers that the kernels wrote; they live as long as the network and are
 * overwritten by the next pass.
 *
 * A network answers one question at a time: calls such as `predict` or `saliency` wait for one another in the order in which
 * they were made. Recording by hand does not wait. While a call is under way, recording `forward` or `backward` throws:
 * await the call, record within {@link inTurn}, or create another network. What cannot be seen is not stopped: an input
 * that is written, or an encoder that was recorded before and is submitted, while a call is under way.
 */
export class Network {
  readonly device: GPUDevice;
  /** The graph as it runs: layers that were fused away are gone from it, logits that were fused into a sigmoid are apart. */
  readonly graph: Graph;
  readonly batch: number;
  /**
   * `[batch, H, W, C]`: write the preprocessed images here. Of several inputs, the one that is asked; the others are
   * `activation(name)`.
   */
  readonly input: Tensor;
  readonly shapes: Shapes;

  /** @internal */
  readonly plan: NetworkPlan;
  /** @internal Every layer's weights as the kernels read them, by name. */
  readonly constants: ReadonlyMap<string, Tensors>;

  readonly #stages: ReadonlyMap<string, Stage>;
  readonly #backward: BackwardBuffers | undefined;
  readonly #parts: NetworkParts;
  /** The network that this one is for the length of a turn. */
  readonly #whole: Network | undefined;
  readonly #turns = new Turns();
  /** Inputs beside the one that is asked which hold the values that this turn was given. */
  readonly #given: Set<string>;
  /** The network that records now, in a turn of this one. */
  #turn: Network | undefined;
  #ended: "destroy()" | "its turn" | undefined;

  /** @internal Use {@link createNetwork}. */
  constructor(parts: NetworkParts, whole?: Network, given: Iterable<string> = []) {
    this.#given = new Set(given);
    const { device, plan, stages, constants, backward } = parts;
    this.#parts = parts;
    this.#whole = whole;
    this.device = device;
    this.plan = plan;
    this.graph = plan.graph;
    this.batch = plan.batch;
    this.shapes = plan.shapes;
    this.constants = constants;
    this.#stages = stages;
    this.#backward = backward;
    this.kept = plan.alone && new Set(plan.alone);
    this.input = this.activation(inputOf(plan.graph).name);
  }

  /** @internal The function that gives the scores of a black box. Whoever runs forward has it asked; see `submitForward`. */
  get outside(): OutsideScores | undefined {
    return this.#parts.outside;
  }

  /** True if `destroy()` was called. */
  get isDestroyed(): boolean {
    return (this.#whole ?? this).#ended === "destroy()";
  }

  /** True if the network was created with gradients, so that `backward` may be used. */
  get hasGradients(): boolean {
    return this.#backward !== undefined;
  }

  /** @internal The layers with buffers of their own, in a network whose others share theirs. */
  readonly kept: ReadonlySet<string> | undefined;

  /**
   * The output of a layer, [batch, …].
   * @throws InputError when there is no such layer, it was fused away, or it shares its buffer with others.
   */
  activation(layer: string): Tensor {
    const { y } = this.#stage(layer);
    if (this.kept?.has(layer) === false) throw reusedBuffer(this.graph, `layer "${layer}"`, layer);
    return y;
  }

  /**
   * The gradient of the last backward pass's objective to a layer's output, of the same shape.
   * Only layers between the pass's two ends hold one, and among those that `keep` did not name some hold what the rule
   * let through their activation instead, unless the pass was recorded with `gradients: "all"`.
   */
  gradient(layer: string): Tensor {
    this.#stage(layer);
    return tensorOf(this.#backwardBuffers().gradients, layer);
  }

  /**
   * Records a forward pass: every layer, or those that `to` needs, or those that depend on `after`.
   * @throws InputError when there is no such layer, the network was destroyed, what `after` needs shares its buffer, or a
   * call on this network is under way.
   */
  forward(encoder: GPUCommandEncoder, options: ForwardOptions = {}): void {
    this.#expectFree("forward");
    if (this.outside) throw notOfBlackBox(this.graph, "a forward pass to record");
    assertEncoder("forward", encoder);
    assertFields("forward", options, FORWARD);
    const { to, after } = options;
    const layers = planForward(this.graph, typeof to === "string" ? [to] : to, after, this.kept);
    const commands = layers.map(({ name }) => this.#stage(name).forward);
    recordCommands(encoder, commands, { label: `vitrine forward ${this.graph.name}` });
  }

  /**
   * Records a backward pass from a target (a sum of a layer's elements), from the caller's own output gradient, or from an
   * objective's, down to `to`. It reads the activations of the last forward pass, which may serve any number of backward
   * passes.
   * @throws InputError when the target lies outside the layer, `to` does not lead to it, rules are given for a layer
   * that there is not, or a call on this network is under way.
   * @throws UnsupportedError when the rule is not defined for an activation between.
   */
  backward(encoder: GPUCommandEncoder, from: OutputGradients, options: BackwardOptions = {}): void {
    this.#expectFree("backward");
    assertEncoder("backward", encoder);
    const plan = this.planBackward(from, options);
    const { control } = this.#backwardBuffers();
    if (!isCommands(from)) {
      const dy = this.gradient(from.layer);
      if ("gradient" in from) copyOutputGradient(encoder, from, dy);
      else control.setTarget(encoder, targetIndices(from, dy.shape));
    }
    control.setRules(encoder, plan.codes);
    const commands = commandsOf(plan, this.#stages, from);
    recordCommands(encoder, commands, { label: `vitrine backward ${this.graph.name}` });
  }

  /**
   * Plans a backward pass without recording it: what {@link backward} will run, in which order, into which buffer, by which
   * rule. `formatBackwardPlan` prints it.
   * @throws as {@link backward}.
   */
  planBackward(from: OutputGradients, options: BackwardOptions = {}): BackwardPlan {
    assertOutputGradients(from);
    assertFields("backward", options, BACKWARD);
    const { rule = "gradient", to = inputOf(this.graph).name, gradients = "kept" } = options;
    const layers = (isCommands(from) ? from : [from]).map(({ layer }) => layer);
    for (const name of [to, ...layers]) this.#stage(name);
    const { layout } = this.#backwardBuffers();
    const plan = (): BackwardPlan => planBackward(this.graph, layout, { from: layers, to, rule, gradients });
    if (typeof rule !== "string") return plan();
    const { plans } = this.#parts;
    const key = JSON.stringify([rule, gradients, to, ...layers]);
    const made = plans.get(key) ?? plan();
    if (plans.size >= MOST_PLANS) plans.clear();
    plans.set(key, made);
    return made;
  }

  /**
   * Runs `work` alone: after the calls that were made before, and before those that are made meanwhile. It is given the
   * network to use until then, for recording and for calls alike; with the network itself they would wait for this turn
   * to end. From writing the input to reading the result, work that shares a network with other calls belongs in here.
   * @throws the signal's reason, at once, when it aborts while the work waits; InputError when the network is destroyed
   * meanwhile; what `work` throws.
   * @param options `inputs`: values of the inputs beside the one that is asked, which are written before the work begins; all
   * that a turn around this one was not given. Without, nothing is written.
   */
  inTurn<T>(
    work: (network: Network) => T | Promise<T>,
    { signal, inputs }: { readonly signal?: AbortSignal | undefined } & InputOptions = {},
  ): Promise<T> {
    if (typeof work !== "function") {
      const error = `network "${this.graph.name}": expected a function to run in its turn, got ${describe(work)}`;
      return Promise.reject(new InputError(error));
    }
    const read = inputs && readInputs(this.graph, inputs, this.#given);
    // Whoever leaves before his turn never looks at it.
    read?.catch(() => {});
    return this.#turns.take(async () => {
      this.#live();
      const turn = new Network(this.#parts, this, this.#given);
      this.#turn = turn;
      try {
        if (read) turn.#write(await read);
        return await work(turn);
      } finally {
        turn.#end("its turn");
        this.#turn = undefined;
      }
    }, signal);
  }

  /** Frees every buffer of the network; calls that still wait are refused. The device stays. */
  destroy(): void {
    if (this.#whole) this.#whole.destroy();
    else if (this.#ended === undefined) {
      this.#end("destroy()");
      this.#parts.memory.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Writes the values of inputs, for every image of the batch. */
  #write(values: ReadInputs): void {
    for (const [name, { buffer, byteOffset, byteLength }] of Object.entries(values)) {
      const to = this.activation(name).buffer;
      this.#given.add(name);
      for (let n = 0; n < this.batch; n++) {
        this.device.queue.writeBuffer(to, n * byteLength, buffer, byteOffset, byteLength);
      }
    }
  }

  #live(): ReadonlyMap<string, Stage> {
    if (this.#ended !== undefined) throw this.#usedAfter(this.#ended);
    return this.#stages;
  }

  #usedAfter(what: string): InputError {
    return new InputError(`network "${this.graph.name}": used after ${what}`);
  }

  #end(what: "destroy()" | "its turn"): void {
    if (this.#turn) this.#turn.#end(what);
    this.#ended ??= what;
    this.#turns.refuse(this.#usedAfter(what));
  }

  /** @throws InputError when a recording would mix with that of a call which is under way. */
  #expectFree(who: string): void {
    this.#live();
    if (!this.#turn) return;
    throw new InputError(
      `network "${this.graph.name}": ${who} recorded while a call on the network is under way; await the call first, record within network.inTurn(), or create another network`,
    );
  }

  #stage(name: string): Stage {
    const stage = this.#live().get(name);
    return stage ?? this.#stage(layerOf(this.graph, name).name);
  }

  #backwardBuffers(): BackwardBuffers {
    if (this.#backward) return this.#backward;
    if (this.outside) throw notOfBlackBox(this.graph, "one that needs gradients");
    throw new InputError(
      `network "${this.graph.name}": created without gradients; create it with { gradients: true }`,
    );
  }
}

/** Parts of a {@link Network}. */
interface NetworkParts {
  readonly device: GPUDevice;
  readonly plan: NetworkPlan;
  readonly stages: ReadonlyMap<string, Stage>;
  readonly constants: ReadonlyMap<string, Tensors>;
  readonly backward: BackwardBuffers | undefined;
  /** Backward plans by what was asked for. */
  readonly plans: Map<string, BackwardPlan>;
  /** Everything that the network allocated. */
  readonly memory: Destroyable;
  /** The function that gives the scores, where no layer computes them. */
  readonly outside: OutsideScores | undefined;
}

/** Most backward plans that a network keeps. */
const MOST_PLANS = 256;

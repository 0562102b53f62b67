import { assertDevice, checked } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertEncoder, type Command, record } from "../gpu/kernel.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { all, build, type Destroyable } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { assertFinite } from "../graph/finite.ts";
import { fuse } from "../graph/fuse.ts";
import { assertGraph, type Graph, inputOf, layerOf, type Shapes, shapesOf } from "../graph/graph.ts";
import { answersOf, withLogits } from "../graph/heads.ts";
import { assertLayer } from "../graph/layer-fields.ts";
import { assertRule, type BackwardRule, PASS, RULE_CODES } from "../layers/activation.ts";
import type { Tensors } from "../layers/op.ts";
import type { Control } from "./control.ts";
import { type LayerRules, rulesOf } from "./rules.ts";
import { activationOf, allocate, createStage, type Stage } from "./stages.ts";
import {
  assertFrom,
  copySeed,
  isStarts,
  type Seed,
  type Start,
  type Target,
  targetIndices,
} from "./start.ts";
import { Turns } from "./turns.ts";

export type { Seed, Start, Target } from "./start.ts";

export interface NetworkOptions {
  /** Images that one forward pass takes; fixed for the network's life. Default 1. */
  readonly batch?: number;
  /**
   * Layers whose activations and gradients must be there to be seen: "all" (the default), or names. The others may be
   * fused into their neighbours; the input, the outputs and their logits always stay.
   */
  readonly keep?: "all" | readonly string[];
  /** Whether `backward` will be used. Without it, half the memory and half the kernels. Default true. */
  readonly gradients?: boolean;
  /**
   * Whether layers that `keep` does not name share buffers, one after another: for networks that only run forward, the least
   * memory and so the largest batch. Only the input, the outputs, their logits and what `keep` names can then be read.
   * Needs `gradients: false` and names in `keep`. Default false.
   */
  readonly share?: boolean;
}

export const NETWORK: Fields<NetworkOptions> = {
  ...{ batch: "may", keep: "may" },
  ...{ gradients: [true, false], share: [true, false] },
};

export interface BackwardOptions {
  /** How the signal passes a ReLU: one rule, or rules for layers by name. Default "gradient". */
  readonly rule?: BackwardRule | LayerRules;
  /** The layer down to which the signal is taken. Default: the input. */
  readonly to?: string;
  /**
   * Whose gradients will be looked at: those of the pass's end and of layers that `keep` names, or those of all layers on
   * the way, which takes a pass more for some. Default "kept".
   */
  readonly gradients?: "kept" | "all";
}

const BACKWARD: Fields<BackwardOptions> = { rule: "may", to: "may", gradients: ["kept", "all"] };

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
  /** `[batch, H, W, C]`: write the preprocessed images here. */
  readonly input: Tensor;
  readonly shapes: Shapes;

  /** @internal Every layer's weights as the kernels read them, by name. */
  readonly constants: ReadonlyMap<string, Tensors>;

  readonly #stages: ReadonlyMap<string, Stage>;
  readonly #control: Control | undefined;
  readonly #parts: NetworkParts;
  /** The network that this one is for the length of a turn. */
  readonly #whole: Network | undefined;
  readonly #turns = new Turns();
  /** Who records now, in a turn of this network. */
  #turn: Network | undefined;
  #ended: "destroy()" | "its turn" | undefined;

  /** @internal Use {@link createNetwork}. */
  constructor(parts: NetworkParts, whole?: Network) {
    this.#parts = parts;
    this.#whole = whole;
    this.device = parts.device;
    this.graph = parts.graph;
    this.batch = parts.batch;
    this.shapes = parts.shapes;
    this.constants = parts.constants;
    this.#stages = parts.stages;
    this.#control = parts.control;
    this.kept = parts.kept;
    this.input = this.activation(inputOf(parts.graph).name);
  }

  /** Whether the network was created with gradients, so that `backward` may be used. */
  get hasGradients(): boolean {
    return this.#control !== undefined;
  }

  /** @internal The layers with buffers of their own, in a network whose others share theirs. */
  readonly kept: ReadonlySet<string> | undefined;

  /**
   * The output of a layer, [batch, …].
   * @throws InputError when there is no such layer, it was fused away, or it shares its buffer with others.
   */
  activation(layer: string): Tensor {
    const { y } = this.#stage(layer);
    if (this.kept?.has(layer) === false) throw shared(this.graph, `layer "${layer}"`, layer);
    return y;
  }

  /**
   * The gradient of the last backward pass's objective to a layer's output, of the same shape.
   * Only layers between the pass's two ends hold one, and among those that `keep` did not name some hold what the rule
   * let through their activation instead, unless the pass was recorded with `gradients: "all"`.
   */
  gradient(layer: string): Tensor {
    return this.#backwardOf(this.#stage(layer)).dy;
  }

  /**
   * Records the layers up to and including `to` (default: all). With `after`, only those that follow from that layer: it
   * and whatever does not depend on it keep what their activations hold, so that a layer may be changed by hand.
   * @throws InputError when there is no such layer, the network was destroyed, what `after` needs shares its buffer, or a
   * call on this network is under way.
   */
  forward(encoder: GPUCommandEncoder, options: { readonly to?: string; readonly after?: string } = {}): void {
    this.#expectFree("forward");
    assertEncoder("forward", encoder);
    assertFields("forward", options, { to: "may", after: "may" });
    const { to, after } = options;
    const needed = to === undefined ? undefined : this.#ancestors(this.#stage(to).layer.name);
    const from = after === undefined ? undefined : this.#descendants(this.#stage(after).layer.name);
    const stages = [...this.#live().values()].filter(
      ({ layer: { name } }) => (!needed || needed.has(name)) && (!from || (name !== after && from.has(name))),
    );
    for (const input of from && this.kept ? stages.flatMap(({ layer }) => layer.inputs) : []) {
      if (!from?.has(input) && !this.kept?.has(input)) {
        throw shared(this.graph, `forward after "${after}" from "${input}", which goes around it,`, input);
      }
    }
    record(
      encoder,
      stages.map((stage) => stage.forward),
      { label: `vitrine forward ${this.graph.name}` },
    );
  }

  /**
   * Records the way back from a target (a sum of the layer's elements), from the caller's own seed, or from seeds at
   * several layers, down to `to`. It reads the activations of the last forward pass, which may serve any number of
   * backward passes.
   * @throws InputError when the target lies outside the layer, `to` does not lead to it, rules are given for a layer
   * that there is not, or a call on this network is under way.
   * @throws UnsupportedError when the rule is not defined for an activation on the way.
   */
  backward(
    encoder: GPUCommandEncoder,
    from: Target | Seed | readonly Start[],
    options: BackwardOptions = {},
  ): void {
    this.#expectFree("backward");
    assertEncoder("backward", encoder);
    assertFrom(from);
    assertFields("backward", options, BACKWARD);
    const { rule = "gradient", to, gradients = "kept" } = options;
    const starts = isStarts(from) ? from : [from];
    const end = this.#stage(to ?? inputOf(this.graph).name);
    const way = this.#ways(end, starts);
    const control = this.#control;
    if (!control) throw noGradients(this.graph);
    const ruleOf = rulesOf(this.graph, rule);
    const seeded = new Set(starts.map(({ layer }) => layer));
    const early = new Set<Stage>();
    const codes: (number | undefined)[] = [];
    for (const stage of way) {
      const { slot, early: gate } = this.#backwardOf(stage);
      const { name } = stage.layer;
      const activation = activationOf(stage.layer);
      const own = ruleOf(name);
      if (activation && stage !== end) assertRule(own, activation, name);
      if (slot !== undefined) codes[slot] = RULE_CODES[own];
      if (!gate) continue;
      // What asks for the whole gradient first, or adds to it, cannot go through the activation as it is written.
      const late = stage === end || seeded.has(name) || own === "redirected" || gradients === "all";
      if (!late) early.add(stage);
      codes[gate.slot] = early.has(stage) ? RULE_CODES[own] : PASS;
    }

    const commands: Command[] = [];
    const written = new Set<GPUBuffer>();
    if (!isStarts(from)) {
      const { dy, seed } = this.#backwardOf(this.#stage(from.layer));
      written.add(dy.buffer);
      if ("seed" in from) {
        copySeed(encoder, from, dy);
      } else {
        control.setTarget(encoder, targetIndices(from, dy.shape));
        commands.push(seed);
      }
    }
    control.setRules(encoder, codes);

    const onWay = new Set(way.map((stage) => stage.layer.name));
    for (const stage of way.reverse()) {
      const { dy, blocked, gate, steps, early: gated } = this.#backwardOf(stage);
      for (const { layer, write, add } of isStarts(from) ? from : []) {
        if (layer !== stage.layer.name) continue;
        commands.push(written.has(dy.buffer) ? add : write);
        written.add(dy.buffer);
      }
      if (stage === end) continue;
      const through = gated && early.has(stage) ? gated.steps : steps;
      if (through === steps) {
        if (blocked && ruleOf(stage.layer.name) === "redirected") commands.push(blocked);
        if (gate) commands.push(gate);
      }
      for (const { input, write, add } of through) {
        if (!onWay.has(input)) continue;
        const { buffer } = this.gradient(input);
        commands.push(add && written.has(buffer) ? add : write);
        written.add(buffer);
      }
    }
    record(encoder, commands, { label: `vitrine backward ${this.graph.name}` });
  }

  /**
   * Runs `work` alone: after the calls that were made before, and before those that are made meanwhile. It is given the
   * network to use until then, for recording and for calls alike; with the network itself they would wait for this turn
   * to end. From writing the input to reading the result, work that shares a network with other calls belongs in here.
   * @throws the signal's reason, at once, when it aborts while the work waits; InputError when the network is destroyed
   * meanwhile; what `work` throws.
   */
  inTurn<T>(
    work: (network: Network) => T | Promise<T>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    if (typeof work !== "function") {
      const error = `network "${this.graph.name}": expected a function to run in its turn, got ${describe(work)}`;
      return Promise.reject(new InputError(error));
    }
    return this.#turns.take(async () => {
      this.#live();
      const turn = new Network(this.#parts, this);
      this.#turn = turn;
      try {
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

  #backwardOf(stage: Stage): NonNullable<Stage["backward"]> {
    if (!stage.backward) throw noGradients(this.graph);
    return stage.backward;
  }

  #ancestors(name: string): ReadonlySet<string> {
    const found = new Set([name]);
    for (const { layer } of [...this.#stages.values()].reverse()) {
      if (found.has(layer.name)) for (const input of layer.inputs) found.add(input);
    }
    return found;
  }

  #descendants(name: string): ReadonlySet<string> {
    const found = new Set([name]);
    for (const { layer } of this.#stages.values()) {
      if (layer.inputs.some((input) => found.has(input))) found.add(layer.name);
    }
    return found;
  }

  /** Stages on any way from `end` up to any of the starts, in the graph's order. */
  #ways(end: Stage, starts: readonly { readonly layer: string }[]): Stage[] {
    const reached = this.#descendants(end.layer.name);
    const below = new Set<string>();
    for (const { layer } of starts) {
      const { name } = this.#stage(layer).layer;
      if (!this.#control) throw noGradients(this.graph);
      if (!reached.has(name)) {
        throw new InputError(
          `backward: expected "to" to name a layer that leads to "${name}", got "${end.layer.name}"`,
        );
      }
      for (const ancestor of this.#ancestors(name)) below.add(ancestor);
    }
    return [...this.#stages.values()].filter(({ layer: { name } }) => below.has(name) && reached.has(name));
  }
}

function shared(graph: Graph, what: string, layer: string): InputError {
  return new InputError(
    `network "${graph.name}": ${what} shares its buffer with others; name "${layer}" in keep, or create the network without { share: true }`,
  );
}

function noGradients(graph: Graph): InputError {
  return new InputError(
    `network "${graph.name}": created without gradients; create it with { gradients: true }`,
  );
}

/** What {@link createNetwork} hands to {@link Network}. */
interface NetworkParts {
  readonly device: GPUDevice;
  readonly graph: Graph;
  readonly batch: number;
  readonly shapes: Shapes;
  readonly stages: ReadonlyMap<string, Stage>;
  readonly constants: ReadonlyMap<string, Tensors>;
  readonly control: Control | undefined;
  readonly kept: ReadonlySet<string> | undefined;
  /** Everything that the network allocated. */
  readonly memory: Destroyable;
}

/**
 * Puts a graph on a device: checks it, fuses what nobody asked to see, uploads the weights, allocates every buffer,
 * compiles every pipeline. The device is borrowed and may be shared with anything else.
 * @throws InputError, UnsupportedError for a graph that cannot be right or run; ModelError for weights or settings that are
 * NaN or infinite; OutOfMemoryError; DeviceLostError.
 */
export async function createNetwork(
  device: GPUDevice,
  graph: Graph,
  options: NetworkOptions = {},
): Promise<Network> {
  assertDevice("createNetwork", device);
  assertGraph("createNetwork", graph);
  // The same object tells `batchWithin` how large a batch may be.
  assertFields(`network "${graph.name}"`, options, { ...NETWORK, memory: "may", most: "may" });
  for (const layer of graph.layers) assertLayer(layer);
  const { batch = 1, keep = "all", gradients = true, share = false } = options;
  if (keep !== "all" && !(Array.isArray(keep) && keep.every((name) => typeof name === "string"))) {
    throw new InputError(
      `network "${graph.name}": expected keep to be "all" or a list of layers' names, got ${describe(keep)}`,
    );
  }
  if (share && (gradients || keep === "all")) {
    throw new InputError(
      `network "${graph.name}": expected { gradients: false } and names in keep for { share: true }, got ${gradients ? "gradients" : 'keep "all"'}`,
    );
  }
  assertFinite(graph);
  const whole = withLogits(graph);
  const running = keep === "all" ? whole : fuse(whole, keep);
  const shapes = shapesOf(running, batch);
  const kept = new Set(keep === "all" ? running.layers.map(({ name }) => name) : keep);
  const alone = share && keep !== "all" ? [...keep, ...answersOf(running)] : undefined;
  const who = `network "${graph.name}"`;
  const { stages, constants, control, destroy } = await build(device, who, async (scope) => {
    const buffers = await checked(device, who, () =>
      allocate(device, running, shapes, gradients ? kept : undefined, scope.own, alone),
    );
    const stages = await all(running.layers.map((layer) => createStage(device, layer, buffers, scope.own)));
    return {
      stages: new Map(stages.map((stage) => [stage.layer.name, stage])),
      constants: buffers.constants,
      control: buffers.backward?.control,
    };
  });
  return new Network({
    ...{ device, graph: running, batch, shapes, stages, constants, control },
    memory: { destroy },
    kept: alone && new Set([...alone, inputOf(running).name]),
  });
}

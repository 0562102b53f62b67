import { InputError, ModelError, UnsupportedError, VitrineError } from "../../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../gpu/tensor.ts";
import { type Layer, shapeOf } from "../../graph/graph.ts";
import type { OpLayer } from "../../layers/ops.ts";
import type { YieldToEventLoop } from "../yield-to-event-loop.ts";
import type { Writer } from "./activations.ts";
import { asInFile, type Reading, readingOf, reordered, type StoredInput } from "./channels-first.ts";
import type { Converted, CustomLayer, KerasCall } from "./converter.ts";
import { CONVERTERS } from "./layers.ts";
import { operationNamed } from "./operations.ts";
import type { KerasLayer, KerasModel, Reference } from "./topology.ts";
import type { WeightStore } from "./weight-store.ts";

export interface BuildOptions {
  readonly weights: WeightStore;
  readonly writer: Writer;
  readonly yielding: YieldToEventLoop;
  readonly customLayers: Readonly<Record<string, CustomLayer>>;
}

/** Values of an image or a layer's output, at most: what 32 bits can count. */
const MOST_VALUES = 2 ** 32;

/** Layers that are built so far, and the means by which nested models build theirs. */
export interface Build extends BuildOptions {
  readonly layers: Layer[];
  readonly shapes: Map<string, Shape>;
  /** Whether the file has layers of channels first. */
  readonly channelsFirst: boolean;
  /** Names of the layers whose images the file has with their channels first, while they are stored with them last. */
  readonly channelsLast: Set<string>;
}

const key = ({ layer, call }: Pick<Reference, "layer" | "call">) => `${call}:${layer}`;

/** Calls that the wanted outputs depend on. */
function callsFor(model: KerasModel, wanted: readonly Reference[]): ReadonlySet<string> {
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  const needed = new Set<string>();
  const queue = [...wanted];
  for (let reference = queue.pop(); reference; reference = queue.pop()) {
    if (needed.has(key(reference))) continue;
    needed.add(key(reference));
    for (const read of byName.get(reference.layer)?.calls[reference.call] ?? []) queue.push(read);
  }
  return needed;
}

/** The models around a call. */
interface Enclosing {
  /** The beginning of the layers' names. */
  readonly prefix: string;
  /** Names of the models around, outermost first, as weights are stored under. */
  readonly path: readonly string[];
  readonly who: string;
}

/** One call of a layer that waits to be built. */
interface Call {
  readonly id: string;
  readonly layer: KerasLayer;
  readonly call: number;
}

/** A call with what it reads, and how much of that is known to be built: a layer may read thousands. */
interface PendingCall extends Call {
  readonly reads: readonly Reference[];
  built: number;
}

const pending = (call: Call): PendingCall => ({
  ...call,
  reads: call.layer.calls[call.call] ?? [],
  built: 0,
});

/** The first call that one reads and that is not built yet. */
function missingInput(at: PendingCall, outputs: ReadonlyMap<string, unknown>): string | undefined {
  for (; ; at.built++) {
    const reference = at.reads[at.built];
    if (!reference) return undefined;
    if (!outputs.has(key(reference))) return key(reference);
  }
}

/** Builds the layers that a model's wanted outputs need. @returns the names of the layers that hold those outputs. */
export async function buildCalls(
  build: Build,
  model: KerasModel,
  inputs: readonly string[],
  wanted: readonly Reference[],
  enclosing: Enclosing,
): Promise<readonly string[]> {
  const needed = callsFor(model, wanted);
  const outputs = new Map<string, readonly string[]>();
  for (const [index, { layer }] of model.inputs.entries()) {
    const name = inputs[index];
    if (name === undefined)
      throw new ModelError(`${enclosing.who}: expected ${model.inputs.length} inputs, got ${inputs.length}`);
    outputs.set(key({ layer, call: 0 }), [name]);
  }
  const named = (reference: Reference): string | undefined => outputs.get(key(reference))?.[reference.output];

  const waiting = new Map<string, Call>();
  for (const layer of model.layers) {
    const ids = layer.calls.map((_, call) => key({ layer: layer.name, call }));
    if (!ids.some((id) => needed.has(id))) ignoreWeights(build, layer, enclosing.path);
    for (const [call, id] of ids.entries()) {
      if (needed.has(id) && !outputs.has(id)) waiting.set(id, { id, layer, call });
    }
  }
  // Files list layers in an order that works, mostly; what a call reads and is not there yet is built before it.
  const begun = new Set<string>();
  for (const first of waiting.values()) {
    const stack = [pending(first)];
    for (let at = stack.at(-1); at; at = stack.at(-1)) {
      await build.yielding.whenDue();
      const missing = missingInput(at, outputs);
      const before = missing === undefined ? undefined : waiting.get(missing);
      if (before && !begun.has(before.id)) {
        begun.add(before.id);
        stack.push(pending(before));
        continue;
      }
      const names = at.reads.map(named).filter((name) => name !== undefined);
      if (names.length < at.reads.length) {
        throw new ModelError(
          `${at.layer.config.who}: expected its inputs to come from earlier layers, but they depend on it or do not exist`,
        );
      }
      if (!outputs.has(at.id))
        outputs.set(at.id, await buildCall(build, at.layer, at.call, names, enclosing));
      stack.pop();
    }
  }
  return wanted.map((reference) => {
    const name = named(reference);
    if (name === undefined)
      throw new ModelError(
        `${enclosing.who}: expected an output ${reference.output} of "${reference.layer}", found none`,
      );
    return name;
  });
}

/** Sets a layer's weights aside that no output needs. */
function ignoreWeights(build: Build, layer: KerasLayer, path: readonly string[]): void {
  const inner = [...path, layer.name];
  for (const part of layer.model?.layers ?? []) ignoreWeights(build, part, inner);
  if (!layer.model) build.weights.of(inner, layer.config.who).ignore();
}

async function buildCall(
  build: Build,
  layer: KerasLayer,
  call: number,
  inputs: readonly string[],
  enclosing: Enclosing,
): Promise<readonly string[]> {
  const name = `${enclosing.prefix}${layer.name}${call > 0 ? `:${call}` : ""}`;
  const path = [...enclosing.path, layer.name];
  if (layer.model) {
    return buildCalls(build, layer.model, inputs, layer.model.outputs, {
      prefix: `${name}/`,
      path,
      who: layer.config.who,
    });
  }
  const given = layer.given?.[call] ?? { args: [], kwargs: {} };
  const custom = Object.hasOwn(build.customLayers, layer.className);
  const stored = inputs.map((input) => storedInput(build, input));
  const reading = custom ? asInFile(layer.config) : readingOf(layer, given, stored, build.channelsFirst);
  const own = inputs.map((input, i) => inOrder(build, input, stored[i], reading, layer.config.who));
  const [first, ...rest] = own.map((input) => build.shapes.get(input) ?? []);
  if (!first) throw new UnsupportedError(`${layer.config.who}: expected a layer with inputs, got none`);
  const weights = build.weights.of(path, layer.config.who);
  const converted = convert(build, layer, {
    config: reading.config,
    weights,
    writer: build.writer,
    shapes: [first, ...rest],
    given,
  });
  const chain = "op" in converted ? [{ suffix: "", body: converted }] : converted;
  let last: string | undefined;
  for (const { suffix, body, reads } of chain) {
    const beside = reads?.flatMap((index) => own[index] ?? []) ?? (last === undefined ? own : []);
    const { className } = layer;
    const read = last === undefined ? beside : [last, ...beside];
    const built = { ...body, name: `${name}${suffix}`, inputs: read, className } as OpLayer;
    addLayer(build, built, layer.config.who);
    last = built.name;
  }
  if (last === undefined) return inputs;
  if (reading.writesChannelsLast && build.shapes.get(last)?.length === 4) build.channelsLast.add(last);
  return [last];
}

const storedInput = (build: Build, input: string): StoredInput => ({
  shape: build.shapes.get(input) ?? [],
  channelsLast: build.channelsLast.has(input),
});

/** The name of a layer that holds an input in the order in which a call reads it: its own, or that of a copy beside it. */
function inOrder(
  build: Build,
  input: string,
  stored: StoredInput | undefined,
  reading: Reading,
  who: string,
): string {
  if (stored?.shape.length !== 4 || stored.channelsLast === reading.channelsLast) return input;
  const name = `${input}/${reading.channelsLast ? "channels-last" : "channels-first"}`;
  if (!build.shapes.has(name))
    addLayer(build, { ...reordered(stored), name, inputs: [input] } as OpLayer, who);
  return name;
}

function convert(build: Build, layer: KerasLayer, call: KerasCall): Converted {
  const { className, config } = layer;
  const custom = Object.hasOwn(build.customLayers, className) ? build.customLayers[className] : undefined;
  if (custom) return custom(config.raw, call.weights.all(), call.shapes);
  const converter = operationNamed(call, className, CONVERTERS.has(className)) ?? CONVERTERS.get(className);
  if (!converter) {
    throw new UnsupportedError(
      `${config.who}: expected one of Vitrine's layers (${[...CONVERTERS.keys()].join(", ")}), got ${className}; map it with options.customLayers`,
    );
  }
  return converter(call);
}

/** @throws ModelError for an output that is larger than any GPU can address. */
export function assertAddressable(shape: Shape, who: string): void {
  if (sizeOf(shape) > MOST_VALUES) {
    throw new ModelError(`${who}: expected at most ${MOST_VALUES} values, got ${formatShape(shape)}`);
  }
}

/** Adds a layer after its shape rule has agreed. */
function addLayer(build: Build, layer: OpLayer, who: string): void {
  if (build.shapes.has(layer.name))
    throw new ModelError(`${who}: expected a name of its own, got "${layer.name}" twice`);
  try {
    const shape = shapeOf(
      layer,
      layer.inputs.map((input) => build.shapes.get(input) ?? []),
    );
    if (!shape.every((size) => Number.isInteger(size) && size >= 1)) {
      throw new ModelError(`${who}: expected sizes of at least 1, got ${formatShape(shape)}`);
    }
    assertAddressable(shape, who);
    build.shapes.set(layer.name, shape);
  } catch (error) {
    if (error instanceof VitrineError && !(error instanceof InputError)) throw error;
    throw new ModelError(`${who}: ${(error as Error).message}`);
  }
  build.layers.push(layer);
}

import { InputError, ModelError, UnsupportedError, VitrineError } from "../../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../gpu/tensor.ts";
import { type InputLayer, type Layer, shapeOf } from "../../graph/graph.ts";
import type { OpLayer } from "../../layers/ops.ts";
import { someOf } from "../files.ts";
import type { Pace } from "../pace.ts";
import type { Converted, CustomLayer, KerasCall, Writer } from "./converter.ts";
import { CONVERTERS } from "./layers.ts";
import { countLayers, type KerasLayer, type KerasModel, type Reference } from "./topology.ts";
import type { WeightStore } from "./weight-store.ts";

export interface PlaceOptions {
  /** Name of the output that is asked, which may not be left out. Default: the first. */
  readonly output?: string;
  readonly weights: WeightStore;
  readonly writer: Writer;
  readonly pace: Pace;
  readonly customLayers: Readonly<Record<string, CustomLayer>>;
  readonly inputShape?: readonly [number, number, number];
}

/** Values of an image or a layer's output, at most: what 32 bits can count. */
const MOST_VALUES = 2 ** 32;

/** Layers that are placed at most to find out which of several outputs can be had. */
const MOST_TRIED = 200_000;

/** Channels of an input, at most. */
const MOST_CHANNELS = 2 ** 14;

/** Layers placed so far, and what nested models need to place theirs. */
interface Site extends PlaceOptions {
  readonly layers: Layer[];
  readonly shapes: Map<string, Shape>;
}

const key = ({ layer, call }: Pick<Reference, "layer" | "call">) => `${call}:${layer}`;

/**
 * Turns a Keras model into layers in order, nested models in line.
 * @throws ModelError when it contradicts itself.
 * @throws UnsupportedError naming the layer and what Vitrine does not have, unless only further outputs need it.
 */
export async function placeModel(model: KerasModel, options: PlaceOptions, who: string): Promise<Placed> {
  const [start, ...others] = model.inputs;
  if (!start || others.length > 0) {
    throw new UnsupportedError(
      `${who}: expected one input, got ${someOf(
        model.inputs.map(({ layer }) => `"${layer}"`),
        "none",
      )}`,
    );
  }
  const input: InputLayer = {
    op: "input",
    name: start.layer,
    inputs: [],
    shape: inputShape(model, options.inputShape, who),
  };
  const place = async (wanted: readonly Reference[]): Promise<Omit<Placed, "leftOut">> => {
    const site: Site = { ...options, layers: [input], shapes: new Map([[input.name, [1, ...input.shape]]]) };
    const outputs = await placeCalls(site, model, [input.name], wanted, { prefix: "", path: [], who });
    return { layers: site.layers, outputs: [...new Set(outputs)] };
  };
  const reasons = new Map<string, string>();
  const [first, ...rest] = [...model.outputs].sort(
    (a, b) => Number(b.layer === options.output) - Number(a.layer === options.output),
  );
  try {
    return { ...(await place(model.outputs)), leftOut: {} };
  } catch (error) {
    const work = rest.length * countLayers(model);
    if (!(error instanceof UnsupportedError) || !first || rest.length === 0 || work > MOST_TRIED) throw error;
  }
  // One that is asked must be there; others may go.
  await place([first]);
  for (const reference of rest) {
    await place([reference]).catch((error: unknown) => {
      if (!(error instanceof UnsupportedError)) throw error;
      reasons.set(reference.layer, error.message);
    });
  }
  const left = await place(model.outputs.filter(({ layer }) => !reasons.has(layer)));
  return { ...left, leftOut: Object.fromEntries(reasons) };
}

/** A model's layers in order. */
export interface Placed {
  readonly layers: readonly Layer[];
  /** Names of the layers that hold the outputs. */
  readonly outputs: readonly string[];
  /** Outputs that need what Vitrine does not have, beside one that does not, each with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** [H, W, C] that the model declares or the caller gives; H×W images become H×W×1. */
function inputShape(
  model: KerasModel,
  given: readonly [number, number, number] | undefined,
  who: string,
): readonly [number, number, number] {
  const declared = model.inputShape;
  const remedy = "give options.inputShape as [height, width, channels]";
  if (!declared && !given) throw new ModelError(`${who}: expected an input shape, got none; ${remedy}`);
  const [h, w, c = 1, ...rest] = given ?? declared ?? [];
  if (h === undefined || w === undefined || rest.length > 0) {
    throw new UnsupportedError(
      `${who}: expected an input of height×width×channels, got ${formatShape((declared ?? []).map(Number))}`,
    );
  }
  if (h === null || w === null || c === null) {
    throw new ModelError(
      `${who}: expected an input of fixed size, got ${declared?.map((axis) => axis ?? "?").join("×")}; ${remedy}`,
    );
  }
  if (given && declared && declared.length === 3 && typeof declared[2] === "number" && declared[2] !== c) {
    throw new InputError(`${who}: expected options.inputShape with ${declared[2]} channels, got ${c}`);
  }
  assertAddressable([h, w, c], who);
  if (c > MOST_CHANNELS) {
    throw new ModelError(`${who}: expected an input of at most ${MOST_CHANNELS} channels, got ${c}`);
  }
  return [h, w, c];
}

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

interface Within {
  /** What the layers' names begin with. */
  readonly prefix: string;
  /** Names of the models around, outermost first, as weights are stored under. */
  readonly path: readonly string[];
  readonly who: string;
}

/** One call of a layer that waits to be placed. */
interface Call {
  readonly id: string;
  readonly layer: KerasLayer;
  readonly call: number;
}

/** A call with what it reads, and how much of that is known to be placed: a layer may read thousands. */
interface Unread extends Call {
  readonly reads: readonly Reference[];
  placed: number;
}

const unread = (call: Call): Unread => ({ ...call, reads: call.layer.calls[call.call] ?? [], placed: 0 });

/** The first call that one reads and that is not placed yet. */
function nextMissing(at: Unread, outputs: ReadonlyMap<string, unknown>): string | undefined {
  for (; ; at.placed++) {
    const reference = at.reads[at.placed];
    if (!reference) return undefined;
    if (!outputs.has(key(reference))) return key(reference);
  }
}

/** Places what a model's wanted outputs need; returns the names of the layers that hold them. */
async function placeCalls(
  site: Site,
  model: KerasModel,
  inputs: readonly string[],
  wanted: readonly Reference[],
  within: Within,
): Promise<readonly string[]> {
  const needed = callsFor(model, wanted);
  const outputs = new Map<string, readonly string[]>();
  for (const [index, { layer }] of model.inputs.entries()) {
    const name = inputs[index];
    if (name === undefined)
      throw new ModelError(`${within.who}: expected ${model.inputs.length} inputs, got ${inputs.length}`);
    outputs.set(key({ layer, call: 0 }), [name]);
  }
  const named = (reference: Reference): string | undefined => outputs.get(key(reference))?.[reference.output];

  const waiting = new Map<string, Call>();
  for (const layer of model.layers) {
    const ids = layer.calls.map((_, call) => key({ layer: layer.name, call }));
    if (!ids.some((id) => needed.has(id))) leave(site, layer, within.path);
    for (const [call, id] of ids.entries()) {
      if (needed.has(id) && !outputs.has(id)) waiting.set(id, { id, layer, call });
    }
  }
  // Files list layers in an order that works, mostly; what a call reads and is not there yet is placed before it.
  const begun = new Set<string>();
  for (const first of waiting.values()) {
    const stack = [unread(first)];
    for (let at = stack.at(-1); at; at = stack.at(-1)) {
      await site.pace.turn();
      const missing = nextMissing(at, outputs);
      const before = missing === undefined ? undefined : waiting.get(missing);
      if (before && !begun.has(before.id)) {
        begun.add(before.id);
        stack.push(unread(before));
        continue;
      }
      const names = at.reads.map(named).filter((name) => name !== undefined);
      if (names.length < at.reads.length) {
        throw new ModelError(
          `${at.layer.config.who}: expected its inputs to come from earlier layers, but they depend on it or do not exist`,
        );
      }
      if (!outputs.has(at.id)) outputs.set(at.id, await placeCall(site, at.layer, at.call, names, within));
      stack.pop();
    }
  }
  return wanted.map((reference) => {
    const name = named(reference);
    if (name === undefined)
      throw new ModelError(
        `${within.who}: expected an output ${reference.output} of "${reference.layer}", found none`,
      );
    return name;
  });
}

/** Sets a layer's weights aside that no output needs. */
function leave(site: Site, layer: KerasLayer, path: readonly string[]): void {
  const inner = [...path, layer.name];
  for (const part of layer.model?.layers ?? []) leave(site, part, inner);
  if (!layer.model) site.weights.of(inner, layer.config.who).ignore();
}

async function placeCall(
  site: Site,
  layer: KerasLayer,
  call: number,
  inputs: readonly string[],
  within: Within,
): Promise<readonly string[]> {
  const name = `${within.prefix}${layer.name}${call > 0 ? `:${call}` : ""}`;
  const path = [...within.path, layer.name];
  if (layer.model) {
    return placeCalls(site, layer.model, inputs, layer.model.outputs, {
      prefix: `${name}/`,
      path,
      who: layer.config.who,
    });
  }
  const [first, ...rest] = inputs.map((input) => site.shapes.get(input) ?? []);
  if (!first)
    throw new UnsupportedError(
      `${layer.config.who}: expected a layer with inputs, got none; a network has one input`,
    );
  const weights = site.weights.of(path, layer.config.who);
  const converted = convert(site, layer, {
    config: layer.config,
    weights,
    writer: site.writer,
    shapes: [first, ...rest],
  });
  const chain = "op" in converted ? [{ suffix: "", body: converted }] : converted;
  let reads = inputs;
  for (const { suffix, body } of chain) {
    const { className } = layer;
    const placed = { ...body, name: `${name}${suffix}`, inputs: reads, className } as OpLayer;
    place(site, placed, layer.config.who);
    reads = [placed.name];
  }
  return reads;
}

function convert(site: Site, layer: KerasLayer, call: KerasCall): Converted {
  const { className, config } = layer;
  const custom = Object.hasOwn(site.customLayers, className) ? site.customLayers[className] : undefined;
  if (custom) return custom(config.raw, call.weights.all(), call.shapes);
  const converter = CONVERTERS.get(className);
  if (!converter) {
    throw new UnsupportedError(
      `${config.who}: expected one of Vitrine's layers (${[...CONVERTERS.keys()].join(", ")}), got ${className}; map it with options.customLayers`,
    );
  }
  return converter(call);
}

/** @throws ModelError for an output that is larger than any GPU can address. */
function assertAddressable(shape: Shape, who: string): void {
  if (sizeOf(shape) > MOST_VALUES) {
    throw new ModelError(`${who}: expected at most ${MOST_VALUES} values, got ${formatShape(shape)}`);
  }
}

/** Adds a layer after its shape rule has agreed. */
function place(site: Site, layer: OpLayer, who: string): void {
  if (site.shapes.has(layer.name))
    throw new ModelError(`${who}: expected a name of its own, got "${layer.name}" twice`);
  try {
    const shape = shapeOf(
      layer,
      layer.inputs.map((input) => site.shapes.get(input) ?? []),
    );
    if (!shape.every((size) => Number.isInteger(size) && size >= 1)) {
      throw new ModelError(`${who}: expected sizes of at least 1, got ${formatShape(shape)}`);
    }
    assertAddressable(shape, who);
    site.shapes.set(layer.name, shape);
  } catch (error) {
    if (error instanceof VitrineError && !(error instanceof InputError)) throw error;
    throw new ModelError(`${who}: ${(error as Error).message}`);
  }
  site.layers.push(layer);
}

import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { graphModelRefused } from "../formats.ts";
import { arrayOf, Config, isObject, type JsonObject, objectOf, parseJson, show, textOf } from "../json.ts";

/** One output of one call of a layer. */
export interface Reference {
  readonly layer: string;
  /** Index of the layer's call, from 0. */
  readonly call: number;
  /** Index of the call's output, from 0. */
  readonly output: number;
}

/** The place of an input among the arguments of a call. */
export class InputAt {
  /** Index among the call's inputs, from 0. */
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/** What a call was given, in order and by name: values of the file, with an {@link InputAt} for each of its inputs. */
export interface CallArguments {
  readonly args: readonly unknown[];
  readonly kwargs: JsonObject;
}

/** A layer of a Keras model, read but not yet understood. */
export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  /** The model that it is, when it is one. */
  readonly model?: KerasModel | undefined;
  /** Inputs of each of its calls; an input layer has one call without inputs. */
  readonly calls: readonly (readonly Reference[])[];
  /** Arguments of each of its calls, where the file has them. */
  readonly given?: readonly CallArguments[];
}

/** A shape as a file says it; null is a free size. */
export type DeclaredShape = readonly (number | null)[];

/** A Sequential or functional model: its layers, where it begins and where it ends. */
export interface KerasModel {
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly Reference[];
  readonly outputs: readonly Reference[];
  /**
   * Shape without the batch of the input that is asked, where the file says it: the first of height×width×channels, else the
   * first. Null is a free size.
   */
  readonly inputShape?: DeclaredShape | undefined;
  /** Shapes of the inputs beside that one, by name. */
  readonly furtherShapes?: ReadonlyMap<string, DeclaredShape | undefined> | undefined;
  /** True if the file has the images of the inputs with their channels first, while the shapes here have them last. */
  readonly channelsFirst?: true;
}

/** Letters of a layer's name, at most, with the names of the models around it. */
const MOST_LETTERS = 1024;

/** Axes of an input, at most; images have four. */
const MOST_AXES = 8;

const SEQUENTIAL = "Sequential";
const FUNCTIONAL = ["Model", "Functional"];

/** Keras writes user-defined classes as "Package>Name". */
const classNameOf = (raw: JsonObject, who: string) =>
  textOf(raw.class_name, `${who}: class_name`).split(">").at(-1) ?? "";

const whoIs = (path: string, className: string) => `layer "${path}" (${className})`;

/**
 * Reads the `modelTopology` of a tfjs LayersModel, as Keras 1 to 3 and tfjs write it.
 * @throws ModelError when it contradicts itself.
 * @throws UnsupportedError for a model that is neither Sequential nor functional.
 */
export function parseTopology(topology: unknown, who: string): KerasModel {
  const raw = objectOf(topology, `${who}: modelTopology`);
  if (raw.node !== undefined) throw graphModelRefused(who);
  const config = raw.model_config ?? raw;
  return parseModel(
    objectOf(
      typeof config === "string" ? parseJson(config, `${who}: model_config`) : config,
      `${who}: model_config`,
    ),
    "",
    who,
  );
}

/** Layers of a model once nested models stand in line, counted without putting them there. */
export function countLayers({ layers }: KerasModel): number {
  return layers.reduce(
    (sum, { calls, model }) => sum + Math.max(1, calls.length) * (model ? countLayers(model) : 1),
    0,
  );
}

function parseModel(raw: JsonObject, path: string, who: string): KerasModel {
  const className = classNameOf(raw, who);
  if (className === SEQUENTIAL) return parseSequential(raw, path, who);
  if (FUNCTIONAL.includes(className)) return parseFunctional(raw, path, who);
  throw new UnsupportedError(`${who}: expected a Sequential or functional model, got ${className}`);
}

function parseLayer(
  value: unknown,
  path: string,
  who: string,
): Omit<KerasLayer, "calls"> & { readonly raw: JsonObject } {
  const raw = objectOf(value, `${who}, a layer`);
  const className = classNameOf(raw, `${who}, a layer`);
  const isModel = className === SEQUENTIAL || FUNCTIONAL.includes(className);
  // Only old Sequential models have no object here.
  const config = isObject(raw.config) ? raw.config : {};
  const name = textOf(config.name ?? raw.name, `${who}, a ${className}: name`);
  const inner = path === "" ? name : `${path}/${name}`;
  if (inner.length > MOST_LETTERS) {
    throw new ModelError(
      `${who}, a ${className}: expected a name of at most ${MOST_LETTERS} letters with those of the models around it, got ${inner.length}`,
    );
  }
  return {
    raw,
    name,
    className,
    config: new Config(whoIs(inner, className), config),
    model: isModel ? parseModel(raw, inner, whoIs(inner, className)) : undefined,
  };
}

function assertUnique(layers: readonly KerasLayer[], who: string): void {
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name))
      throw new ModelError(`${who}: expected layers of different names, got "${name}" twice`);
    names.add(name);
  }
}

function parseShape(value: unknown, who: string): DeclaredShape | undefined {
  if (value === undefined || value === null) return undefined;
  const axes = arrayOf(value, `${who}: input shape`);
  if (axes.length > MOST_AXES) {
    throw new ModelError(`${who}: expected an input shape of at most ${MOST_AXES} axes, got ${axes.length}`);
  }
  const shape = axes.map((axis) => {
    if (axis !== null && !(typeof axis === "number" && Number.isInteger(axis) && axis >= 0)) {
      throw new ModelError(`${who}: expected an input shape of whole numbers or null, got ${show(value)}`);
    }
    return axis as number | null;
  });
  return shape.slice(1);
}

/** Shape without the batch that a layer declares for its input, if it does. */
const declaredShape = ({ config, model }: Omit<KerasLayer, "calls">) =>
  parseShape(config.raw.batch_input_shape ?? config.raw.batch_shape, config.who) ?? model?.inputShape;

function parseSequential(raw: JsonObject, path: string, who: string): KerasModel {
  // Before Keras 2.2 the config was the list of layers itself.
  const config = Array.isArray(raw.config) ? {} : objectOf(raw.config, `${who}: config`);
  const list = arrayOf(Array.isArray(raw.config) ? raw.config : config.layers, `${who}: layers`);
  const parsed = list.map((layer) => parseLayer(layer, path, who));
  const [first] = parsed;
  if (!first) throw new ModelError(`${who}: expected at least one layer, got none`);
  const inputShape = declaredShape(first) ?? parseShape(config.build_input_shape, who);
  const layers: KerasLayer[] = [];
  if (first.className !== "InputLayer") {
    const taken = parsed.some(({ name }) => name === "input");
    const name = taken ? `${first.name}_input` : "input";
    layers.push({
      name,
      className: "InputLayer",
      config: new Config(whoIs(name, "InputLayer"), {}),
      calls: [[]],
    });
  }
  for (const { raw: _, ...layer } of parsed) {
    const previous = layers.at(-1);
    layers.push({ ...layer, calls: [previous ? [{ layer: previous.name, call: 0, output: 0 }] : []] });
  }
  assertUnique(layers, who);
  const name = typeof config.name === "string" ? config.name : "sequential";
  const at = (layer: KerasLayer | undefined) => (layer ? [{ layer: layer.name, call: 0, output: 0 }] : []);
  return {
    name,
    layers,
    inputs: at(layers[0]),
    outputs: at(layers.at(-1)),
    inputShape,
  };
}

/** A reference as Keras writes it: [layer, call, output, …]. */
function parseReference(value: unknown, who: string): Reference {
  const [layer, call = 0, output = 0] = arrayOf(value, `${who}: a connection`);
  if (typeof layer !== "string" || !Number.isInteger(call) || !Number.isInteger(output)) {
    throw new ModelError(`${who}: expected a connection [layer, call, output], got ${show(value)}`);
  }
  return { layer, call: call as number, output: output as number };
}

/** One call: its inputs, and all that it was given. */
interface ParsedCall {
  readonly inputs: readonly Reference[];
  readonly given: CallArguments;
}

/** What Keras 3 wraps a value of an argument in, by class. */
const WRAPPED: Readonly<Record<string, (raw: JsonObject) => unknown>> = {
  __tuple__: ({ items }) => items,
  __numpy__: ({ config }) => (isObject(config) ? config.value : undefined),
  __tensor__: ({ config }) => (isObject(config) ? config.value : undefined),
};

/** The arguments of a call as Keras 3 writes them, its inputs put into `inputs` in order. */
function parseArguments(value: unknown, inputs: Reference[], who: string): unknown {
  if (Array.isArray(value)) return value.map((part) => parseArguments(part, inputs, who));
  if (!isObject(value)) return value;
  const config = isObject(value.config) ? value.config : value;
  if (config.keras_history !== undefined) {
    return new InputAt(inputs.push(parseReference(config.keras_history, who)) - 1);
  }
  const { class_name } = value;
  const wrapped =
    typeof class_name === "string" && Object.hasOwn(WRAPPED, class_name) ? WRAPPED[class_name] : undefined;
  if (wrapped) return parseArguments(wrapped(value), inputs, who);
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, parseArguments(part, inputs, who)]),
  );
}

/** Classes by which Keras 2 wraps operations of TensorFlow, whose further inputs stand among the named arguments. */
const OPERATIONS = ["TFOpLambda", "SlicingOpLambda"];

/** What stands in place of a layer's name where the argument is a value. */
const CONSTANT = "_CONSTANT_VALUE";

/** The arguments of a call as Keras 1 and 2 write them: connections, of which each may hold arguments by name. */
function parseConnections(list: readonly unknown[], operation: boolean, who: string): ParsedCall {
  const inputs: Reference[] = [];
  const connect = (value: unknown) => new InputAt(inputs.push(parseReference(value, who)) - 1);
  const named: JsonObject[] = [];
  const args = list.map((entry) => {
    if (Array.isArray(entry) && isObject(entry[3])) named.push(entry[3]);
    return Array.isArray(entry) && entry[0] === CONSTANT ? entry[2] : connect(entry);
  });
  const refers = (value: unknown) =>
    operation &&
    Array.isArray(value) &&
    typeof value[0] === "string" &&
    Number.isInteger(value[1]) &&
    Number.isInteger(value[2]);
  const kwargs = Object.fromEntries(
    named
      .flatMap((one) => Object.entries(one))
      .map(([key, value]) => {
        if (refers(value)) return [key, connect(value)];
        const all = Array.isArray(value) && value.length > 0 && value.every(refers);
        return [key, all ? value.map(connect) : value];
      }),
  );
  return { inputs, given: { args, kwargs } };
}

/** Reads one call: a list of connections (Keras 1, 2), or an object with the call's arguments (Keras 3). */
function parseCall(value: unknown, className: string, who: string): ParsedCall {
  if (isObject(value)) {
    const inputs: Reference[] = [];
    const args = parseArguments(value.args, inputs, who);
    const kwargs = parseArguments(value.kwargs, inputs, who);
    return {
      inputs,
      given: { args: Array.isArray(args) ? args : [], kwargs: isObject(kwargs) ? kwargs : {} },
    };
  }
  const list = arrayOf(value, `${who}: inbound_nodes`);
  // A call with one input may be written without the outer list.
  const connections = typeof list[0] === "string" ? [list] : list;
  return parseConnections(connections, OPERATIONS.includes(className), who);
}

/** A model's inputs or outputs: one connection, a list of them, or (Keras 3) an object of them. */
function parseEnds(value: unknown, who: string): Reference[] {
  const list = isObject(value) ? Object.values(value) : arrayOf(value, who);
  if (list.length === 0) throw new ModelError(`${who}: expected at least one, got none`);
  return typeof list[0] === "string"
    ? [parseReference(list, who)]
    : list.flatMap((part) => parseEnds(part, who));
}

function parseFunctional(raw: JsonObject, path: string, who: string): KerasModel {
  const config = objectOf(raw.config, `${who}: config`);
  const layers = arrayOf(config.layers, `${who}: layers`).map((value): KerasLayer => {
    const { raw: layer, ...parsed } = parseLayer(value, path, who);
    // References use the name beside the config.
    const name = typeof layer.name === "string" ? layer.name : parsed.name;
    const nodes = arrayOf(layer.inbound_nodes ?? [], `${parsed.config.who}: inbound_nodes`);
    const parsedCalls = nodes
      .map((node) => parseCall(node, parsed.className, parsed.config.who))
      .filter(({ inputs }) => inputs.length > 0);
    const calls = parsed.className === "InputLayer" ? [[]] : parsedCalls.map(({ inputs }) => inputs);
    return { ...parsed, name, calls, given: parsedCalls.map(({ given }) => given) };
  });
  assertUnique(layers, who);
  const inputs = parseEnds(config.input_layers, `${who}: input_layers`);
  const outputs = parseEnds(config.output_layers, `${who}: output_layers`);
  const shapes = new Map(
    inputs.map((input) => {
      const layer = layers.find(({ name }) => name === input.layer);
      return [input.layer, layer && declaredShape(layer)] as const;
    }),
  );
  const asked = inputs.find(({ layer }) => shapes.get(layer)?.length === 3) ?? inputs[0];
  const inputShape = shapes.get(asked?.layer ?? "");
  const furtherShapes = new Map([...shapes].filter(([layer]) => layer !== asked?.layer));
  const name = typeof config.name === "string" ? config.name : "model";
  return renumber({ name, layers, inputs, outputs, inputShape, furtherShapes }, who);
}

/**
 * Counts the calls of nested models from 0: some writers count the model's own creation as its first call. Checks that
 * every reference leads somewhere.
 */
function renumber(model: KerasModel, who: string): KerasModel {
  const all = [...model.layers.flatMap(({ calls }) => calls.flat()), ...model.outputs];
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  const shifted = new Set(
    all.flatMap(({ layer, call }) => {
      const target = byName.get(layer);
      return target?.model && call === target.calls.length ? [layer] : [];
    }),
  );
  const move = (reference: Reference): Reference => {
    const target = byName.get(reference.layer);
    const call = reference.call - (shifted.has(reference.layer) ? 1 : 0);
    if (!target || call < 0 || call >= target.calls.length) {
      throw new ModelError(
        `${who}: expected a layer "${reference.layer}" with a call ${reference.call}, found none`,
      );
    }
    return { ...reference, call };
  };
  return {
    ...model,
    layers: model.layers.map((layer) => ({ ...layer, calls: layer.calls.map((call) => call.map(move)) })),
    outputs: model.outputs.map(move),
  };
}

import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { firstNotFinite } from "../graph/finite.ts";
import { assertGraph, furtherInputsOf, type Graph, inputOf, type Layer } from "../graph/graph.ts";
import { forChannels } from "../graph/preprocessing.ts";
import { type Picture, readInput } from "../images/picture.ts";
import type { InputLayer } from "../layers/input.ts";

/**
 * Values for the inputs beside the one that is asked, by name: for each as many numbers as it takes for one image, row by
 * row, and one number where it takes one; or a picture, where it takes one, which is preprocessed as the graph says. They
 * are the same for every image of a batch.
 */
export type InputValues = Readonly<Record<string, number | ArrayLike<number> | Picture>>;

/** The option of a call on a network of several inputs. */
export interface InputOptions {
  /** The values of the network's inputs beside the image, by name. A network of one input takes none. */
  readonly inputs?: InputValues | undefined;
}

/** Values of inputs as the network takes them, by name. */
export type ReadInputs = Readonly<Record<string, Float32Array>>;

/**
 * Reads the values of the inputs beside the one that is asked. Numbers are copied before anything is waited for, so that
 * the caller may use their arrays again.
 * @param there inputs whose values are there already.
 * @throws InputError that lists the inputs, when one is missing, unknown, of another length, or holds NaN.
 */
export async function readInputs(
  graph: Graph,
  given: InputValues,
  there: ReadonlySet<string> = new Set(),
): Promise<ReadInputs> {
  const inputs = furtherInputsOf(graph);
  assertNames(graph, inputs, given, there);
  const wanted = inputs.filter(({ name }) => given[name] !== undefined);
  const values = wanted.map((input) => valuesOf(graph, input, given[input.name]));
  const read = await Promise.all(values);
  return Object.fromEntries(wanted.map(({ name }, i) => [name, read[i] ?? new Float32Array()]));
}

/**
 * The same graph with the values of its inputs beside the image given for good, so that no call needs to.
 * @throws InputError that lists the inputs, as a call's `inputs` do.
 */
export async function fixInputs(graph: Graph, inputs: InputValues): Promise<Graph> {
  assertGraph("fixInputs", graph);
  const read = await readInputs(graph, inputs);
  return {
    ...graph,
    layers: graph.layers.map((layer) => {
      const values = layer.op === "input" ? read[layer.name] : undefined;
      return values ? ({ ...layer, values } as Layer) : layer;
    }),
  };
}

/**
 * Refuses a graph with inputs beside the image that have no values: for what takes none, and would let them be zero.
 * @throws InputError that lists them.
 */
export function assertInputsFixed(who: string, graph: Graph): void {
  const open = furtherInputsOf(graph);
  if (open.length === 0) return;
  const names = open.map(({ name, shape }) => `${JSON.stringify(name)} (${formatShape(shape)})`).join(", ");
  throw new InputError(
    `${who}: expected a network whose inputs beside the image have their values, got none for ${names} of "${graph.name}"; give them for good with fixInputs(graph, { name: values })`,
  );
}

function assertNames(
  graph: Graph,
  inputs: readonly InputLayer[],
  given: InputValues,
  there: ReadonlySet<string>,
): void {
  if (typeof given !== "object" || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new InputError(
      `network "${graph.name}": expected inputs as an object of values by name, got ${describe(given)}`,
    );
  }
  const stray = Object.keys(given).find((name) => !inputs.some((input) => input.name === name));
  if (stray !== undefined) {
    const { name } = inputOf(graph);
    const why = stray === name ? ", which is the image that the call takes by itself" : "";
    throw new InputError(`${expected(graph, inputs)}, got "${stray}"${why}`);
  }
  const missing = inputs.filter(({ name }) => given[name] === undefined && !there.has(name));
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => `"${name}"`).join(", ");
  throw new InputError(`${expected(graph, inputs)}, got none for ${names}`);
}

function expected(graph: Graph, inputs: readonly InputLayer[]): string {
  const who = `network "${graph.name}"`;
  if (inputs.length === 0) return `${who}: expected no inputs beside the image`;
  const names = inputs.map(({ name, shape }) => `${JSON.stringify(name)} (${formatShape(shape)})`);
  return `${who}: expected the values of its inputs ${names.join(", ")} as { inputs: { name: values } }`;
}

function valuesOf(graph: Graph, input: InputLayer, given: InputValues[string] | undefined) {
  const { name, shape } = input;
  const isNumbers = Array.isArray(given) || ArrayBuffer.isView(given);
  if (typeof given !== "number" && !isNumbers) {
    const [, , channels] = shape;
    if (shape.length === 3 && channels !== undefined) {
      const preprocessing = forChannels(graph.preprocessing, channels);
      return readInput({ ...graph, layers: [input], preprocessing }, given as Picture);
    }
    throw new InputError(`${expected(graph, furtherInputsOf(graph))}, got ${describe(given)} for "${name}"`);
  }
  const values = Float32Array.from(typeof given === "number" ? [given] : (given as ArrayLike<number>));
  if (values.length !== sizeOf(shape)) {
    throw new InputError(
      `${expected(graph, furtherInputsOf(graph))}, got ${values.length} values for "${name}"`,
    );
  }
  const at = firstNotFinite(values);
  if (at < 0) return values;
  throw new InputError(
    `network "${graph.name}": expected finite values for its input "${name}", got ${values[at]} at ${at}`,
  );
}

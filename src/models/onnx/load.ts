import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { completeGraph, type ModelOptions } from "../complete-graph.ts";
import type { ModelFiles } from "../files.ts";
import { atChosenShape, type InputShape } from "../input-shape.ts";
import { labelsInMetadata } from "../labels.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
import type { OnnxModel, OnnxValueInfo } from "./model.ts";
import { readOnnx } from "./read-model.ts";
import { type Traced, type TracedInput, traceOnnx } from "./trace.ts";

/** Names that exporters give to every graph. */
const EXPORTERS = /^(torch[-_]jit(-export)?|main_graph|tf2onnx|)$/i;

/** A name from where a model lies: that of its file; of its folder, where the file is called "model" like all others. */
function nameOf({ name }: ModelFiles): string {
  const [file = "", folder] = name
    .replace(/[?#].*$/, "")
    .split(/[/\\]/)
    .reverse();
  const own = file.replace(/\.(onnx|zip|bin)$/i, "");
  return own === "model" && folder ? folder : own;
}

/** Reads an ONNX file; see `loadOnnxModel`. */
export async function readOnnxModel(files: ModelFiles, options: ModelOptions): Promise<Graph> {
  const { signal, onProgress } = options;
  const who = `model "${files.name}"`;
  const model = await readOnnx(files, { signal, onProgress });
  const traced = await traceAt(model, options, who);
  return completeGraph(
    {
      name: EXPORTERS.test(model.name) ? nameOf(files) : model.name,
      layers: traced.layers,
      outputs: [...new Set(traced.outputs.map(({ layer }) => layer))],
      ranked: traced.outputs.flatMap(({ layer, ranked }) => (ranked ? [layer] : [])),
      leftOut: traced.leftOut,
      producer: model.producer,
      found: labelsInMetadata(model.metadata),
    },
    options,
    who,
  );
}

/** The layers of a model at the first of the shapes of its input that it allows. */
async function traceAt(
  model: OnnxModel,
  { inputShape, output, signal }: ModelOptions,
  who: string,
): Promise<Traced> {
  const inputs = inputsOf(model);
  // The size that a caller gives is that of the pictures.
  const pictures = inputs.find(({ dims }) => dims?.length === 4) ?? inputs[0];
  if (!pictures) throw new ModelError(`${who}: expected inputs, got none`);
  const names = model.outputs.map(({ name }) => name);
  if (names.length === 0) throw new ModelError(`${who}: expected outputs, got none`);
  const wanted =
    output !== undefined && names.includes(output)
      ? [output, ...names.filter((name) => name !== output)]
      : names;
  const yielding = new YieldToEventLoop(signal);
  const run = (shape: readonly number[] | undefined) =>
    traceOnnx(
      model,
      inputs.map((input) => tracedInput(input, input === pictures ? shape : undefined, who)),
      wanted,
      yielding,
      who,
    );
  const declared = declaredShape(pictures);
  return atChosenShape(inputShape, declared, run, who);
}

/** The inputs that a graph is fed: old files list their initializers, too. */
export function inputsOf(model: OnnxModel): OnnxValueInfo[] {
  return model.inputs.filter(({ name }) => !model.initializers.has(name));
}

/** True if an input of four axes has its channels last: few of them there, and not behind the batch. */
function hasChannelsLast({ dims = [] }: OnnxValueInfo): boolean {
  const few = (size: number | string | null | undefined) => typeof size === "number" && size <= 4;
  return dims.length === 4 && few(dims[3]) && !few(dims[1]);
}

/** [H, W, C] of an input of pictures, null where it is free; else the sizes behind the batch. */
function declaredShape(input: OnnxValueInfo): readonly (number | null)[] {
  const sizes = (input.dims ?? []).map((size) => (typeof size === "number" && size > 0 ? size : null));
  const [, a = null, b = null, c = null] = sizes;
  if (sizes.length !== 4) return sizes.slice(1);
  return hasChannelsLast(input) ? [a, b, c] : [b, c, a];
}

/** An input at the sizes that the file declares, or at those that are given: [H, W, C] of pictures. */
function tracedInput(
  input: OnnxValueInfo,
  given: InputShape | readonly number[] | undefined,
  who: string,
): TracedInput {
  const { name, dims, dtype } = input;
  if (!dims) throw new UnsupportedError(`${who}: expected input "${name}" with a shape, got none`);
  if (!["float", "float16", "bfloat16", "double"].includes(dtype)) {
    throw new UnsupportedError(
      `${who}: expected input "${name}" of floats, got ${dtype}, which is not supported`,
    );
  }
  const pictures = dims.length === 4;
  const declared = declaredShape(input);
  // A free number of channels is that of pictures.
  const sizes = declared.map((size, axis) => given?.[axis] ?? size ?? (pictures && axis === 2 ? 3 : null));
  const known = sizes.filter((size) => size !== null);
  if (known.length < sizes.length) {
    const shown = dims.map((size) => (size === null ? "?" : size)).join("×");
    throw new ModelError(
      `${who}: expected the size of input "${name}", which the file leaves free (${shown}); give inputShape [height, width, channels]`,
    );
  }
  if (given && declared.length === 3 && given.length === 3) {
    const [, , channels] = declared;
    if (channels !== null && channels !== given[2]) {
      throw new ModelError(`${who}: expected inputShape of ${channels} channels, got ${given[2]}`);
    }
  }
  const [batch] = dims;
  const fixedBatch = typeof batch === "number" && batch > 0 ? { fixedBatch: batch } : {};
  if (!pictures) return { name, shape: known, batch: 0, order: dims.map((_, axis) => axis), ...fixedBatch };
  const [h = 1, w = 1, c = 1] = known;
  return hasChannelsLast(input)
    ? { name, shape: [h, w, c], batch: 0, order: [0, 1, 2, 3], ...fixedBatch }
    : { name, shape: [c, h, w], batch: 0, order: [0, 2, 3, 1], ...fixedBatch };
}

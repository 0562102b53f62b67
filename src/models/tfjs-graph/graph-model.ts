import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { completeGraph, type ModelOptions } from "../complete-graph.ts";
import { baseName, type ModelFiles, someOf } from "../files.ts";
import { atChosenShape } from "../input-shape.ts";
import { isObject, type JsonObject, MOST_BYTES, objectOf, parseJson } from "../json.ts";
import { OTHERWISE } from "../refusal.ts";
import { readWeights } from "../weights.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
import { type GraphDef, type GraphNode, parseGraph, referenceOf, type SignatureEntry } from "./graph-def.ts";
import { isControlFlow } from "./operators/operators.ts";
import { neededNodes, type Traced, type TracedInput, type Tracing, traceGraph } from "./trace.ts";

/** What `loadGraphModel` does when its reader is there. */
export async function readGraphModel(files: ModelFiles, options: ModelOptions): Promise<Graph> {
  const { signal, onProgress } = options;
  const who = `model "${files.name}"`;
  const bytes = await files.read(files.manifest, { signal, most: MOST_BYTES });
  const manifest = objectOf(parseJson(new TextDecoder().decode(bytes), who), who);
  assertGraphModel(manifest, who);
  const graph = parseGraph(manifest, who);
  const wanted = wantedOutput(graph, options.output);
  const outputs = wanted ? [wanted, ...graph.outputs.filter((one) => one !== wanted)] : graph.outputs;
  if (outputs.length === 0) throw new ModelError(`${who}: expected outputs, got none`);
  assertNoControlFlow(neededNodes(graph, wanted ? [wanted] : outputs, who), who);
  const nodes = neededNodes(graph, outputs, who);
  const weights = await readWeights(files, manifest.weightsManifest, { signal, onProgress });
  const yielding = new YieldToEventLoop(signal);
  const traced = await traceAt({ graph, weights, nodes, outputs, yielding, who }, options);
  const asked = wanted && traced.outputs.get(wanted.name);
  if (wanted && asked === undefined) throw new UnsupportedError(traced.leftOut[wanted.name]);
  const metadata = isObject(manifest.userDefinedMetadata) ? manifest.userDefinedMetadata : {};
  return completeGraph(
    {
      name: nameOf(files),
      layers: traced.layers,
      outputs: [...new Set(traced.outputs.values())],
      ranked: traced.ranked.flatMap((name) => traced.outputs.get(name) ?? []),
      leftOut: traced.leftOut,
      metadata,
    },
    { ...options, output: asked ?? options.output },
    who,
  );
}

function assertGraphModel({ modelTopology, weightsManifest, ...others }: JsonObject, who: string): void {
  if (isObject(modelTopology) && modelTopology.node !== undefined && weightsManifest !== undefined) return;
  const layers =
    isObject(modelTopology) && ("model_config" in modelTopology || "class_name" in modelTopology);
  if (layers) {
    throw new UnsupportedError(`${who}: expected a tfjs GraphModel, got a LayersModel; loadModel reads it`);
  }
  const lacks =
    modelTopology === undefined
      ? "modelTopology"
      : weightsManifest === undefined
        ? "weightsManifest"
        : "modelTopology.node";
  throw new ModelError(
    `${who}: expected a tfjs GraphModel, which has ${lacks}, got ${someOf(Object.keys(others), "nothing else")}; is this a tfjs model.json?`,
  );
}

/** The output that a caller named: as the signature does, or by its node. Other names are left to whoever lists them. */
function wantedOutput({ outputs }: GraphDef, name: string | undefined): SignatureEntry | undefined {
  if (name === undefined) return undefined;
  const { node, output } = referenceOf(name);
  return (
    outputs.find((one) => one.name === name.replace(/:0$/, "")) ??
    outputs.find((one) => one.node === node && one.output === output)
  );
}

/** @throws UnsupportedError naming the first node whose operator decides what runs. */
function assertNoControlFlow(nodes: readonly GraphNode[], who: string): void {
  const found = nodes.find(({ op }) => isControlFlow(op));
  if (!found) return;
  throw new UnsupportedError(
    `${who}: ${found.op} "${found.name}" is control flow, which is not supported; ${OTHERWISE}`,
  );
}

/** A model is called as its folder is, where its file is called as all are. */
function nameOf({ name }: ModelFiles): string {
  const file = baseName(name);
  const folder = baseName(name.slice(0, -file.length - 1));
  return file === "model.json" && folder !== "" ? folder : file.replace(/\.json$/, "");
}

/** The layers of a model at the first of the shapes of its input that it allows. */
async function traceAt(tracing: Tracing, { inputShape }: ModelOptions): Promise<Traced> {
  const { graph, nodes, who } = tracing;
  const inputs = nodes
    .filter(({ op }) => op === "Placeholder")
    .map((node) => declaredInput(graph, node, nodes));
  // The size that a caller gives is that of the pictures.
  const pictures = inputs.find(({ declared }) => declared?.length === 3) ?? inputs[0];
  if (!pictures) throw new ModelError(`${who}: expected inputs, got none`);
  const run = (given: readonly number[] | undefined) =>
    traceGraph(
      tracing,
      inputs.map((input) => tracedInput(input, input === pictures ? given : undefined, who)),
    );
  const declared = pictures.declared ?? [null, null, null];
  return atChosenShape(inputShape, declared, run, who);
}

/** An input as the file declares it. */
interface DeclaredInput {
  readonly name: string;
  /** The batch: open, fixed, or none. */
  readonly batch: number | null | undefined;
  /** Sizes behind the batch, as the network stores them, null where one is open; undefined where nothing is said. */
  readonly declared: readonly (number | null)[] | undefined;
  /** Channels stand before the pixels. */
  readonly first: boolean;
}

function declaredInput(graph: GraphDef, node: GraphNode, nodes: readonly GraphNode[]): DeclaredInput {
  const { name, attributes } = node;
  const shape = attributes.shape("shape") ?? graph.inputs.find((one) => one.node === name)?.shape;
  const first =
    shape?.length === 4 && nodes.some((one) => one.attributes.text("data_format", "NHWC") === "NCHW");
  if (!shape) return { name, batch: null, declared: undefined, first: false };
  // A picture by itself, which gets its batch from the graph.
  const [, , last] = shape;
  if (shape.length === 3 && shape[0] !== null && typeof last === "number" && last <= 4) {
    return { name, batch: undefined, declared: shape, first: false };
  }
  const [batch = null, a = null, b = null, c = null] = shape;
  const rest = shape.slice(1);
  return { name, batch, declared: first ? [b, c, a] : shape.length === 4 ? [a, b, c] : rest, first };
}

/** An input at the sizes that the file declares, or at those that are given: [H, W, C] of pictures. */
function tracedInput(
  { name, batch, declared, first }: DeclaredInput,
  given: readonly number[] | undefined,
  who: string,
): TracedInput {
  const rank = declared?.length ?? given?.length ?? 0;
  const sizes = Array.from(
    { length: rank },
    (_, axis) => given?.[axis] ?? declared?.[axis] ?? (rank === 3 && axis === 2 ? 3 : null),
  );
  const known = sizes.filter((size) => size !== null);
  if (!declared && !given) {
    throw new ModelError(
      `${who}: expected the shape of input "${name}", got none; give inputShape [height, width, channels]`,
    );
  }
  if (known.length < rank) {
    const shown = sizes.map((size) => size ?? "?").join("×");
    throw new ModelError(
      `${who}: expected the size of input "${name}", which the file leaves free (${shown}); give inputShape [height, width, channels]`,
    );
  }
  const channels = declared?.[2];
  if (given && rank === 3 && typeof channels === "number" && channels !== given[2]) {
    throw new ModelError(`${who}: expected inputShape of ${channels} channels, got ${given[2]}`);
  }
  if (batch !== undefined && batch !== null && batch !== 1) {
    throw new UnsupportedError(
      `${who}: expected input "${name}" with a batch of one or any, got ${batch}, which is not supported`,
    );
  }
  if (batch === undefined)
    return { node: name, shape: known, batch: "none", order: known.map((_, axis) => axis) };
  const [h = 1, w = 1, c = 1] = known;
  return {
    node: name,
    shape: first ? [c, h, w] : known,
    batch: batch === 1 ? "one" : "any",
    order: first ? [0, 2, 3, 1] : [0, ...known.map((_, axis) => axis + 1)],
  };
}

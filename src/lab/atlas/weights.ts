import type { Graph, Layer } from "../../graph/graph.ts";
import { layerOf } from "../../graph/graph.ts";
import { keepsChannels } from "../../layers/pad.ts";
import type { AtlasWeight } from "./site.ts";

/** Weights that are listed of a unit. */
const LISTED = 6;

/** The weights between the units of two surveyed layers: what a convolution or a dense layer reads of another layer's channels. */
export interface Joint {
  readonly from: string;
  readonly to: string;
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, outputs]: sum and L2 norm of the weights over the window. */
  readonly sums: Float64Array;
  readonly norms: Float64Array;
}

/**
 * The joints of a graph between layers that were surveyed. A unit of a layer is the filter of the convolution that it comes from, where
 * only norms, activations, poolings and borders lie between.
 */
export function jointsOf(graph: Graph, surveyed: readonly string[]): Joint[] {
  const names = new Set(surveyed);
  return surveyed.flatMap((to) => {
    const weighted = filtersOfLayer(graph, to);
    const source = weighted && back(graph, weighted.inputs[0], ({ name }) => names.has(name));
    return source ? [jointOf(weighted, source.name, to)] : [];
  });
}

/** The units that a unit reads most, by the norm of its weights, strongest first. */
export function readsOf(joints: readonly Joint[], layer: string, channel: number): AtlasWeight[] {
  return joints
    .filter(({ to }) => to === layer)
    .flatMap((joint) =>
      Array.from({ length: joint.inputs }, (_, input) => weightOf(joint, input, channel, joint.from, input)),
    )
    .filter(({ norm }) => norm > 0)
    .sort((a, b) => b.norm - a.norm || a.channel - b.channel)
    .slice(0, LISTED);
}

/** The units that read a unit most, strongest first. */
export function readersOfUnit(joints: readonly Joint[], layer: string, channel: number): AtlasWeight[] {
  return joints
    .filter(({ from }) => from === layer)
    .flatMap((joint) =>
      Array.from({ length: joint.outputs }, (_, output) =>
        weightOf(joint, channel, output, joint.to, output),
      ),
    )
    .filter(({ norm }) => norm > 0)
    .sort((a, b) => b.norm - a.norm || a.channel - b.channel)
    .slice(0, LISTED);
}

function weightOf(joint: Joint, input: number, output: number, layer: string, channel: number): AtlasWeight {
  const at = input * joint.outputs + output;
  return { layer, channel, sum: joint.sums[at] ?? 0, norm: joint.norms[at] ?? 0 };
}

/** The layer whose filters the channels of a layer are: itself, or the one that nothing but norms, activations and poolings part it from. */
export function filtersOfLayer(graph: Graph, layer: string): Weighted | undefined {
  const found = back(graph, layer, isWeighted);
  return found && isWeighted(found) ? found : undefined;
}

type Weighted = Extract<Layer, { op: "conv2d" | "depthwiseConv2d" | "dense" }>;

function isWeighted(layer: Layer): layer is Weighted {
  return layer.op === "conv2d" || layer.op === "depthwiseConv2d" || layer.op === "dense";
}

/** The first layer that is wanted, from a layer back, as long as each channel comes from the same one before. */
function back(graph: Graph, from: string | undefined, wanted: (layer: Layer) => boolean): Layer | undefined {
  for (let name = from; name !== undefined; ) {
    const layer = layerOf(graph, name);
    if (wanted(layer)) return layer;
    if (!passesChannels(layer)) return undefined;
    name = layer.inputs[0];
  }
  return undefined;
}

function passesChannels(layer: Layer): boolean {
  switch (layer.op) {
    case "activation":
    case "batchNorm":
    case "pool":
    case "globalPool":
    case "prelu":
    case "lrn":
      return true;
    case "pad":
      return keepsChannels(layer);
    default:
      return false;
  }
}

function jointOf(layer: Weighted, from: string, to: string): Joint {
  const { shape, data } = layer.w;
  const outputs = shape.at(-1) ?? 1;
  const inputs = shape.at(-2) ?? 1;
  if (layer.op === "depthwiseConv2d") {
    // Filter c·m + k reads channel c alone.
    const joint = emptyJoint(from, to, inputs, inputs * outputs);
    for (const [i, value] of data.entries()) {
      const filter = i % (inputs * outputs);
      add(joint, Math.floor(filter / outputs), filter, value);
    }
    return rooted(joint);
  }
  const joint = emptyJoint(from, to, inputs, outputs);
  for (const [i, value] of data.entries()) add(joint, Math.floor(i / outputs) % inputs, i % outputs, value);
  return rooted(joint);
}

function emptyJoint(from: string, to: string, inputs: number, outputs: number): Joint {
  const all = () => new Float64Array(inputs * outputs);
  return { ...{ from, to, inputs, outputs }, sums: all(), norms: all() };
}

function add({ sums, norms, outputs }: Joint, input: number, output: number, value: number): void {
  const at = input * outputs + output;
  sums[at] = (sums[at] ?? 0) + value;
  norms[at] = (norms[at] ?? 0) + value * value;
}

function rooted(joint: Joint): Joint {
  return { ...joint, norms: joint.norms.map(Math.sqrt) };
}

import { ModelError, UnsupportedError, VitrineError } from "../../gpu/errors.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import type { Layer } from "../../graph/graph.ts";
import type { Constant } from "../../layers/op.ts";
import { someOf } from "../files.ts";
import { batchApartFrom, Lowering } from "../lowering/lowering.ts";
import { inputValue } from "../lowering/movement.ts";
import {
  type ConstantValue,
  constant,
  type LayerValue,
  type MissingValue,
  type Value,
} from "../lowering/value.ts";
import type { YieldToEventLoop } from "../yield-to-event-loop.ts";
import { Call } from "./call.ts";
import type { GraphDef, GraphNode, SignatureEntry } from "./graph-def.ts";
import { isControlFlow, OPERATORS, PASSES, PLACES } from "./operators/operators.ts";

/** What an input of the graph is fed. */
export interface TracedInput {
  readonly node: string;
  /** Sizes of its axes, the batch apart. */
  readonly shape: readonly number[];
  /** Its first axis is the batch: any, or of one; or it has none. */
  readonly batch: "any" | "one" | "none";
  /** Its axes, the batch among them, in the order in which the network stores them. */
  readonly order: readonly number[];
}

export interface Traced {
  readonly layers: readonly Layer[];
  /** Layers of the outputs that could be had, by the outputs' names. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Names of outputs of which the file goes on to the place of the largest: their layers hold scores. */
  readonly ranked: readonly string[];
  /** The others, each with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
}

/** A graph to be traced, with its weights. */
export interface Tracing {
  readonly graph: GraphDef;
  readonly weights: ReadonlyMap<string, Constant>;
  /** Nodes that outputs need, each behind those that it reads. */
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly SignatureEntry[];
  readonly yielding: YieldToEventLoop;
  readonly who: string;
}

/**
 * The nodes that some outputs need, each behind those that it reads.
 * @throws ModelError for a circle, or a node that is not there.
 */
export function neededNodes(
  { nodes }: GraphDef,
  outputs: readonly SignatureEntry[],
  who: string,
): GraphNode[] {
  const order: GraphNode[] = [];
  const state = new Map<GraphNode, "open" | "done">();
  const open: { readonly node: GraphNode; next: number }[] = [];
  const enter = (name: string, reader: string): void => {
    const node = nodes.get(name);
    if (!node) throw new ModelError(`${who}: expected a node "${name}", which ${reader} reads, found none`);
    if (state.get(node) === "done") return;
    if (state.get(node) === "open") {
      const circle = open.slice(open.findIndex((one) => one.node === node));
      // A loop is refused as control flow, by whoever asks for it.
      if (circle.some((one) => isControlFlow(one.node.op))) return;
      throw new ModelError(
        `${who}: expected a graph without a circle, but ${node.op} "${name}" reads what it gives`,
      );
    }
    state.set(node, "open");
    open.push({ node, next: 0 });
  };
  for (const output of outputs) {
    enter(output.node, "an output");
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { node } = top;
      const input = node.inputs[top.next++];
      if (input) enter(input.node, `${node.op} "${node.name}"`);
      else {
        state.set(node, "done");
        order.push(node);
        open.pop();
      }
    }
  }
  return order;
}

/**
 * Turns a graph into layers: every output, or those that can be had beside one that can.
 * @throws ModelError when it contradicts itself. @throws UnsupportedError naming the operator and the node.
 */
export async function traceGraph(tracing: Tracing, inputs: readonly TracedInput[]): Promise<Traced> {
  const { nodes, weights, who, yielding } = tracing;
  const lowering = new Lowering(batchApartFrom(numbersOf(tracing, inputs)));
  const values = new Map<string, readonly Value[]>();
  for (const { node, shape, batch, order } of inputs) {
    // A batch that the file fixes at one is an axis of one as any other, and each picture is seen by itself.
    const lead = { any: [lowering.batch], one: [1], none: [] }[batch];
    const full = [...lead, ...shape];
    const stored = order.flatMap((axis) => (axis < lead.length ? [] : [full[axis] ?? 1]));
    values.set(node, [
      inputValue(lowering, lowering.input(node, stored), full, batch === "any" ? 0 : undefined, order),
    ]);
  }
  for (const node of nodes) {
    await yielding.whenDue();
    if (values.has(node.name)) continue;
    values.set(
      node.name,
      node.op === "Const" ? [weightOf(node, weights, who)] : lowered(lowering, node, values, who),
    );
  }
  return finished(lowering, values, tracing);
}

/** Numbers from which the batch must be told apart: sizes of what the file holds and of what it is fed. */
function* numbersOf({ weights }: Tracing, inputs: readonly TracedInput[]): Iterable<number> {
  for (const { shape } of inputs) yield* shape;
  for (const { shape, data } of weights.values()) {
    yield* shape;
    if (data.length <= MOST_SIZES) yield* data;
  }
}

/** Numbers of a constant that may be a shape, at most. */
const MOST_SIZES = 64;

function weightOf(node: GraphNode, weights: ReadonlyMap<string, Constant>, who: string): ConstantValue {
  const found = weights.get(node.name);
  if (!found) throw new ModelError(`${who}: expected weights of Const "${node.name}", found none`);
  const type = node.attributes.type("dtype");
  if (type === "bool") return constant("bool", found.shape, found.data);
  if (!/^u?int/.test(type)) return constant("float", found.shape, found.data);
  return constant("int", found.shape, Float64Array.from(found.data));
}

/** The outputs of a node; what cannot be had is missing, with the reason. */
function lowered(
  lowering: Lowering,
  node: GraphNode,
  values: ReadonlyMap<string, readonly Value[]>,
  model: string,
): readonly Value[] {
  const { name, op, attributes } = node;
  const given = node.inputs.map(({ node: source, output }) => values.get(source)?.[output]);
  const known = given.filter((value) => value !== undefined && value.kind !== "missing");
  const call = new Call({ lowering, model, name, op, attributes, inputs: known });
  call.begin();
  const lost = given.find((value) => value?.kind === "missing");
  if (lost?.kind === "missing") {
    return [PASSES.includes(op) && given[0] === lost ? lost : { ...lost, source: undefined }];
  }
  if (known.length < given.length) {
    const at = given.indexOf(undefined);
    const { node: source = "", output = 0 } = node.inputs[at] ?? {};
    return [
      { kind: "missing", error: lowering.unsupported(`output ${output} of "${source}" is not supported`) },
    ];
  }
  try {
    if (isControlFlow(op)) throw lowering.unsupported("control flow is not supported");
    if (PLACES.includes(op)) return [placesLeftOff(call)];
    const operator = OPERATORS.get(op);
    if (!operator) throw lowering.unsupported(`the operator ${op} is not supported`);
    const result = operator(call);
    const unread = attributes.unread();
    if (unread.length > 0) throw lowering.unsupported(`its attribute ${someOf(unread, "")} is not supported`);
    return "kind" in result ? [result] : result;
  } catch (error) {
    // Errors of what knows no node are given its name.
    const own = error instanceof VitrineError && !error.message.startsWith(model);
    if (error instanceof UnsupportedError) {
      return [{ kind: "missing", error: own ? lowering.unsupported(error.message) : error }];
    }
    throw own ? lowering.wrong(error.message) : error;
  }
}

/** The place of the largest score is left off at the end of a network: its scores are the output. */
function placesLeftOff({ lowering, op, inputs: [x] }: Call): MissingValue {
  const error = lowering.unsupported(`${op} is left off, as it has no gradient`);
  const ranked = op === "ArgMin" ? undefined : true;
  return { kind: "missing", error, source: x?.kind === "layer" ? x : undefined, ranked };
}

/** The layers of the outputs under the outputs' names, each stored as pictures are, or in the file's order. */
function finished(
  lowering: Lowering,
  values: ReadonlyMap<string, readonly Value[]>,
  { outputs, who }: Tracing,
): Traced {
  const found = new Map<string, string>();
  const ranked: string[] = [];
  const leftOut: Record<string, string> = {};
  let fault: Error | undefined;
  for (const { name, node, output } of outputs) {
    const value = values.get(node)?.[output];
    const source = value?.kind === "missing" ? value.source : value;
    if (value?.kind === "missing") {
      fault ??= value.error;
      leftOut[name] = value.error.message;
    } else if (value?.kind !== "layer") leftOut[name] = "it does not depend on the network's input";
    if (source?.kind !== "layer") continue;
    lowering.begin(name, `${who}, output "${name}"`, true);
    found.set(name, storedAsSeen(lowering, source));
    if (value?.kind === "missing" && value.ranked) ranked.push(name);
  }
  if (found.size === 0) {
    const names = outputs.map(({ name }) => name).join(", ");
    throw fault ?? new UnsupportedError(`${who}: expected outputs that depend on the input, got ${names}`);
  }
  return { ...renamed(lowering.layers, found), ranked, leftOut };
}

/** A layer that has the axes of a value in the file's order; those of pictures with the channels behind. */
function storedAsSeen(lowering: Lowering, value: LayerValue): string {
  const { axes, factors } = value;
  const [batch = [], ...rest] = axes;
  const others = batch.filter((factor) => factor !== 0);
  if (rest.flat().includes(0) || (batch.includes(0) && batch[0] !== 0)) {
    throw lowering.unsupported("an output whose first axis is not the batch is not supported");
  }
  const [channels = [], rows = [], columns = []] = rest;
  const ascends = (order: readonly (readonly number[])[]) => {
    const all = order.flat();
    return all.every((factor, index) => index === 0 || factor > (all[index - 1] ?? 0));
  };
  const pictures = rest.length === 3 && !ascends(rest) && ascends([rows, columns, channels]);
  const groups = pictures ? [rows, columns, channels] : rest;
  const leads = sizeOf(others.map((factor) => factors[factor] ?? 1)) > 1;
  return lowering.arranged(value, leads ? [others, ...groups] : groups);
}

/** Layers under the names of their outputs, the first of several, where no other layer has these. */
function renamed(
  layers: readonly Layer[],
  outputs: ReadonlyMap<string, string>,
): Pick<Traced, "layers" | "outputs"> {
  const names = new Map(layers.map(({ name }) => [name, name]));
  for (const [output, layer] of outputs) {
    if (names.get(layer) === layer && !names.has(output)) names.set(layer, output);
  }
  const nameOf = (name: string): string => names.get(name) ?? name;
  return {
    layers: layers.map((layer) => ({ ...layer, name: nameOf(layer.name), inputs: layer.inputs.map(nameOf) })),
    outputs: new Map([...outputs].map(([output, layer]) => [output, nameOf(layer)])),
  };
}

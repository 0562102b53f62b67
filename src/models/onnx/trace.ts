import { ModelError, UnsupportedError, VitrineError } from "../../gpu/errors.ts";
import type { Layer } from "../../graph/graph.ts";
import { someOf } from "../files.ts";
import { batchApartFrom, Lowering } from "../lowering/lowering.ts";
import { inputValue } from "../lowering/movement.ts";
import type { LayerValue, Value } from "../lowering/value.ts";
import type { YieldToEventLoop } from "../yield-to-event-loop.ts";
import { Attributes } from "./attributes.ts";
import { Call, missing } from "./call.ts";
import type { OnnxModel, OnnxNode } from "./model.ts";
import { OPERATORS } from "./operators/operators.ts";
import { constantOf } from "./tensors.ts";

/** What an input of the graph is fed. */
export interface TracedInput {
  readonly name: string;
  /** Sizes of its axes, the batch apart. */
  readonly shape: readonly number[];
  /** The place of the batch among its axes, the first; undefined where it has none. */
  readonly batch: 0 | undefined;
  /** Size of the batch, where the file fixes it. */
  readonly fixedBatch?: number | undefined;
  /** Its axes (the batch counted where there is one) in the order in which the network stores them. */
  readonly order: readonly number[];
}

/** An output of the graph, as a layer holds it. */
export interface TracedOutput {
  readonly name: string;
  readonly layer: string;
  /** The file's axes as they are stored. */
  readonly order: readonly number[];
  /** True where the file goes on to the place of the largest: the layer holds scores. */
  readonly ranked?: true | undefined;
}

export interface Traced {
  readonly layers: readonly Layer[];
  readonly outputs: readonly TracedOutput[];
  readonly leftOut: Readonly<Record<string, string>>;
}

/** Nodes at most; the deepest networks that are published have some ten thousand. */
const MOST_NODES = 100_000;

/** Values that are traced, and the layers that give them. */
export interface TracedValues {
  readonly lowering: Lowering;
  readonly values: ReadonlyMap<string, Value>;
}

/**
 * Walks through the nodes that outputs need. What cannot be had is missing, with the reason.
 * @throws ModelError when the graph contradicts itself: a value that nothing gives, a circle, shapes that do not fit.
 */
export async function traceValues(
  model: OnnxModel,
  inputs: readonly TracedInput[],
  wanted: readonly string[],
  yielding: YieldToEventLoop,
  who: string,
): Promise<TracedValues> {
  if (model.nodes.length > MOST_NODES) {
    throw new ModelError(`${who}: expected at most ${MOST_NODES} nodes, got ${model.nodes.length}`);
  }
  const lowering = new Lowering(batchApartFrom(numbersOf(model, inputs)));
  const values = new Map<string, Value>();
  for (const [name, tensor] of model.initializers) values.set(name, constantOf(tensor));
  for (const { name, shape, batch, order } of inputs) {
    const full = batch === 0 ? [lowering.batch, ...shape] : shape;
    const stored = order.filter((axis) => axis !== batch).map((axis) => full[axis] ?? 1);
    const layer = lowering.input(name, stored);
    values.set(name, inputValue(lowering, layer, full, batch, order));
  }
  const fixedBatch = inputs.find((input) => input.fixedBatch !== undefined)?.fixedBatch;
  const outputs = new Set(wanted);
  for (const node of sorted(model, values, wanted, who)) {
    await yielding.whenDue();
    const own =
      node.outputs.find((name) => outputs.has(name)) ??
      (node.name || node.outputs.find((name) => name !== "") || node.opType);
    const subject = `${who}, ${node.opType} "${own}"`;
    lowering.begin(own, subject);
    for (const [index, value] of lowered(model, lowering, node, values, fixedBatch, subject).entries()) {
      const name = node.outputs[index];
      if (name) values.set(name, value);
    }
  }
  return { lowering, values };
}

/**
 * Turns a graph into layers: every output, or those that can be had beside one that can.
 * @throws ModelError when it contradicts itself; see {@link traceValues}.
 * @throws UnsupportedError naming the operator and the node, where no output can be had.
 */
export async function traceOnnx(
  model: OnnxModel,
  inputs: readonly TracedInput[],
  wanted: readonly string[],
  yielding: YieldToEventLoop,
  who: string,
): Promise<Traced> {
  const { lowering, values } = await traceValues(model, inputs, wanted, yielding, who);
  return finished(lowering, values, wanted, who);
}

/** Numbers from which the batch must be told apart: sizes of what the file holds, and of what it is fed. */
function* numbersOf(model: OnnxModel, inputs: readonly TracedInput[]): Iterable<number> {
  for (const { shape } of inputs) yield* shape;
  for (const { dims } of model.initializers.values()) yield* dims;
}

/** The nodes that outputs need, each behind those that it reads. @throws ModelError for a circle, or a value that nothing gives. */
function sorted(
  model: OnnxModel,
  known: ReadonlyMap<string, Value>,
  wanted: readonly string[],
  who: string,
): OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  for (const node of model.nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (makers.has(name)) throw new ModelError(`${who}: expected one node that gives "${name}", got two`);
      makers.set(name, node);
    }
  }
  const order: OnnxNode[] = [];
  const state = new Map<OnnxNode, "open" | "done">();
  const open: { readonly node: OnnxNode; next: number }[] = [];
  const enter = (name: string, reader: string): void => {
    if (name === "" || known.has(name)) return;
    const node = makers.get(name);
    if (!node)
      throw new ModelError(
        `${who}: expected a node or initializer that gives "${name}", which ${reader} reads, found none`,
      );
    if (state.get(node) === "done") return;
    if (state.get(node) === "open") {
      throw new ModelError(
        `${who}: expected a graph without a circle, but ${node.opType} "${node.name || name}" reads what it gives`,
      );
    }
    state.set(node, "open");
    open.push({ node, next: 0 });
  };
  for (const output of wanted) {
    enter(output, "an output");
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { node } = top;
      const input = node.inputs[top.next++];
      if (input !== undefined) enter(input, `${node.opType} "${node.name || node.outputs[0]}"`);
      else {
        state.set(node, "done");
        order.push(node);
        open.pop();
      }
    }
  }
  return order;
}

/** The outputs of a node; what cannot be had is missing, with the reason. */
function lowered(
  model: OnnxModel,
  lowering: Lowering,
  node: OnnxNode,
  values: ReadonlyMap<string, Value>,
  fixedBatch: number | undefined,
  who: string,
): readonly Value[] {
  const given = node.inputs.map((name) => (name === "" ? undefined : values.get(name)));
  const lost = given.find((value) => value?.kind === "missing");
  if (lost?.kind === "missing") {
    // What only passes on what is left off is left off with it.
    const passes = PASSES.has(node.opType) && given[0] === lost;
    return node.outputs.map(() => (passes ? lost : missing(lost.error)));
  }
  const operator = node.domain === "" ? OPERATORS.get(node.opType) : undefined;
  if (!operator) {
    const named = node.domain === "" ? node.opType : `${node.domain}.${node.opType}`;
    const error = lowering.unsupported(`the operator ${named} is not supported`);
    return node.outputs.map(() => missing(error));
  }
  const opset = model.opsets.get("");
  if (opset === undefined) throw lowering.wrong("expected a version of ONNX's own operators, got none");
  const attributes = new Attributes(node, who);
  const call = new Call({
    lowering,
    attributes,
    inputs: given.filter((value) => value?.kind !== "missing"),
    outputs: node.outputs,
    opset,
    fixedBatch,
  });
  try {
    const result = operator(call);
    const results = "kind" in result ? [result] : result;
    const unread = results.some(({ kind }) => kind !== "missing") ? attributes.unread() : [];
    if (unread.length > 0) throw lowering.unsupported(`its attribute ${someOf(unread, "")} is not supported`);
    return results;
  } catch (error) {
    if (error instanceof UnsupportedError) {
      const named = error.message.startsWith(who) ? error : lowering.unsupported(error.message);
      return node.outputs.map(() => missing(named));
    }
    if (error instanceof VitrineError && !error.message.startsWith(who)) throw lowering.wrong(error.message);
    throw error;
  }
}

/** Operators that change nothing of what is left off at the end of a network. */
const PASSES = new Set(["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"]);

/** The layers of the outputs, each stored as pictures are, or in the file's order. */
function finished(
  lowering: Lowering,
  values: ReadonlyMap<string, Value>,
  wanted: readonly string[],
  who: string,
): Traced {
  const outputs: TracedOutput[] = [];
  const leftOut: Record<string, string> = {};
  let first: Error | undefined;
  for (const name of wanted) {
    const value = values.get(name);
    const lost = value?.kind === "missing" ? value : undefined;
    if (lost) {
      first ??= lost.error;
      leftOut[name] = lost.error.message;
    } else if (value?.kind !== "layer") leftOut[name] = "it does not depend on the network's input";
    const shown = value?.kind === "layer" ? value : lost?.source;
    if (!shown) continue;
    try {
      outputs.push({ ...outputOf(lowering, name, shown), ranked: lost?.ranked });
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      first ??= error;
      leftOut[name] = error.message;
    }
  }
  const [main] = outputs;
  if (!main)
    throw (
      first ??
      new UnsupportedError(`${who}: expected outputs that depend on the input, got ${someOf(wanted, "none")}`)
    );
  return { layers: lowering.layers, outputs, leftOut };
}

function outputOf(lowering: Lowering, name: string, value: LayerValue): TracedOutput {
  lowering.begin(name, `output "${name}"`, true);
  const rank = value.axes.length;
  const batch = value.axes.findIndex((axis) => axis.includes(0));
  if (batch >= 0 && value.axes[batch]?.[0] !== 0) {
    throw lowering.unsupported("the batch is the inner part of an axis");
  }
  const straight = value.axes.map((_, axis) => axis);
  const pictures = rank === 4 ? [0, 2, 3, 1] : rank === 3 ? [0, 2, 1] : straight;
  const candidates = rank === 3 ? [straight, pictures] : [pictures, straight];
  // The batch is stored first, wherever the file has it.
  const inFront = (order: readonly number[]) =>
    [...order].sort((a, b) => Number(b === batch) - Number(a === batch));
  const orders = batch > 0 ? [inFront(straight)] : candidates;
  const ascends = (order: readonly number[]) => {
    const factors = order.flatMap((axis) => value.axes[axis] ?? []);
    return factors.every((factor, index) => index === 0 || factor > (factors[index - 1] ?? 0));
  };
  const order = orders.find(ascends) ?? orders[0] ?? straight;
  const groups = order.map((axis) => (value.axes[axis] ?? []).filter((factor) => factor !== 0));
  const whole = batch >= 0 && groups[0]?.length === 0;
  return { name, layer: lowering.arranged(value, whole ? groups.slice(1) : groups), order };
}

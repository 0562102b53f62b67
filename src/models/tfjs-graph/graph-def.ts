import { ModelError } from "../../gpu/errors.ts";
import { arrayOf, isObject, type JsonObject, objectOf, show, textOf } from "../json.ts";
import { Attributes, shapeOfJson } from "./attributes.ts";

/** One output of a node. */
export interface Reference {
  readonly node: string;
  readonly output: number;
}

/** One operation of a graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Reference[];
  readonly attributes: Attributes;
}

/** An input or output of a graph under the name that its users know. */
export interface SignatureEntry extends Reference {
  readonly name: string;
  readonly shape: readonly (number | null)[] | undefined;
}

/** A GraphModel's manifest as plain data. */
export interface GraphDef {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly inputs: readonly SignatureEntry[];
  /** What the signature lists; without one, what no node reads. */
  readonly outputs: readonly SignatureEntry[];
}

/** Nodes of a graph, at most. */
const MOST_NODES = 100_000;

/** "a/b:1" → output 1 of a/b. */
export function referenceOf(text: string): Reference {
  const [, node = text, output = "0"] = /^(.*?):(\d{1,4})$/s.exec(text) ?? [];
  return { node, output: Number(output) };
}

/** The graph that a manifest holds. @throws ModelError when it is damaged or contradicts itself. */
export function parseGraph(manifest: JsonObject, who: string): GraphDef {
  const topology = objectOf(manifest.modelTopology, `${who}: modelTopology`);
  const raw = arrayOf(topology.node, `${who}: modelTopology.node`);
  if (raw.length > MOST_NODES) {
    throw new ModelError(`${who}: expected at most ${MOST_NODES} nodes, got ${raw.length}`);
  }
  const nodes = new Map<string, GraphNode>();
  for (const value of raw) {
    const node = parseNode(objectOf(value, `${who}: a node`), who);
    if (nodes.has(node.name)) {
      throw new ModelError(`${who}: expected nodes of different names, got "${node.name}" twice`);
    }
    nodes.set(node.name, node);
  }
  const metadata = isObject(manifest.userDefinedMetadata) ? manifest.userDefinedMetadata : {};
  const signature = [manifest.signature, metadata.signature].find(isObject) ?? {};
  const inputs = entriesOf(signature.inputs, nodes, `${who}: the signature's inputs`);
  const outputs = entriesOf(signature.outputs, nodes, `${who}: the signature's outputs`);
  return { nodes, inputs, outputs: outputs.length > 0 ? outputs : unread(nodes) };
}

function parseNode(raw: JsonObject, who: string): GraphNode {
  const name = textOf(raw.name, `${who}: a node's name`);
  const op = textOf(raw.op, `${who}: node ${show(name)}: op`);
  const node = `${who}, ${op} "${name}"`;
  const inputs = arrayOf(raw.input ?? [], `${node}: input`).map((input) =>
    textOf(input, `${node}: an input`),
  );
  const attributes = new Attributes(objectOf(raw.attr ?? {}, `${node}: attr`), node);
  // A name after ^ says only what should run before.
  return { name, op, inputs: inputs.filter((input) => !input.startsWith("^")).map(referenceOf), attributes };
}

function entriesOf(value: unknown, nodes: ReadonlyMap<string, GraphNode>, who: string): SignatureEntry[] {
  return Object.entries(isObject(value) ? value : {}).map(([key, entry]) => {
    const { name, tensorShape } = objectOf(entry, `${who}: ${key}`);
    const reference = referenceOf(typeof name === "string" && name !== "" ? name : key);
    if (!nodes.has(reference.node)) {
      throw new ModelError(`${who}: expected "${reference.node}" to be a node, found none`);
    }
    const shape = isObject(tensorShape) ? shapeOfJson(tensorShape, `${who}: ${key}`) : undefined;
    return { ...reference, name: key.replace(/:0$/, ""), shape };
  });
}

/** Ops that give nothing that could be an output. */
const SILENT: readonly string[] = ["Const", "Placeholder", "PlaceholderWithDefault", "NoOp"];

function unread(nodes: ReadonlyMap<string, GraphNode>): SignatureEntry[] {
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  const last = [...nodes.values()].filter(({ name, op }) => !read.has(name) && !SILENT.includes(op));
  return last.map(({ name }) => ({ name, node: name, output: 0, shape: undefined }));
}

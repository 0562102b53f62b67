import type { ModelFiles } from "../../../src/models/files.ts";
import { memoryFiles } from "../fixtures.ts";
import { noise } from "./referee.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** A setting as GraphModels write it: numbers with a point are floats. */
type Setting =
  | boolean
  | string
  | readonly number[]
  | readonly string[]
  | { readonly int: number }
  | { readonly float: number }
  | { readonly type: string }
  | { readonly shape: readonly number[] };

function settingOf(setting: Setting): unknown {
  if (typeof setting === "boolean") return { b: setting };
  if (typeof setting === "string") return { s: base64(setting) };
  if (Array.isArray(setting)) {
    const texts = setting.some((one) => typeof one === "string");
    return { list: texts ? { s: setting.map((one) => base64(String(one))) } : { i: setting.map(String) } };
  }
  if ("int" in setting) return { i: String(setting.int) };
  if ("float" in setting) return { f: setting.float };
  if ("shape" in setting) return { shape: { dim: setting.shape.map((size) => ({ size: String(size) })) } };
  return setting;
}

/** A GraphModel made by hand: nodes one after the other, and the weights that they read. */
export class GraphWriter {
  readonly #nodes: unknown[] = [];
  readonly #weights: { name: string; shape: number[]; dtype: string }[] = [];
  readonly #data: Uint8Array[] = [];
  readonly #inputs: Record<string, unknown> = {};

  /** A node. @returns its name. */
  node(
    op: string,
    inputs: readonly string[],
    settings: Readonly<Record<string, Setting>> = {},
    name = op,
  ): string {
    const attr = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, settingOf(value)]));
    this.#nodes.push({ name, op, input: inputs, attr });
    return name;
  }

  /** An input; −1 where a size is open. */
  input(shape: readonly number[], name = "x"): string {
    const tensorShape = { dim: shape.map((size) => ({ size: String(size) })) };
    this.#inputs[name] = { name: `${name}:0`, dtype: "DT_FLOAT", tensorShape };
    return this.node("Placeholder", [], { dtype: { type: "DT_FLOAT" }, shape: { shape } }, name);
  }

  /** Weights: noise, unless values are given. */
  weights(name: string, shape: readonly number[], values?: readonly number[]): string {
    const size = shape.reduce((product, axis) => product * axis, 1);
    const data = values ? Float32Array.from(values) : noise(size, name.length + size);
    return this.#constant(name, "float32", "DT_FLOAT", shape, new Uint8Array(data.slice().buffer));
  }

  /** Whole numbers as a list. */
  integers(name: string, values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant(name, "int32", "DT_INT32", shape, new Uint8Array(Int32Array.from(values).buffer));
  }

  #constant(name: string, dtype: string, type: string, shape: readonly number[], bytes: Uint8Array): string {
    this.#weights.push({ name, shape: [...shape], dtype });
    this.#data.push(bytes);
    return this.node("Const", [], { dtype: { type } }, name);
  }

  /** The manifest of what was written, with outputs by name; `changes` are made to it. */
  manifest(outputs: Readonly<Record<string, string>> | undefined, changes: object = {}): object {
    const signature = {
      inputs: this.#inputs,
      outputs: Object.fromEntries(Object.entries(outputs ?? {}).map(([key, name]) => [key, { name }])),
    };
    return {
      format: "graph-model",
      ...(outputs ? { signature } : {}),
      modelTopology: { node: this.#nodes, versions: {} },
      weightsManifest: [{ paths: ["w.bin"], weights: this.#weights }],
      ...changes,
    };
  }

  /** The files of what was written. Without outputs there is no signature. */
  files(outputs?: Readonly<Record<string, string>>, changes?: object): ModelFiles {
    const bytes = Uint8Array.from(this.#data.flatMap((part) => [...part]));
    const manifest = JSON.stringify(this.manifest(outputs, changes));
    return memoryFiles({ "model.json": manifest, "w.bin": bytes.buffer });
  }
}

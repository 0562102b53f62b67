import { ModelError } from "../../gpu/errors.ts";
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "./model.ts";

/** Attributes that change nothing of what an operator computes of a trained network, or nothing in the mode that it has. */
const WITHOUT_EFFECT: ReadonlyMap<string, readonly string[]> = new Map([
  ["BatchNormalization", ["is_test", "momentum"]],
  ["Cast", ["round_mode", "saturate"]],
  ["CastLike", ["round_mode", "saturate"]],
  ["DequantizeLinear", ["output_dtype"]],
  ["Dropout", ["is_test", "ratio", "seed"]],
  ["GroupNormalization", ["stash_type"]],
  ["LayerNormalization", ["stash_type"]],
  ["MaxPool", ["storage_order"]],
  ["Resize", ["cubic_coeff_a", "exclude_outside", "extrapolation_value", "nearest_mode"]],
]);

/** The settings of a node, read by name and checked. */
export class Attributes {
  private readonly node: OnnxNode;
  private readonly who: string;
  private readonly read = new Set<string>();

  /** @param who subject of messages: `model "a.onnx", Conv "conv1"`. */
  constructor(node: OnnxNode, who: string) {
    this.node = node;
    this.who = who;
  }

  has(name: string): boolean {
    return this.attribute(name) !== undefined;
  }

  /** Attributes that nobody read, though they may change what the operator computes. */
  unread(): string[] {
    const idle = WITHOUT_EFFECT.get(this.node.opType) ?? [];
    return [...this.node.attributes.keys()].filter((name) => !this.read.has(name) && !idle.includes(name));
  }

  /** A number. @throws ModelError where it is none, or where there is none and no `otherwise`. */
  number(name: string, otherwise?: number): number {
    const found = this.attribute(name);
    if (!found && otherwise !== undefined) return otherwise;
    if (found?.type === "float" || found?.type === "int") return found.value;
    throw this.wrong(name, "a number", found);
  }

  /** A truth, which ONNX writes as 0 or 1. */
  flag(name: string, otherwise: boolean): boolean {
    return this.number(name, Number(otherwise)) !== 0;
  }

  /** Numbers; undefined where there are none. */
  numbers(name: string): readonly number[] | undefined {
    const found = this.attribute(name);
    if (!found) return undefined;
    if (found.type === "floats" || found.type === "ints") return found.value;
    throw this.wrong(name, "numbers", found);
  }

  text(name: string, otherwise: string): string {
    const found = this.attribute(name);
    if (!found) return otherwise;
    if (found.type === "string") return found.value;
    throw this.wrong(name, "text", found);
  }

  tensor(name: string): OnnxTensor | undefined {
    const found = this.attribute(name);
    if (!found) return undefined;
    if (found.type === "tensor") return found.value;
    throw this.wrong(name, "a tensor", found);
  }

  private attribute(name: string): OnnxAttribute | undefined {
    this.read.add(name);
    return this.node.attributes.get(name);
  }

  private wrong(name: string, wanted: string, got: OnnxAttribute | undefined): ModelError {
    return new ModelError(`${this.who}: expected ${name} as ${wanted}, got ${got?.type ?? "nothing"}`);
  }
}

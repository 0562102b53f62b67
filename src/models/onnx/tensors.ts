import { lazily } from "../lowering/constants.ts";
import type { ConstantValue, ElementKind, Elements } from "../lowering/value.ts";
import type { OnnxDType, OnnxTensor, OnnxValues } from "./model.ts";

const FLOATS: readonly OnnxDType[] = ["float", "double", "float16", "bfloat16"];

export function kindOf(dtype: OnnxDType): ElementKind {
  return dtype === "bool" ? "bool" : FLOATS.includes(dtype) ? "float" : "int";
}

/** A tensor of a file as a constant, whose elements are decoded when they are first read. */
export function constantOf(tensor: OnnxTensor): ConstantValue {
  const elements = kindOf(tensor.dtype);
  return lazily(elements, tensor.dims, () => elementsIn(elements, tensor.read()));
}

function elementsIn(kind: ElementKind, values: OnnxValues): Elements {
  if (kind === "float") {
    if (values instanceof Float32Array) return values;
    return values instanceof BigInt64Array || values instanceof BigUint64Array
      ? Float32Array.from(values, Number)
      : Float32Array.from(values);
  }
  return values instanceof BigInt64Array || values instanceof BigUint64Array
    ? Float64Array.from(values, Number)
    : Float64Array.from(values);
}

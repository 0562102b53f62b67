import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import type { Layer } from "./graph.ts";

type OfOp = { readonly [K in Layer["op"]]: Fields<Extract<Layer, { op: K }>> };

const BASE = { op: "must", name: "must", inputs: "must", className: "may" } as const;
const WEIGHTED = { w: "must", b: "may", activation: "may" } as const;
const WINDOW = { strides: "must", padding: "must" } as const;

/** What each op's layers hold. */
const FIELDS: OfOp = {
  input: { ...BASE, shape: "must" },
  activation: { ...BASE, activation: "must" },
  add: { ...BASE, activation: "may" },
  batchNorm: { ...BASE, scale: "must", offset: "must", activation: "may" },
  concat: { ...BASE, axis: "must" },
  conv2d: { ...BASE, ...WEIGHTED, ...WINDOW, dilations: "must" },
  dense: { ...BASE, ...WEIGHTED },
  depthwiseConv2d: { ...BASE, ...WEIGHTED, ...WINDOW, dilations: "must" },
  globalPool: { ...BASE, mode: { must: ["max", "average"] }, keepDims: [true, false] },
  lrn: { ...BASE, radius: "must", bias: "must", alpha: "must", beta: "must" },
  multiply: { ...BASE },
  pool: { ...BASE, ...WINDOW, size: "must", mode: { must: ["max", "average"] } },
  reshape: { ...BASE, shape: "may" },
  softmax: { ...BASE },
  upsample: {
    ...BASE,
    ...{ factor: "must", mode: { must: ["nearest", "bilinear"] } },
    coordinates: ["half-pixel", "asymmetric"],
  },
  zeroPad: { ...BASE, border: "must" },
};

/** @throws InputError when a layer lacks what its op needs, or holds what it does not know. */
export function assertLayer(layer: Layer): void {
  const { op, name } = (layer ?? {}) as Partial<Layer>;
  if (op === undefined) throw new InputError(`layer: expected { op, name, … }, got ${describe(layer)}`);
  const fields = Object.hasOwn(FIELDS, op) ? FIELDS[op] : undefined;
  // What Vitrine has no op for is said by whoever looks the op up.
  if (fields) assertFields(`${op} "${name ?? "without a name"}"`, layer, fields);
}

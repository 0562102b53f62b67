import type { Operator } from "../call.ts";
import { ACTIVATIONS } from "./activations.ts";
import { CONSTANTS } from "./constants.ts";
import { IDENTITIES } from "./identities.ts";
import { PARTS } from "./parts.ts";
import { PICTURES } from "./pictures.ts";
import { PRODUCTS } from "./products.ts";
import { SHAPES } from "./shapes.ts";

/** Every operator that is read, by TensorFlow's name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [ACTIVATIONS, CONSTANTS, IDENTITIES, PARTS, PICTURES, PRODUCTS, SHAPES].flatMap((some) =>
    Object.entries(some),
  ),
);

/** Operators that decide what runs, or keep lists: a network with them has no fixed order of layers. */
const CONTROL_FLOW =
  /^(Switch|Merge|Enter|Exit|NextIteration|LoopCond|(Stateless)?(If|While|Case)|Tensor(Array|List|Map).*|EmptyTensor(List|Map)|.*HashTable.*|LookupTable.*|(Stateful)?PartitionedCall)$/;

/** True for an operator of control flow, of lists or of calls. */
export const isControlFlow = (op: string): boolean => CONTROL_FLOW.test(op);

/** Operators that name the place of the largest score. Gradients have no way through them. */
export const PLACES: readonly string[] = ["ArgMax", "ArgMin", "TopKV2"];

/** Operators that change nothing of what is left off at the end of a network. */
export const PASSES: readonly string[] = ["Cast", "Identity", "Reshape", "Squeeze", "ExpandDims"];

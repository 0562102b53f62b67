import type { Operator } from "../call.ts";
import { ACTIVATIONS } from "./activations.ts";
import { ARITHMETICS } from "./arithmetic.ts";
import { PICTURES } from "./pictures.ts";
import { PRODUCTS } from "./products.ts";
import { SHAPES } from "./shapes.ts";

/** ONNX's operators that Vitrine turns into layers or computes beforehand, by name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  [ACTIVATIONS, ARITHMETICS, PICTURES, PRODUCTS, SHAPES].flatMap((operators) => Object.entries(operators)),
);

import type { Operator } from "../call.ts";
import { ACTIVATIONS } from "./activations.ts";
import { ARITHMETICS } from "./arithmetic.ts";
import { CONSTANTS } from "./constants.ts";
import { CONVOLUTIONS } from "./convolutions.ts";
import { IDENTITIES } from "./identities.ts";
import { NORMALIZATIONS } from "./normalizations.ts";
import { PARTS } from "./parts.ts";
import { POOLS } from "./pools.ts";
import { PRODUCTS } from "./products.ts";
import { RESIZING } from "./resizing.ts";
import { SHAPES } from "./shapes.ts";

const TABLES = [
  ACTIVATIONS,
  ARITHMETICS,
  CONSTANTS,
  CONVOLUTIONS,
  IDENTITIES,
  NORMALIZATIONS,
  PARTS,
  POOLS,
  PRODUCTS,
  RESIZING,
  SHAPES,
];

/** ONNX's operators that Vitrine turns into layers or computes beforehand, by name. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map(
  TABLES.flatMap((table) => Object.entries(table)),
);

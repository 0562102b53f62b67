import { sizeOf } from "../gpu/tensor.ts";
import type { PackedTermKind } from "./term.ts";

/** Half the squared norm of a layer, or the mean of its squares. */
export interface NormTerm {
  readonly of: "norm";
  readonly layer: string;
  readonly mean?: true;
  readonly weight: number;
}

export const normTerm: PackedTermKind<NormTerm> = {
  layerOf: ({ layer }) => layer,
  find: ({ mean, weight }, { shape }) => ({
    kind: "norm",
    weight: mean ? (2 * weight) / sizeOf(shape.slice(1)) : weight,
  }),
};

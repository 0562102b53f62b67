import type { TermKind } from "./term.ts";

/** Half the squared norm of a layer. */
export interface NormTerm {
  readonly of: "norm";
  readonly layer: string;
  readonly weight: number;
}

export const normTerm: TermKind<NormTerm> = {
  layerOf: ({ layer }) => layer,
  find: () => ({ kind: "norm" }),
};

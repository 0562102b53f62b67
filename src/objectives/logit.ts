import { assertOneScore, logitsOf, type OfClass, type PackedTermKind, sideOfTerm } from "./term.ts";

/** A class's logit. */
export interface LogitTerm extends OfClass {
  readonly of: "logit";
  readonly weight: number;
}

export const logitTerm: PackedTermKind<LogitTerm> = {
  layerOf: logitsOf,
  find(term, site) {
    assertOneScore("logit", site);
    const { channel, sign } = sideOfTerm(term, site.graph);
    return { kind: "sum", channel, weight: sign * term.weight };
  },
};

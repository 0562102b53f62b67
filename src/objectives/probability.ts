import { UnsupportedError } from "../gpu/errors.ts";
import type { Side } from "../graph/classes.ts";
import type { Head } from "../graph/heads.ts";
import type { ObjectiveTerm } from "../kernels/objective.ts";
import { assertOneScore, logitsOf, type OfClass, type PackedTermKind, sideOfTerm } from "./term.ts";

/** A class's probability. */
export interface ProbabilityTerm extends OfClass {
  readonly of: "probability";
  readonly weight: number;
}

export const probabilityTerm: PackedTermKind<ProbabilityTerm> = {
  layerOf: logitsOf,
  find(term, site) {
    assertOneScore("probability", site);
    const { head, channel, sign } = sideOfTerm(term, site.graph);
    return { kind: kindOf(head, sign), channel };
  },
};

function kindOf({ scores, name }: Head, sign: Side["sign"]): ObjectiveTerm["kind"] {
  if (scores === "softmax") return "probability";
  if (scores === "sigmoid") return sign > 0 ? "yes" : "no";
  throw new UnsupportedError(
    `objective probability: expected an output with a softmax or sigmoid, got the values "${name}", which have no probability; ask for the logit, which is the value`,
  );
}

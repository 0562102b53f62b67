import { UnsupportedError } from "../gpu/errors.ts";
import { assertOneScore, logitsOf, type OfClass, type PackedTermKind, sideOfTerm } from "./term.ts";

/** The logarithm of a class's probability: minus the cross-entropy of that class. */
export interface CrossEntropyTerm extends OfClass {
  readonly of: "crossEntropy";
  readonly weight: number;
}

export const crossEntropyTerm: PackedTermKind<CrossEntropyTerm> = {
  layerOf: logitsOf,
  find(term, site) {
    assertOneScore("crossEntropy", site);
    const { head, channel, sign } = sideOfTerm(term, site.graph);
    if (head.scores === "softmax") return { kind: "logProbability", channel };
    if (head.scores === "sigmoid") return { kind: sign > 0 ? "logYes" : "logNo", channel };
    throw new UnsupportedError(
      `objective crossEntropy: expected an output with a softmax or sigmoid, got the values "${head.name}", which have no probability; ask for the logit, which is the value`,
    );
  },
};

import { UnsupportedError } from "../gpu/errors.ts";
import { isBinary } from "../graph/classes.ts";
import { createMargin, createMarginGradient } from "../kernels/margin.ts";
import { assertOneScore, logitsOf, type OfClass, type OwnTermKind, sideOfTerm } from "./term.ts";

/** min(Z_t − max over the other classes of Z_i, confidence). */
export interface MarginTerm extends OfClass {
  readonly of: "margin";
  /** May be infinite. */
  readonly confidence: number;
  readonly weight: number;
}

/** The largest number of f32, which stands for no bound. */
const UNBOUNDED = 3.4028234663852886e38;

export const marginTerm: OwnTermKind<MarginTerm> = {
  layerOf: logitsOf,
  async create(term, { device, scope, graph, a, values, weight, accumulate }) {
    assertOneScore("margin", a);
    const { head, channel: target } = sideOfTerm(term, graph);
    if (isBinary(head) || head.channels < 2) {
      throw new UnsupportedError(
        `objective margin: expected an output of several classes, got "${head.name}" of one number; ask for the logit`,
      );
    }
    const best = scope.tensor([...values.shape], { dtype: "u32", label: "strongest other classes" });
    const most = Math.min(term.confidence, UNBOUNDED);
    return {
      score: await scope.command(createMargin(device, { a, target, most, best, values, weight, accumulate })),
      gradient: (da, add) =>
        scope.command(createMarginGradient(device, { target, best, da, weight, accumulate: add })),
    };
  },
};

import { InputError } from "../gpu/errors.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { createBestMatch, createBestMatchGradient } from "../kernels/terms.ts";
import { placeOf } from "./reference.ts";
import type { OwnTermKind } from "./term.ts";

/** Σ over places of the best product with one of a guide's places. */
export interface BestMatchTerm {
  readonly of: "bestMatch";
  readonly layer: string;
  /** A guide's activations of the layer, place by place. */
  readonly guide: Float32Array;
  readonly weight: number;
}

export const bestMatchTerm: OwnTermKind<BestMatchTerm> = {
  layerOf: ({ layer }) => layer,
  async create({ layer, guide }, { device, scope, a, values, weight, accumulate }) {
    const channels = a.shape.at(-1) ?? 1;
    if (guide.length === 0 || guide.length % channels !== 0) {
      throw new InputError(
        `objective guidedMatch at ${placeOf(layer)}: expected a guide of places of ${channels} channels, got ${guide.length} numbers`,
      );
    }
    const y = scope.tensor([guide.length / channels, channels], { data: guide, label: "guide" });
    const best = scope.tensor([sizeOf(a.shape) / channels], { dtype: "u32", label: "best matches" });
    return {
      score: await scope.command(createBestMatch(device, { a, y, best, values, weight, accumulate })),
      gradient: (da, add) =>
        scope.command(createBestMatchGradient(device, { y, best, da, weight, accumulate: add })),
    };
  },
};

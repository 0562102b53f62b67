import { createTotalVariation, createTotalVariationGradient } from "../kernels/terms.ts";
import type { OwnTermKind } from "./term.ts";

/** Σ (Δ→² + Δ↓²)^(β/2) of the image, or of a layer's maps. */
export interface TotalVariationTerm {
  readonly of: "totalVariation";
  readonly layer?: string | undefined;
  readonly beta: number;
  readonly weight: number;
}

export const totalVariationTerm: OwnTermKind<TotalVariationTerm> = {
  layerOf: ({ layer }) => layer,
  async create({ beta }, { device, scope: { command }, a, values, weight, accumulate }) {
    return {
      score: await command(createTotalVariation(device, { x: a, beta, values, weight, accumulate })),
      gradient: (dx, add) =>
        command(createTotalVariationGradient(device, { x: a, dx, beta, weight, accumulate: add })),
    };
  },
};

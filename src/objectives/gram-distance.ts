import { sequence } from "../gpu/command.ts";
import { createGram, createGramGradient, type GramNormalisation, gramShape } from "../kernels/gram.ts";
import { createDistance, createDistanceGradient } from "../kernels/terms.ts";
import { assertReference } from "./reference.ts";
import type { OwnTermKind } from "./term.ts";

/** Σ (G − R)² over a Gram matrix's elements. */
export interface GramDistanceTerm {
  readonly of: "gramDistance";
  readonly layer: string;
  /** [C, C], a Gram matrix of the same normalisation. */
  readonly reference: Float32Array;
  readonly normalise: GramNormalisation;
  readonly weight: number;
}

export const gramDistanceTerm: OwnTermKind<GramDistanceTerm> = {
  layerOf: ({ layer }) => layer,
  async create({ layer, reference, normalise }, { device, scope, a, values, weight, accumulate }) {
    const shape = gramShape(a.shape, layer);
    assertReference("gramDistance", layer, reference, [shape[1] * shape[2]]);
    const y = scope.tensor(shape, { label: "Gram matrix" });
    const r = scope.tensor([reference.length], { data: reference, label: "Gram matrix to reach" });
    const gram = await scope.command(createGram(device, { x: a, y, normalise }));
    const site = { x: y, r, alpha: 2, weight };
    const distance = await scope.command(createDistance(device, { ...site, values, accumulate }));
    return {
      score: sequence([gram, distance]),
      async gradient(dx, add) {
        const dy = scope.tensor(shape, { label: "gradient to the Gram matrix" });
        return sequence([
          await scope.command(createDistanceGradient(device, { ...site, dx: dy, accumulate: false })),
          await scope.command(createGramGradient(device, { x: a, dy, dx, normalise, accumulate: add })),
        ]);
      },
    };
  },
};

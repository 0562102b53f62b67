import { sequence } from "../gpu/command.ts";
import { createDiversity, createDiversityGradient } from "../kernels/diversity.ts";
import { createGram, createGramGradient, gramShape } from "../kernels/gram.ts";
import type { OwnTermKind } from "./term.ts";

/** Σ over the other images of the batch of the cosine between Gram matrices, over the number of images. */
export interface DiversityTerm {
  readonly of: "diversity";
  readonly layer: string;
  readonly weight: number;
}

/** Divisor of the Gram matrices. Their cosines are the same by any; by this one their squares stay small. */
const normalise = "pixels";

export const diversityTerm: OwnTermKind<DiversityTerm> = {
  layerOf: ({ layer }) => layer,
  async create({ layer }, { device, scope, a, values, views, weight, accumulate }) {
    const shape = gramShape(a.shape, layer);
    const images = shape[0] / views;
    const g = scope.tensor(shape, { label: "Gram matrices" });
    const products = scope.tensor([shape[0], images], { label: "products of Gram matrices" });
    const site = { g, products, weight: weight / images };
    const gram = await scope.command(createGram(device, { x: a, y: g, normalise }));
    const diversity = await scope.command(createDiversity(device, { ...site, values, accumulate }));
    return {
      score: sequence([gram, diversity]),
      async gradient(dx, add) {
        const dg = scope.tensor(shape, { label: "gradient to the Gram matrices" });
        return sequence([
          await scope.command(createDiversityGradient(device, { ...site, dg })),
          await scope.command(createGramGradient(device, { x: a, dy: dg, dx, normalise, accumulate: add })),
        ]);
      },
    };
  },
};

import { InputError } from "../gpu/errors.ts";
import { asNhwc } from "../gpu/tensor.ts";
import { logitsOf, type OfClass, type PackedTermKind, sideOfTerm } from "./term.ts";

/** A class's scores over a region of the places that a network scores. */
export interface RegionTerm extends OfClass {
  readonly of: "region";
  readonly mask: ArrayLike<number>;
  readonly weight: number;
}

export const regionTerm: PackedTermKind<RegionTerm> = {
  layerOf: logitsOf,
  find(term, { graph, layer, shape, masks }) {
    const [, height, width] = asNhwc(shape);
    if (term.mask.length !== height * width) {
      throw new InputError(
        `objective region: expected a mask of ${height}×${width} places of layer "${layer}", got ${term.mask.length} values`,
      );
    }
    const mask = masks.length;
    for (let i = 0; i < term.mask.length; i++) masks.push(Number(term.mask[i]));
    const { channel, sign } = sideOfTerm(term, graph);
    return { kind: "region", mask, channel, weight: sign * term.weight };
  },
};

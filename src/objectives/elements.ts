import { InputError } from "../gpu/errors.ts";
import { asNhwc } from "../gpu/tensor.ts";
import { EVERY_INDEX } from "../kernels/objective.ts";
import type { Target } from "../network/network.ts";
import type { PackedTermKind } from "./term.ts";

/** The sum of the elements that a target means: a channel, a neuron, a whole layer; or their mean. */
export interface ElementsTerm {
  readonly of: "sum";
  readonly target: Target;
  readonly mean?: true;
  readonly weight: number;
}

export const elementsTerm: PackedTermKind<ElementsTerm> = {
  layerOf: ({ target }) => target.layer,
  find({ target: { image, y, x, channel }, mean, weight }, { layer, shape, views }) {
    const [images, height, width, channels] = asNhwc(shape);
    const index = (name: string, value: number | undefined, size: number): number => {
      if (value === undefined) return EVERY_INDEX;
      if (Number.isInteger(value) && value >= 0 && value < size) return value;
      throw new InputError(
        `objective at layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`,
      );
    };
    const count =
      (y === undefined ? height : 1) * (x === undefined ? width : 1) * (channel === undefined ? channels : 1);
    return {
      kind: "sum",
      weight: mean ? weight / count : weight,
      image: index("image", image, images / views),
      y: index("y", y, height),
      x: index("x", x, width),
      channel: index("channel", channel, channels),
    };
  },
};

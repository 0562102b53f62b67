import { InputError } from "../gpu/errors.ts";
import { asNhwc } from "../gpu/tensor.ts";
import { EVERY_INDEX } from "../kernels/objective.ts";
import type { Target } from "../network/network.ts";
import type { TermKind } from "./term.ts";

/** The sum of the elements that a target means: a channel, a neuron, a whole layer. */
export interface ElementsTerm {
  readonly of: "sum";
  readonly target: Target;
  readonly weight: number;
}

export const elementsTerm: TermKind<ElementsTerm> = {
  layerOf: ({ target }) => target.layer,
  find({ target: { image, y, x, channel } }, { layer, shape }) {
    const [images, height, width, channels] = asNhwc(shape);
    const index = (name: string, value: number | undefined, size: number): number => {
      if (value === undefined) return EVERY_INDEX;
      if (Number.isInteger(value) && value >= 0 && value < size) return value;
      throw new InputError(
        `objective at layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`,
      );
    };
    return {
      kind: "sum",
      image: index("image", image, images),
      y: index("y", y, height),
      x: index("x", x, width),
      channel: index("channel", channel, channels),
    };
  },
};

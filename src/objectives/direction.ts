import { InputError } from "../gpu/errors.ts";
import { asNhwc, sizeOf } from "../gpu/tensor.ts";
import { createDirection, createDirectionGradient } from "../kernels/terms.ts";
import { assertReference, placeOf } from "./reference.ts";
import type { OwnTermKind } from "./term.ts";

/** ⟨a, v⟩·max(0.1, cos)^power: of each place, their mean; or of a whole layer. */
export interface DirectionTerm {
  readonly of: "direction";
  readonly layer: string;
  readonly vector: Float32Array;
  readonly power: number;
  /** The vector is that of a whole layer, and not of each place. */
  readonly whole?: true | undefined;
  /** The one place that counts. */
  readonly at?: { readonly y: number; readonly x: number } | undefined;
  readonly weight: number;
}

export const directionTerm: OwnTermKind<DirectionTerm> = {
  layerOf: ({ layer }) => layer,
  async create({ layer, vector, power, whole, at }, { device, scope, a, values, weight, accumulate }) {
    const [images, height, width, channels] = asNhwc(a.shape);
    const size = whole ? height * width * channels : channels;
    assertReference("direction", layer, vector, [size]);
    const isWithin = (index: number, count: number): boolean =>
      Number.isInteger(index) && index >= 0 && index < count;
    if (at && !(isWithin(at.y, height) && isWithin(at.x, width))) {
      throw new InputError(
        `objective direction at ${placeOf(layer)}: expected a place within ${height}×${width}, got ${at.y},${at.x}`,
      );
    }
    const places = sizeOf(a.shape) / images / size;
    const site = {
      ...{ a, size, power, weight: at ? weight : weight / places },
      length: norm(vector),
      v: scope.tensor([size], { data: vector, label: "direction" }),
      only: at && at.y * width + at.x,
      found: scope.tensor([images * places, 2], { label: "direction products" }),
    };
    return {
      score: await scope.command(createDirection(device, { ...site, values, accumulate })),
      gradient: (da, add) => scope.command(createDirectionGradient(device, { ...site, da, accumulate: add })),
    };
  },
};

function norm(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

import { sizeOf } from "../gpu/tensor.ts";
import { createDistance, createDistanceGradient } from "../kernels/terms.ts";
import { assertReference } from "./reference.ts";
import type { OwnTermKind } from "./term.ts";

/** Σ |a − r|^α of a layer, or of the image, over its scale. */
export interface DistanceTerm {
  readonly of: "distance";
  readonly layer?: string | undefined;
  /** One number, one a channel, one image's activations, or those of all images of the batch. */
  readonly reference: Float32Array;
  readonly alpha: number;
  /** The sum is divided by the number of elements, or by Σ r². Default: by nothing. */
  readonly over?: "elements" | "reference" | undefined;
  readonly weight: number;
}

export const distanceTerm: OwnTermKind<DistanceTerm> = {
  layerOf: ({ layer }) => layer,
  async create({ layer, reference, alpha, over }, { device, scope, a, values, weight, accumulate }) {
    const size = sizeOf(a.shape.slice(1));
    const lengths = [1, a.shape.at(-1) ?? 1, size, sizeOf(a.shape)];
    assertReference("distance", layer, reference, lengths);
    const r = scope.tensor([reference.length], { data: reference, label: "reference" });
    const scale = over === undefined ? 1 : over === "elements" ? size : squareOf(reference, size);
    const site = { x: a, r, alpha, weight: weight / scale };
    return {
      score: await scope.command(createDistance(device, { ...site, values, accumulate })),
      gradient: (dx, add) => scope.command(createDistanceGradient(device, { ...site, dx, accumulate: add })),
    };
  },
};

/** Σ r² over an image. */
function squareOf(reference: Float32Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += (reference[i % reference.length] ?? 0) ** 2;
  return Math.max(sum, Number.MIN_VALUE);
}

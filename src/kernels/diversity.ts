import diversityShader from "../../shaders/diversity.wgsl";
import gradientShader from "../../shaders/diversity_gradient.wgsl";
import likenessShader from "../../shaders/likeness.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { addStep, type TermScoreSite } from "./terms.ts";

interface Diversity {
  /** [images·views, C, C]: Gram matrices, the views of an image side by side. */
  readonly g: Tensor;
  /** [images·views, images], which the score leaves for the gradient. */
  readonly products: Tensor;
}

function sizesOf({ g, products }: Diversity): { images: number; views: number } {
  const images = products.shape[1] ?? 1;
  return { images, views: (g.shape[0] ?? 1) / images };
}

/** Makes weight · Σ over the other images of the cosine with their Gram matrices; see diversity.wgsl. */
export function createDiversity(
  device: GPUDevice,
  { g, products, ...site }: Diversity & TermScoreSite,
): Promise<Command> {
  return createSteps(device, "diversity", (scratch) => {
    const params = sizesOf({ g, products });
    const entries = g.shape[0] ?? 1;
    const terms = scratch([entries, 1], "terms of diversity");
    return [
      {
        shader: likenessShader,
        params: { ...params, size: sizeOf(g.shape) / entries },
        bindings: { g, products },
        workgroups: gridOf(entries * params.images),
      },
      {
        shader: diversityShader,
        params,
        bindings: { products, terms },
        workgroups: [Math.ceil(entries / 64)],
      },
      addStep(terms, site),
    ];
  });
}

/** The gradient of the sum of the same over all images to g, once `products` are written; see diversity_gradient.wgsl. */
export function createDiversityGradient(
  device: GPUDevice,
  { g, products, dg, weight }: Diversity & { readonly dg: Tensor; readonly weight: number },
): Promise<Command> {
  return createDispatch(device, gradientShader, {
    params: { ...sizesOf({ g, products }), size: sizeOf(g.shape.slice(1)), weight },
    bindings: { g, products, dg },
    workgroups: gridOf(Math.ceil(sizeOf(g.shape) / 256)),
  });
}

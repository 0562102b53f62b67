import marginShader from "../../shaders/margin.wgsl";
import gradientShader from "../../shaders/margin_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { addStep, type TermGradientSite, type TermScoreSite } from "./terms.ts";

interface Margin {
  readonly target: number;
  /** [N], u32: the strongest other class, which the score leaves for the gradient. */
  readonly best: Tensor;
}

/** Makes weight · min(a_t − the strongest other, most) of each image; see margin.wgsl. */
export function createMargin(
  device: GPUDevice,
  { a, target, most, best, ...site }: Margin & TermScoreSite & { readonly a: Tensor; readonly most: number },
): Promise<Command> {
  return createSteps(device, "margin", (scratch) => {
    const images = sizeOf(site.values.shape);
    const terms = scratch([images, 1], "margins");
    const params = { images, channels: sizeOf(a.shape) / images, asked: target, most };
    return [
      { shader: marginShader, params, bindings: { a, terms, best }, workgroups: gridOf(images) },
      addStep(terms, site),
    ];
  });
}

/** The gradient of the same to a, once `best` is written; see margin_gradient.wgsl. */
export function createMarginGradient(
  device: GPUDevice,
  { target, best, da, weight, accumulate }: Margin & TermGradientSite & { readonly da: Tensor },
): Promise<Command> {
  const elements = sizeOf(da.shape);
  const channels = elements / sizeOf(best.shape);
  return createDispatch(device, gradientShader, {
    params: { elements, channels, asked: target, weight, accumulate: Number(accumulate) },
    bindings: { best, da },
    workgroups: gridOf(Math.ceil(elements / 256)),
  });
}

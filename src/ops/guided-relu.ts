import forwardShader from "../../shaders/activation.wgsl";
import backwardShader from "../../shaders/activation_gradient.wgsl";
import { gridOf } from "../gpu/kernel.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode } from "./activation.ts";
import type { Plan } from "./steps.ts";

const { code: ACTIVATION } = activationCode({ kind: "relu" });

/** The dispatch of y = max(x, 0). */
export function planRelu({ x, y }: { readonly x: Tensor; readonly y: Tensor }): Plan {
  const size = sizeOf(x.shape);
  return () => [
    {
      shader: forwardShader,
      constants: { ACTIVATION },
      params: { size, alpha: 0 },
      bindings: { x, y },
      workgroups: gridOf(Math.ceil(size / 256)),
    },
  ];
}

/**
 * The dispatch of a signal's way back through a ReLU by the rule whose code `rule` holds (see activation.ts): `a` is the
 * ReLU's output; dy and dx have its shape.
 */
export function planReluGradient(site: {
  readonly a: Tensor;
  readonly dy: Tensor;
  readonly dx: Tensor;
  readonly rule: GPUBuffer;
}): Plan {
  const size = sizeOf(site.a.shape);
  return () => [
    {
      shader: backwardShader,
      constants: { ACTIVATION },
      params: { size, accumulate: 0, alpha: 0 },
      bindings: { ...site },
      workgroups: gridOf(Math.ceil(size / 256)),
    },
  ];
}

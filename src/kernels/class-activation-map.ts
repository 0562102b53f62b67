import shader from "../../shaders/class_activation_map.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields } from "../gpu/options.ts";
import { formatShape, sizeOf, type Tensor } from "../gpu/tensor.ts";

/**
 * Grad-CAM's map y [H, W] of the first image of a batch, from activations `a` and their gradient `g`, both [N, H, W, C]:
 * y = relu(Σ_k mean(g_k)·a_k) (Selvaraju et al. 2017, eq. 1 and 2).
 * @throws InputError when the shapes do not agree.
 */
export async function createClassActivationMap(
  device: GPUDevice,
  site: { readonly a: Tensor; readonly g: Tensor; readonly y: Tensor; readonly label?: string | undefined },
): Promise<Command> {
  assertFields("class activation map", site, { a: "must", g: "must", y: "must", label: "may" });
  const { a, g, y, label } = site;
  const [, height = 0, width = 0, channels = 0] = a.shape;
  if (
    a.shape.length !== 4 ||
    formatShape(g.shape) !== formatShape(a.shape) ||
    sizeOf(y.shape) !== height * width
  ) {
    throw new InputError(
      `class activation map: expected a and g of one shape N×H×W×C and y of H×W, got ${[a, g, y].map((t) => formatShape(t.shape)).join(", ")}`,
    );
  }
  return createDispatch(device, shader, {
    label,
    params: { pixels: height * width, channels },
    bindings: { a, g, y },
    workgroups: [1],
  });
}

import { recordCommands } from "../../gpu/command.ts";
import { build } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { createClassActivationMap } from "../../kernels/class-activation-map.ts";
import type { Network, OutputGradientCommand, Target } from "../../network/network.ts";
import type { Explanation, Picture } from "../question.ts";
import { explainByPass } from "./backward-pass.ts";
import { LAYER, type LayerOptions, type MapMaker, mapsAt, passToLayer } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

/** Options of {@link gradCam}. */
export type GradCamOptions = LayerOptions;

/** Grad-CAM as a command: records the backward pass and the map of a target. */
export interface GradCam {
  /** [h, w], at the layer's resolution. */
  readonly map: Tensor;
  readonly layer: string;
  /** Records into the caller's encoder, after a forward pass. */
  record(encoder: GPUCommandEncoder, from: Target | readonly OutputGradientCommand[]): void;
  destroy(): void;
}

/**
 * Prepares Grad-CAM at a layer of a network (Selvaraju et al. 2017): ReLU(Σ_k mean(∂S/∂A_k)·A_k).
 * @throws InputError when the layer has no pixels or does not exist.
 * @example
 * ```ts
 * import { createGradCam } from "vitrine";
 *
 * const cam = await createGradCam(network, "conv3_3");
 * const encoder = device.createCommandEncoder(); // or the one of your frame
 * network.forward(encoder);
 * cam.record(encoder, { layer: graph.output, channel: 4 });
 * device.queue.submit([encoder.finish()]);
 * console.log(cam.map.shape.join("×")); // 12×12
 * cam.destroy();
 * ```
 */
export function createGradCam(network: Network, layer?: string): Promise<GradCam> {
  return build(network.device, "Grad-CAM", async (scope) => {
    const maps = mapsAt(network, { layer }, "Grad-CAM");
    const { height, width } = maps;
    const map = scope.tensor([height, width], { label: `Grad-CAM at ${maps.layer}` });
    const draw = await gradCamMap(
      network.device,
      { ...maps, g: network.gradient(maps.layer), y: map },
      scope,
    );
    return {
      map,
      layer: maps.layer,
      record(encoder: GPUCommandEncoder, from: Target | readonly OutputGradientCommand[]) {
        network.backward(encoder, from, { to: maps.layer });
        recordCommands(encoder, draw);
      },
    };
  });
}

/** @internal Grad-CAM's map of a layer's activations and gradients. */
export const gradCamMap: MapMaker = async (device, { a, g, y, layer }, scope) => [
  await scope.command(createClassActivationMap(device, { a, g, y, label: layer })),
];

const BACKWARD = passToLayer("Grad-CAM", gradCamMap);

/**
 * Grad-CAM's map of a class or of any neurons, [h, w] at the layer's resolution, not negative. All zero means that
 * nothing in the layer speaks for the target.
 * @example
 * ```ts
 * import { gradCam } from "vitrine";
 *
 * const { data, shape } = await gradCam(network, image, { target: "star", layer: "conv3_3" });
 * console.log(shape.join("×"), Math.min(...data)); // 12×12 0
 * ```
 */
export function gradCam(
  network: Network,
  image: Picture,
  options: GradCamOptions = {},
): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "Grad-CAM", fields: LAYER });
}

export const GRAD_CAM = attributionTechnique({
  name: "grad-cam",
  title: "Grad-CAM",
  paper: { authors: "Selvaraju et al.", year: 2017, arxiv: "1610.02391" },
  summary: "A layer's maps, each weighted by its mean gradient: where they support the class",
  shape: "[h,w]",
  kind: "cam",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  ...byBackward(gradCam, BACKWARD, "Grad-CAM"),
});

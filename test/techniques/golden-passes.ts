import type { Network, Target } from "../../src/network/network.ts";
import { deconvnet } from "../../src/techniques/attribution/deconvnet.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { lastMaps } from "../../src/techniques/attribution/layer-maps.ts";
import { localLinear } from "../../src/techniques/attribution/local-linear.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { saliencyMask } from "../../src/techniques/attribution/saliency-mask.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import type { Case } from "./golden.ts";

/** The residual network's picture is small. */
const patchesOf = ({ input }: Network) =>
  (input.shape[1] ?? 0) < 64 ? { patch: 5, stride: 3, fill: 0 } : { patch: 16, stride: 8, fill: 0 };

/** The channel of the last maps that is strongest at their middle, and where that is. */
async function strongest(network: Network, input: Float32Array): Promise<Required<Omit<Target, "image">>> {
  const layer = lastMaps(network.graph, network.shapes);
  const { data, shape } = await activations(network, input, { layer });
  const [height = 1, width = 1, channels = 1] = shape;
  const [y, x] = [Math.floor(height / 2), Math.floor(width / 2)];
  const middle = data.subarray((y * width + x) * channels, (y * width + x + 1) * channels);
  return { layer, y, x, channel: middle.indexOf(Math.max(...middle)) };
}

/** Passes and sweeps: golden/techniques.py says how the values were made, golden/README.md with which commands. */
export const PASSES: readonly Case[] = [
  [
    "logits",
    (network, input) => activations(network, input, { layer: network.graph.layers.at(-2)?.name ?? "" }),
  ],
  ["saliency", saliency],
  ["saliency-mask", saliencyMask],
  ["guided-backprop", guidedBackprop],
  ["deconvnet", deconvnet],
  ["grad-cam", gradCam],
  ["occlusion", (network, input) => occlusion(network, input, patchesOf(network))],
  [
    "occlusion-probability",
    (network, input) => occlusion(network, input, { ...patchesOf(network), on: "probability" }),
  ],
  [
    "occlusion-channel",
    async (network, input) => {
      const { layer, channel } = await strongest(network, input);
      return occlusion(network, input, { ...patchesOf(network), target: { layer, channel } });
    },
  ],
  [
    "occlusion-neuron",
    async (network, input) =>
      occlusion(network, input, { ...patchesOf(network), target: await strongest(network, input) }),
  ],
  ["gradient-input", localLinear],
  [
    "account",
    async (network, input) => {
      const { score, linear, bias } = await localLinear(network, input);
      return { data: [score, linear, bias], shape: [3] };
    },
  ],
];

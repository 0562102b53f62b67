import { activations } from "../../src/techniques/activations.ts";
import { deconvnet } from "../../src/techniques/deconvnet.ts";
import { gradCam } from "../../src/techniques/grad-cam.ts";
import { guidedBackprop } from "../../src/techniques/guided-backprop.ts";
import { occlusion } from "../../src/techniques/occlusion.ts";
import { saliency } from "../../src/techniques/saliency.ts";
import { againstPyTorch } from "./golden.ts";

// Against PyTorch: golden/techniques.py says how the values were made, golden/README.md with which commands.

const OCCLUSION = { patch: 16, stride: 8, fill: 0 } as const;

againstPyTorch([
  [
    "logits",
    (network, input) => activations(network, input, { layer: network.graph.layers.at(-2)?.name ?? "" }),
  ],
  ["saliency", saliency],
  ["guided-backprop", guidedBackprop],
  ["deconvnet", deconvnet],
  ["grad-cam", gradCam],
  ["occlusion", (network, input) => occlusion(network, input, OCCLUSION)],
  [
    "occlusion-probability",
    (network, input) => occlusion(network, input, { ...OCCLUSION, on: "probability" }),
  ],
]);

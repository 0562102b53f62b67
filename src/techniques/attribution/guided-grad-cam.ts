import { sizeOf } from "../../gpu/tensor.ts";
import { inputOf } from "../../graph/graph.ts";
import { enlargeMap } from "../../images/enlarge.ts";
import type { Network } from "../../network/network.ts";
import { answer } from "../answer.ts";
import { type Explanation, type Picture, submit, withQuestion } from "../explain.ts";
import { readAnswer } from "../finite.ts";
import { createGradCam, lastMaps } from "./grad-cam.ts";
import { LAYER, type LayerOptions } from "./layer-maps.ts";

/**
 * Guided Grad-CAM: guided backprop ⊙ Grad-CAM, the map enlarged to the image (bilinear between the centres of its cells),
 * signed, [H, W, C] (Selvaraju et al. 2017, arXiv:1610.02391, section 3.2). Two backward passes after one forward.
 * @throws UnsupportedError when the network has activations other than ReLU and ReLU6 on the way.
 */
export function guidedGradCam(
  network: Network,
  image: Picture,
  options: LayerOptions = {},
): Promise<Explanation> {
  return answer(network, image, options, guidedByMap, { who: "Guided Grad-CAM", fields: LAYER });
}

async function guidedByMap(
  network: Network,
  input: Float32Array,
  { layer, ...options }: LayerOptions,
): Promise<Explanation> {
  const { graph, shapes } = network;
  const cam = await createGradCam(network, layer ?? lastMaps(graph, shapes, options.output));
  try {
    return await withQuestion(network, input, options, async (from, target) => {
      const { name, shape } = inputOf(graph);
      const [height, width, channels] = shape;
      submit(network, (encoder) => {
        cam.record(encoder, from);
        network.backward(encoder, from, { rule: "guided" });
      });
      const [signal, map] = await readAnswer(network, target, [network.gradient(name), cam.map]);
      options.signal?.throwIfAborted();
      const [h = 1, w = 1] = cam.map.shape;
      const large = enlargeMap(map, [h, w], { width, height, squares: false });
      const data = signal.slice(0, sizeOf(shape)).map((v, i) => v * (large[Math.floor(i / channels)] ?? 0));
      return { data, shape, target };
    });
  } finally {
    cam.destroy();
  }
}

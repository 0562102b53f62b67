/**
 * Measures how far pictures of classes can be believed: for ten classes of SqueezeNet (in ../shared) a picture by plain pixels, by
 * Fourier spectrum and by MACO, how sure SqueezeNet is of each after rounding to 8 bits, and how often the five strongest classes of
 * another network, MobileNet, have the class. MACO takes 8 crops a step here, and not its authors' 32.
 *
 *     npm run verify:synthesis
 *     npm run verify:synthesis -- 64      # steps of each picture, 256 by default
 */
import { existsSync } from "node:fs";
import { requestDevice } from "../src/gpu/device.ts";
import { honestyOf } from "../src/metrics/honesty.ts";
import { loadLayersModel } from "../src/models/keras/layers-model.ts";
import { createNetworks } from "../src/network/pool.ts";
import { createGpu } from "../src/node/gpu.ts";
import { logit } from "../src/objectives/objective.ts";
import { ascend } from "../src/optimise/ascend.ts";
import { redirectedFor } from "../src/optimise/ascent.ts";
import { fourierImage } from "../src/optimise/image/fourier.ts";
import { macoImage } from "../src/optimise/image/maco.ts";
import { pixelImage } from "../src/optimise/image/pixels.ts";
import { adam, nadam } from "../src/optimise/optimisers/adam.ts";
import { lucidTransforms, macoTransforms } from "../src/optimise/transforms/presets.ts";
import { realModel } from "./models/golden.ts";

/** Ten classes of ImageNet of many kinds: animals, things, food, a place. */
const CLASSES = [1, 130, 207, 340, 417, 530, 779, 820, 954, 980];

const KINDS = {
  "plain pixels": () => ({
    image: pixelImage(),
    optimiser: adam({ rate: 0.01 }),
    transforms: [],
  }),
  Fourier: () => ({
    image: fourierImage(),
    optimiser: adam({ rate: 0.05 }),
    transforms: lucidTransforms(),
    rule: redirectedFor(16),
  }),
  MACO: (steps: number) => ({
    image: macoImage(),
    optimiser: nadam({ rate: 1 }),
    transforms: macoTransforms({ steps }),
    views: 8,
  }),
} as const;

export async function main([asked = "256"]: readonly string[] = []): Promise<number> {
  const steps = Number(asked);
  if (!Number.isInteger(steps) || steps < 1) {
    console.error(`expected a number of steps, got ${asked}`);
    return 1;
  }
  if (!existsSync("../shared/models/squeezenet_v1_1")) {
    console.error("expected ../shared/models/squeezenet_v1_1, found nothing");
    return 1;
  }
  const device = await requestDevice(await createGpu());
  const squeezenet = createNetworks(device, await loadLayersModel(await realModel("squeezenet_v1_1")));
  const mobilenet = createNetworks(device, await loadLayersModel(await realModel("mobilenet_v1_0.25_224")));
  for (const [name, settings] of Object.entries(KINDS)) {
    let [seen, sure] = [0, 0];
    for (const target of CLASSES) {
      const objective = logit(target);
      const { pixels, shape } = await ascend(squeezenet, {
        ...settings(steps),
        objective,
        steps,
        numbers: [target],
      });
      const [height, width] = shape;
      const made = { data: pixels, shape: [height, width, 3] as const };
      const { second = [], predictions } = await honestyOf(squeezenet, made, {
        target: objective,
        second: mobilenet,
      });
      const [best] = predictions;
      const own = predictions.find(({ index }) => index === target)?.probability ?? 0;
      const also = second.slice(0, 5).some(({ index }) => index === target);
      seen += Number(also);
      sure += own / CLASSES.length;
      console.log(
        `${name}, class ${target}: p ${own.toFixed(3)}${best?.index === target ? "" : ` (strongest ${best?.index})`}, ${also ? "in" : "not in"} MobileNet's five`,
      );
    }
    console.log(
      `${name}, ${steps} steps: MobileNet's five strongest have the class for ${seen} of ${CLASSES.length}; mean p ${sure.toFixed(3)}`,
    );
  }
  for (const pool of [squeezenet, mobilenet]) pool.destroy();
  device.destroy();
  return 0;
}

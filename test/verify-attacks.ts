/**
 * Measures attacks on a ResNet-20 trained on CIFAR-10 (in ../shared): how often it is right of the first hundred test pictures
 * before and after PGD within 8/255, by its answers to the rounded pictures, and what defences restore.
 *
 *     npm run verify:attacks
 */
import { existsSync } from "node:fs";
import { requestDevice } from "../src/gpu/device.ts";
import { loadLayersModel } from "../src/models/keras/layers-model.ts";
import { createNetworks } from "../src/network/pool.ts";
import { createGpu } from "../src/node/gpu.ts";
import { defend } from "../src/techniques/robustness/defend.ts";
import { pgd } from "../src/techniques/robustness/pgd.ts";
import { readCifar, realModel } from "./models/golden.ts";

const COUNT = 100;
/** The most pictures of a hundred of which the network may be right after the attack. */
const MOST = 1;

export async function main(): Promise<number> {
  if (!existsSync("../shared/models/cifar10_resnet20")) {
    console.error("expected ../shared/models/cifar10_resnet20, found nothing");
    return 1;
  }
  const device = await requestDevice(await createGpu());
  const networks = createNetworks(device, await loadLayersModel(await realModel("cifar10_resnet20")));
  const { images, labels } = await readCifar();
  const label = labels.slice(0, COUNT);
  const attacks = await pgd(networks, images.slice(0, COUNT), { epsilon: 8, step: 2, steps: 20, label });
  const right = (of: "before" | "after"): number =>
    attacks.filter((attack) => attack[of].index === attack.label).length;
  console.log(
    `right of ${COUNT} pictures: ${right("before")} before, ${right("after")} after PGD, 20 steps of 2/255 within 8/255`,
  );
  console.log(`largest change of a value: ${Math.max(...attacks.map(({ linf }) => linf))}/255`);
  for (const { defence, restored, kept } of await defend(networks, attacks)) {
    console.log(
      `${defence}: ${Math.round(100 * restored)} % of the attacked pictures have their class again, ${Math.round(100 * kept)} % of the others keep it`,
    );
  }
  networks.destroy();
  device.destroy();
  return right("after") <= MOST ? 0 : 1;
}

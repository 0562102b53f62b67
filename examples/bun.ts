// What the shipped network sees in a picture, in Bun, with the package "webgpu":
//   bun examples/bun.ts

import {
  createGpu,
  createNetwork,
  loadLayersModel,
  modelFromDisk,
  predict,
  requestDevice,
  syntheticPictures,
} from "vitrine/node";

const device = await requestDevice(await createGpu());
const model = await modelFromDisk(import.meta.resolve("vitrine/models/vitrine/model.json"));
const network = await createNetwork(device, await loadLayersModel(model));

for await (const picture of syntheticPictures(device, { first: 3 })) {
  const [best] = await predict(network, picture);
  console.log(`${best?.label} ${best?.probability?.toFixed(3)}`);
}

network.destroy();
device.destroy();

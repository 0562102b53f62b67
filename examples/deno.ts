// What the shipped network sees in a picture, in Deno, which has WebGPU of its own:
//   deno run --allow-all examples/deno.ts

import {
  createNetwork,
  loadLayersModel,
  modelFromUrl,
  predict,
  requestDevice,
  syntheticPictures,
} from "vitrine";

const device = await requestDevice();
const model = modelFromUrl(import.meta.resolve("vitrine/models/vitrine/model.json"));
const network = await createNetwork(device, await loadLayersModel(model));

for await (const picture of syntheticPictures(device, { first: 3 })) {
  const [best] = await predict(network, picture);
  console.log(`${best?.label} ${best?.probability?.toFixed(3)}`);
}

network.destroy();
device.destroy();

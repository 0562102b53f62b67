// A page of somebody who has installed the package: everything is imported as its README says.

import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgpu";
import { Scene, WebGPURenderer } from "three/webgpu";
import {
  createNetwork,
  loadLayersModel,
  modelFromFiles,
  predict,
  renderFigure,
  requestDevice,
  syntheticPictures,
} from "vitrine";
import { deviceOfTfjs, gram } from "vitrine/tfjs";
import { storageOf } from "vitrine/three";
import { addresses } from "./addresses.js";

const fetched = async (name) => new File([await (await fetch(addresses[name])).blob()], name);

async function answer() {
  const device = await requestDevice();
  const files = [await fetched("model.json"), await fetched("weights.bin")];
  const network = await createNetwork(device, await loadLayersModel(modelFromFiles(files)));
  const pictures = syntheticPictures(device, { first: 3 });
  const { value: picture } = await pictures.next();
  const [best] = await predict(network, picture);

  const map = { map: new Float32Array([0, 1, 2, 3]), shape: [2, 2], kind: "cam" };
  const figure = await renderFigure({ ...map, image: picture, title: best.label });

  const renderer = new WebGPURenderer({ device });
  await renderer.init();
  renderer.render(new Scene(), new (await import("three/webgpu")).PerspectiveCamera());
  const { bufferCount } = storageOf(renderer, network.activation("conv1"));

  await tf.setBackend("webgpu");
  const products = await gram(tf.tensor3d([1, 2, 3, 4], [1, 2, 2])).data();
  return {
    ...best,
    values: bufferCount,
    figure: figure.width,
    products: [...products],
    shared: deviceOfTfjs() !== device,
  };
}

window.answer = answer().catch((error) => ({ error: String(error?.stack ?? error) }));

import { requestDevice } from "../src/gpu/device.ts";
import { createGpu } from "../src/node/gpu.ts";

let shared: Promise<GPUDevice> | undefined;

/** The one device that the tests of a process share. */
export function testDevice(): Promise<GPUDevice> {
  shared ??= createGpu().then((gpu) => requestDevice(gpu));
  return shared;
}

export { modelFromDisk } from "./node/files.ts";
export { createGpu } from "./node/gpu.ts";
export { encodePng, readImage, writePng } from "./node/image.ts";
export { decodeNpy, encodeNpy, type NpyArray, readNpy, writeNpy } from "./node/npy.ts";

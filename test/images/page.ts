// What the tests of pictures in a browser use, as one script.
export {
  createNetwork,
  deprocess,
  type Graph,
  InputError,
  type Picture,
  predict,
  readInput,
  readPicture,
  readTensor,
  requestDevice,
  saliency,
} from "../../src/index.ts";
export { createFrameInput } from "../../src/network.ts";

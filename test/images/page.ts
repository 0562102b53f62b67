// What the tests of pictures in a browser use, as one script.
export {
  createFrameInput,
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

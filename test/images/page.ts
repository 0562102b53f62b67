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
  requestDevice,
  saliency,
} from "../../src/index.ts";

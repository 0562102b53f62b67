/**
 * Pixels: how a picture becomes a network's input and back, segments, PNG files.
 * @module vitrine/images
 */
import "./gpu/platform.ts";

export {
  namedPreprocessing,
  type PictureFit,
  PREPROCESSINGS,
  type Preprocessing,
  type PreprocessingName,
} from "./graph/preprocessing.ts";
export type { InputColor } from "./images/color.ts";
export { type MapValues, maxOverColor, sumOverColor } from "./images/over-color.ts";
export { MOST_PIXELS } from "./images/picture.ts";
export { pixelsFromImageData, type RgbaPixels } from "./images/pixels.ts";
export { encodePng } from "./images/png.ts";
export { deprocess, inputFrom, type PreprocessedGraph, preprocess } from "./images/preprocess.ts";
export { type QuickshiftOptions, quickshift, type Segments } from "./images/quickshift.ts";

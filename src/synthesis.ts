/**
 * Pictures that are made: textures, and what a network would like to see.
 * @module vitrine/synthesis
 */
import "./gpu/platform.ts";

export type { Values } from "./images/zoom.ts";
export {
  type DeepDreamOptions,
  deepDream,
  deepDreamZoom,
  type ZoomOptions,
} from "./techniques/synthesis/deep-dream.ts";
export { type EfrosLeungOptions, efrosLeung, type GrownTexture } from "./techniques/synthesis/efros-leung.ts";

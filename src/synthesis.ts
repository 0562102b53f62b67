/**
 * Pictures that are made: textures, and what a network would like to see.
 * @module vitrine/synthesis
 */
import "./gpu/platform.ts";

export { type EfrosLeungOptions, efrosLeung, type GrownTexture } from "./techniques/synthesis/efros-leung.ts";

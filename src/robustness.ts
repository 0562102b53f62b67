/**
 * How easily a network is misled: fooling images.
 * @module vitrine/robustness
 */
import "./gpu/platform.ts";

export {
  type EvolutionState,
  evolveFoolingImages,
  type FoolingEncoding,
  type FoolingEvolution,
  type FoolingEvolutionOptions,
  type FoolingPicture,
} from "./techniques/robustness/evolution/evolve.ts";

import { ATTACK_MUTANTS } from "./attacks.ts";
import { BLOCKS } from "./blocks.ts";
import { CODE } from "./code.ts";
import { CONVOLUTIONS } from "./convolutions.ts";
import { CORRUPTION_MUTANTS } from "./corruptions.ts";
import { EMBEDDING_MUTANTS } from "./embedding.ts";
import { EVOLUTION_MUTANTS } from "./evolution.ts";
import { KERNELS } from "./kernels.ts";
import { MODELS } from "./models.ts";
import type { Mutant } from "./mutant.ts";
import { OPTIMISER_MUTANTS } from "./optimisers.ts";
import { REGULARISER_MUTANTS } from "./regularisers.ts";
import { SYNTHESIS_MUTANTS } from "./synthesis.ts";
import { TRANSFORM_MUTANTS } from "./transforms.ts";

/** Every mutant. */
export const MUTANTS: readonly Mutant[] = [
  ...BLOCKS,
  ...KERNELS,
  ...CONVOLUTIONS,
  ...CODE,
  ...MODELS,
  ...ATTACK_MUTANTS,
  ...CORRUPTION_MUTANTS,
  ...EMBEDDING_MUTANTS,
  ...EVOLUTION_MUTANTS,
  ...OPTIMISER_MUTANTS,
  ...REGULARISER_MUTANTS,
  ...SYNTHESIS_MUTANTS,
  ...TRANSFORM_MUTANTS,
];

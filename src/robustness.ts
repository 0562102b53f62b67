/**
 * How easily a network is misled: adversarial examples, defences against them, fooling images, and corruptions.
 * @module vitrine/robustness
 */
import "./gpu/platform.ts";

export { type ApgdOptions, apgd } from "./techniques/robustness/apgd.ts";
export type { Attack, AttackTechnique } from "./techniques/robustness/attack.ts";
export { type CarliniWagnerOptions, carliniWagner } from "./techniques/robustness/carlini-wagner.ts";
export { type CorruptOptions, corrupt } from "./techniques/robustness/corruptions/corrupt.ts";
export type {
  Corruption,
  CorruptionSet,
  CorruptionSite,
  Severities,
} from "./techniques/robustness/corruptions/corruption.ts";
export { CORRUPTIONS, corruptionNamed } from "./techniques/robustness/corruptions/list.ts";
export { type DeepFoolOptions, deepFool } from "./techniques/robustness/deep-fool.ts";
export {
  bitDepthDefence,
  blurDefence,
  type Defence,
  jpegDefence,
  medianDefence,
  usualDefences,
} from "./techniques/robustness/defences.ts";
export {
  type DefenceResult,
  type Defended,
  type DefendOptions,
  defend,
} from "./techniques/robustness/defend.ts";
export {
  evolveFoolingImages,
  type FoolingEncoding,
  type FoolingEvolution,
  type FoolingEvolutionOptions,
} from "./techniques/robustness/evolution/evolve.ts";
export { type FgsmOptions, fgsm } from "./techniques/robustness/fgsm.ts";
export {
  type FoolingAscentOptions,
  foolingImages,
  type SteppedPicture,
} from "./techniques/robustness/fooling.ts";
export type {
  EvolutionState,
  EvolvedPicture,
  FoolingOptions,
  FoolingPicture,
} from "./techniques/robustness/fooling-picture.ts";
export type {
  Fooled,
  FooledPicture,
  FoolingOption,
  FoolingSettings,
  FoolingTechnique,
} from "./techniques/robustness/fooling-technique.ts";
export { ATTACKS, attackNamed, FOOLINGS, foolingNamed } from "./techniques/robustness/list.ts";
export type {
  AttackNorm,
  AttackOption,
  AttackOptionList,
  AttackOptions,
  ClassOfEach,
  CommonAttackOptions,
} from "./techniques/robustness/options.ts";
export { type PgdOptions, pgd } from "./techniques/robustness/pgd.ts";
export { type LbfgsAttackOptions, lbfgsAttack } from "./techniques/robustness/szegedy.ts";

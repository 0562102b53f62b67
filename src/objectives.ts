/**
 * Quantities to explain: logits, probabilities, neurons, channels, regions; sums and differences of them.
 * @module vitrine/objectives
 */
import "./gpu/platform.ts";

export { createObjective, type ObjectiveCommand } from "./objectives/commands.ts";
export {
  channelObjective,
  elements,
  logit,
  neuronObjective,
  normObjective,
  Objective,
  probability,
  regionObjective,
} from "./objectives/objective.ts";
export type { OfClass } from "./objectives/term.ts";
export type {
  ElementsTerm,
  LogitTerm,
  NormTerm,
  ProbabilityTerm,
  RegionTerm,
  Term,
} from "./objectives/terms.ts";

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
  type OfClass,
  probability,
  regionObjective,
  type Term,
} from "./objectives/objective.ts";

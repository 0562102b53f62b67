/**
 * What can be asked of a network: logits, probabilities, neurons, channels, regions; sums and differences of them.
 * @module vitrine/objectives
 */
import "./gpu/platform.ts";

export { createObjective, type ObjectiveCommand } from "./objectives/commands.ts";
export {
  channel,
  elements,
  layerNorm,
  logit,
  neuron,
  Objective,
  type OfClass,
  probability,
  region,
  type Term,
} from "./objectives/objective.ts";

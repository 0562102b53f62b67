/**
 * Quantities to explain: logits, probabilities, neurons, channels, regions; sums and differences of them.
 * @module vitrine/objectives
 */
import "./gpu/platform.ts";

export { createObjective, type ObjectiveCommand, type ObjectiveSite } from "./objectives/commands.ts";
export {
  type AlphaNormOptions,
  alphaNorm,
  caricature,
  channelMean,
  channelObjective,
  channelOfEach,
  type DirectionOptions,
  type DistanceOptions,
  directionObjective,
  diversityObjective,
  elements,
  featureDistance,
  type GramDistanceOptions,
  gramDistance,
  guidedMatch,
  imageDistance,
  logit,
  logProbability,
  type MarginOptions,
  marginObjective,
  meanOf,
  meanSquare,
  neuronObjective,
  normObjective,
  Objective,
  probability,
  regionObjective,
  type TotalVariationOptions,
  totalVariation,
} from "./objectives/objective.ts";
export type { OfClass } from "./objectives/term.ts";
export type {
  BestMatchTerm,
  ChannelsTerm,
  CrossEntropyTerm,
  DirectionTerm,
  DistanceTerm,
  DiversityTerm,
  ElementsTerm,
  GramDistanceTerm,
  LogitTerm,
  MarginTerm,
  NormTerm,
  ProbabilityTerm,
  RegionTerm,
  Term,
  TotalVariationTerm,
} from "./objectives/terms.ts";

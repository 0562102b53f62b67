import { InputError } from "../gpu/errors.ts";
import { type BestMatchTerm, bestMatchTerm } from "./best-match.ts";
import { type ChannelsTerm, channelsTerm } from "./channels.ts";
import { type CrossEntropyTerm, crossEntropyTerm } from "./cross-entropy.ts";
import { type DirectionTerm, directionTerm } from "./direction.ts";
import { type DistanceTerm, distanceTerm } from "./distance.ts";
import { type DiversityTerm, diversityTerm } from "./diversity.ts";
import { type ElementsTerm, elementsTerm } from "./elements.ts";
import { type GramDistanceTerm, gramDistanceTerm } from "./gram-distance.ts";
import { type LogitTerm, logitTerm } from "./logit.ts";
import { type MarginTerm, marginTerm } from "./margin.ts";
import { type NormTerm, normTerm } from "./norm.ts";
import { type ProbabilityTerm, probabilityTerm } from "./probability.ts";
import { type RegionTerm, regionTerm } from "./region.ts";
import type { TermKind } from "./term.ts";
import { type TotalVariationTerm, totalVariationTerm } from "./total-variation.ts";

/** A part of an objective, times its weight. Classes are numbers or labels, found when the objective is put to a network. */
export type Term =
  | LogitTerm
  | ProbabilityTerm
  | CrossEntropyTerm
  | MarginTerm
  | ElementsTerm
  | ChannelsTerm
  | NormTerm
  | RegionTerm
  | BestMatchTerm
  | DirectionTerm
  | DistanceTerm
  | GramDistanceTerm
  | DiversityTerm
  | TotalVariationTerm;

const TERMS: { readonly [K in Term["of"]]: TermKind<Extract<Term, { of: K }>> } = {
  logit: logitTerm,
  probability: probabilityTerm,
  sum: elementsTerm,
  channels: channelsTerm,
  norm: normTerm,
  region: regionTerm,
  crossEntropy: crossEntropyTerm,
  margin: marginTerm,
  bestMatch: bestMatchTerm,
  direction: directionTerm,
  distance: distanceTerm,
  gramDistance: gramDistanceTerm,
  diversity: diversityTerm,
  totalVariation: totalVariationTerm,
};

/** Everything about a term's kind. @throws InputError for a kind that there is not. */
export function kindOfTerm({ of }: Term): TermKind<Term> {
  if (!Object.hasOwn(TERMS, of)) {
    throw new InputError(`objective: expected terms of ${Object.keys(TERMS).join(", ")}, got "${of}"`);
  }
  return TERMS[of] as TermKind<Term>;
}

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
  TotalVariationTerm,
};

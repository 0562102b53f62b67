import { InputError } from "../gpu/errors.ts";
import { type ElementsTerm, elementsTerm } from "./elements.ts";
import { type LogitTerm, logitTerm } from "./logit.ts";
import { type NormTerm, normTerm } from "./norm.ts";
import { type ProbabilityTerm, probabilityTerm } from "./probability.ts";
import { type RegionTerm, regionTerm } from "./region.ts";
import type { TermKind } from "./term.ts";

/** A part of an objective, times its weight. Classes are numbers or labels, found when the objective is put to a network. */
export type Term = LogitTerm | ProbabilityTerm | ElementsTerm | NormTerm | RegionTerm;

const TERMS: { readonly [K in Term["of"]]: TermKind<Extract<Term, { of: K }>> } = {
  logit: logitTerm,
  probability: probabilityTerm,
  sum: elementsTerm,
  norm: normTerm,
  region: regionTerm,
};

/** Everything about a term's kind. @throws InputError for a kind that there is not. */
export function kindOfTerm({ of }: Term): TermKind<Term> {
  if (!Object.hasOwn(TERMS, of)) {
    throw new InputError(`objective: expected terms of ${Object.keys(TERMS).join(", ")}, got "${of}"`);
  }
  return TERMS[of] as TermKind<Term>;
}

export type { ElementsTerm, LogitTerm, NormTerm, ProbabilityTerm, RegionTerm };

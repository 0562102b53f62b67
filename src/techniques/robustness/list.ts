import { named } from "../named.ts";
import { APGD } from "./apgd.ts";
import type { AttackTechnique } from "./attack.ts";
import { CARLINI_WAGNER } from "./carlini-wagner.ts";
import { DEEP_FOOL } from "./deep-fool.ts";
import { FOOLING_BY_CPPN, FOOLING_BY_PIXELS } from "./evolution/evolve.ts";
import { FGSM } from "./fgsm.ts";
import { FOOLING_BY_GRADIENT } from "./fooling.ts";
import type { FoolingTechnique } from "./fooling-technique.ts";
import { PGD } from "./pgd.ts";
import { L_BFGS } from "./szegedy.ts";

/** Every attack, in the order in which people meet them. */
export const ATTACKS: readonly AttackTechnique[] = [FGSM, PGD, APGD, L_BFGS, DEEP_FOOL, CARLINI_WAGNER];

/** Every way to fool a network with pictures that mean nothing. */
export const FOOLINGS: readonly FoolingTechnique[] = [
  FOOLING_BY_CPPN,
  FOOLING_BY_PIXELS,
  FOOLING_BY_GRADIENT,
];

/** The attack of a name. @throws InputError that lists the names. */
export function attackNamed(name: string): AttackTechnique {
  return named("attack", ATTACKS, name);
}

/** The way to fool a network of a name. @throws InputError that lists the names. */
export function foolingNamed(name: string): FoolingTechnique {
  return named("fooling", FOOLINGS, name);
}

import { InputError } from "../../gpu/errors.ts";
import { nearest } from "../../gpu/options.ts";
import { APGD } from "./apgd.ts";
import type { AttackTechnique } from "./attack.ts";
import { CARLINI_WAGNER } from "./carlini-wagner.ts";
import { DEEP_FOOL } from "./deep-fool.ts";
import { FGSM } from "./fgsm.ts";
import { PGD } from "./pgd.ts";
import { L_BFGS } from "./szegedy.ts";

/** Every attack, in the order in which people meet them. */
export const ATTACKS: readonly AttackTechnique[] = [FGSM, PGD, APGD, L_BFGS, DEEP_FOOL, CARLINI_WAGNER];

/** The attack of a name. @throws InputError that lists the names. */
export function attackNamed(name: string): AttackTechnique {
  const found = ATTACKS.find((attack) => attack.name === name);
  if (found) return found;
  const names = ATTACKS.map((attack) => attack.name);
  const near = nearest(name, names);
  throw new InputError(
    `attack: expected one of ${names.join(", ")}, got "${name}"${near === undefined ? "" : `; did you mean "${near}"?`}`,
  );
}

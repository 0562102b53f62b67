import type { AttackTechnique } from "./attack.ts";
import { attackPictures } from "./attack-pictures.ts";

/** Registers an attack: the only place that knows it, beside its line in the list. */
export function attackTechnique(technique: Omit<AttackTechnique, "run">): AttackTechnique {
  return {
    ...technique,
    run: (networks, pictures, options = {}) => attackPictures(networks, pictures, options, technique),
  };
}

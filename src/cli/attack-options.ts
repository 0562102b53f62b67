import type { TechniqueOption } from "../techniques/attribution/options.ts";
import type { AttackTechnique } from "../techniques/robustness/attack.ts";
import { ATTACKS } from "../techniques/robustness/list.ts";
import type { AttackOption } from "../techniques/robustness/options.ts";
import type { Option } from "./option.ts";
import { optionOf, usesOf } from "./technique-options.ts";

/** An option of the command line that sets an attack's own: its name there, but for the seed, as for every technique. */
export type AttackOptionName = Exclude<AttackOption, "seed"> | "random";

/** The settings of an attack: the command line's name for each, the attack's, and the definition. */
export function attackSettings({ options }: Pick<AttackTechnique, "options">) {
  return (Object.entries(options) as [AttackOption, TechniqueOption][]).map(([option, definition]) => ({
    name: option === "seed" ? ("random" as const) : option,
    option,
    definition,
  }));
}

/** The options of the command line that set attacks' own, made from their definitions. */
export const ATTACK_OPTIONS: Readonly<Record<AttackOptionName, Option>> = Object.fromEntries(
  Array.from(usesOf(ATTACKS, attackSettings), ([name, uses]) => [name, optionOf(name, uses)]),
) as Record<AttackOptionName, Option>;

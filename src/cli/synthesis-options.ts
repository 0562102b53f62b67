import type { TechniqueOption } from "../techniques/attribution/options.ts";
import { SYNTHESES } from "../techniques/synthesis/list.ts";
import type { SynthesisOption } from "../techniques/synthesis/options.ts";
import type { SynthesisTechnique } from "../techniques/synthesis/technique.ts";
import type { Option } from "./option.ts";
import { optionOf, usesOf } from "./technique-options.ts";

/** The settings of a technique of synthesis: the name that the library and the command line have for each, and the definition. */
export function synthesisSettings({ options }: Pick<SynthesisTechnique, "options">) {
  return (Object.entries(options) as [SynthesisOption, TechniqueOption][]).map(([name, definition]) => ({
    name,
    definition,
  }));
}

/** The options of the command line that set a technique's own, made from their definitions. */
export const SYNTHESIS_OPTIONS: Readonly<Record<SynthesisOption, Option>> = Object.fromEntries(
  Array.from(usesOf(SYNTHESES, synthesisSettings), ([name, uses]) => [name, optionOf(name, uses)]),
) as Record<SynthesisOption, Option>;

import { ATTRIBUTIONS } from "../techniques/attribution/list.ts";
import type { AttributionOption, OptionType, TechniqueOption } from "../techniques/attribution/options.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import type { Option } from "./option.ts";

/** The command line's names for options that it calls otherwise: a word that says more there, or a switch. */
const NAMES = { on: "probability", seed: "random" } as const;

/** Options that the command line sets in a way of its own: each command has its --layer, and no steps ask for a tolerance. */
const APART = ["layer", "tolerance"] as const;

type Apart = (typeof APART)[number];
type Renamed = keyof typeof NAMES;

/** An option of the command line that sets a technique's own. */
export type TechniqueOptionName = Exclude<AttributionOption, Apart | Renamed> | (typeof NAMES)[Renamed];

/** A technique's options as the command line sets them: its name for each, the technique's, and the definition. */
export interface Setting {
  readonly name: TechniqueOptionName;
  readonly option: AttributionOption;
  readonly definition: TechniqueOption;
}

/** The settings of a technique, in its order. */
export function settingsOf({ options }: Pick<AttributionTechnique, "options">): Setting[] {
  return (Object.entries(options) as [AttributionOption, TechniqueOption][]).flatMap(
    ([option, definition]) => {
      const name = nameOf(option);
      return name === undefined ? [] : [{ name, option, definition }];
    },
  );
}

function nameOf(option: AttributionOption): TechniqueOptionName | undefined {
  if (isApart(option)) return undefined;
  return isRenamed(option) ? NAMES[option] : option;
}

function isApart(option: AttributionOption): option is Apart {
  return (APART as readonly string[]).includes(option);
}

function isRenamed(option: AttributionOption): option is Renamed {
  return option in NAMES;
}

/** What the help of an option says of a technique that has it. */
type User = Pick<AttributionTechnique, "title" | "quick">;

/** A definition, with the techniques that have it. */
export interface Use {
  readonly definition: TechniqueOption;
  readonly techniques: User[];
}

/** The options of the command line that set techniques' own, made from their definitions. */
export const TECHNIQUE_OPTIONS: Readonly<Record<TechniqueOptionName, Option>> = optionsOfAll();

function optionsOfAll(): Record<TechniqueOptionName, Option> {
  const found = usesOf(ATTRIBUTIONS, settingsOf);
  const options = [...found].map(([name, uses]) => [name, optionFor(name, uses)] as const);
  return Object.fromEntries(options) as Record<TechniqueOptionName, Option>;
}

/** The definitions of each option, with the techniques that have them. */
export function usesOf<N extends string, T extends User>(
  techniques: readonly T[],
  settings: (technique: T) => readonly { readonly name: N; readonly definition: TechniqueOption }[],
): Map<N, Use[]> {
  const found = new Map<N, Use[]>();
  for (const technique of techniques) {
    for (const { name, definition } of settings(technique)) {
      const uses = found.get(name) ?? [];
      found.set(name, uses);
      const same = uses.find((use) => use.definition === definition);
      if (same) same.techniques.push(technique);
      else uses.push({ definition, techniques: [technique] });
    }
  }
  return found;
}

function optionFor(name: TechniqueOptionName, uses: readonly Use[]): Option {
  if (name === "probability") {
    return {
      name,
      help: "Explain the class's probability, after the softmax or sigmoid, and not its logit.",
    };
  }
  return optionOf(name, uses);
}

/** An option that sets those of techniques: its placeholder, and what it means to each. */
export function optionOf(name: string, uses: readonly Use[]): Option {
  const value = placeholderOf(uses[0]?.definition.type ?? { kind: "number" });
  return { name, value, help: uses.map((use) => helpOf(name, use)).join(" ") };
}

function placeholderOf(type: OptionType): string {
  switch (type.kind) {
    case "whole":
      return "N";
    case "number":
      return "X";
    case "color":
      return "COLOR";
    case "choice":
    case "layer":
      return "NAME";
    case "layers":
      return `${type.words.join("|")}|LAYER,…`;
  }
}

/** An option's help, with the techniques that read it and its defaults. */
function helpOf(name: string, { definition, techniques }: Use): string {
  const { help } = definition;
  const titles = techniques.map(({ title }) => title);
  const who = titles.length > 1 ? `${titles.slice(0, -1).join(", ")} and ${titles.at(-1)}` : titles.join("");
  const quick = quickOf(name, techniques);
  const fewer = quick === undefined ? "" : `, ${quick} among several maps`;
  return `${who}: ${help.slice(0, 1).toLowerCase()}${help.slice(1)} Default ${usualOf(definition)}${fewer}.`;
}

/** The help of an option where it is clear which technique has it. */
export function plainHelp(definition: TechniqueOption): string {
  return `${definition.help} Default ${usualOf(definition)}.`;
}

function usualOf({ default: usual, otherwise }: TechniqueOption): string {
  return otherwise ?? String(usual);
}

/** The value of an option for techniques among several maps. */
function quickOf(name: string, [technique]: readonly User[]): unknown {
  return name in (technique?.quick ?? {}) ? technique?.quick?.[name as "samples"] : undefined;
}

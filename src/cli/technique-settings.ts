import { nearest } from "../gpu/options.ts";
import { ATTRIBUTIONS } from "../techniques/attribution/list.ts";
import type { AttributionOptions, OptionType } from "../techniques/attribution/options.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import { UsageError } from "./io.ts";
import type { OptionName } from "./options.ts";
import { type Setting, settingsOf } from "./technique-options.ts";
import type { Values } from "./values.ts";

/** The techniques of a list of names with commas between. @throws UsageError that lists the names. */
export function techniquesNamed(
  command: "explain" | "trust",
  text: string | undefined,
): AttributionTechnique[] {
  const names = ATTRIBUTIONS.map((technique) => technique.name);
  return (text ?? "").split(",").map((part) => {
    const name = part.trim();
    const found = ATTRIBUTIONS.find((technique) => technique.name === name);
    if (found) return found;
    const near = name === "" ? undefined : nearest(name, names);
    throw new UsageError(
      `${command} expects a technique (${names.join(", ")})${command === "explain" ? " or --all" : ""}, got ${name === "" ? "none" : `"${name}"`}${near ? `; did you mean ${near}?` : ""}`,
    );
  });
}

/** The options of the command line that a technique reads, beside those that all do. */
function optionsOf(technique: AttributionTechnique): OptionName[] {
  const { passes, weighsMaps, classesOnly } = technique;
  return [
    ...(weighsMaps || classesOnly ? [] : (["channel", "at"] as const)),
    ...settingsOf(technique).map(({ name }) => name),
    ...(passes === undefined ? [] : (["batch"] as const)),
  ];
}

/**
 * Refuses the first option that none of the techniques reads.
 * @param others options that are read beside theirs.
 * @throws UsageError
 */
export function assertOptions(
  techniques: readonly AttributionTechnique[],
  values: Values,
  others: readonly OptionName[] = [],
): void {
  const measured = values.has("trust") || values.has("measures");
  const known = new Set([...techniques.flatMap(optionsOf), ...others, ...(measured ? ["batch"] : [])]);
  for (const option of new Set(ATTRIBUTIONS.flatMap(optionsOf))) {
    if (!values.has(option) || known.has(option)) continue;
    const who = techniques.length === 1 ? techniques[0]?.name : "none of these techniques";
    throw new UsageError(`${who} takes ${techniques.length === 1 ? "no " : ""}--${option}`);
  }
}

/** The settings that the command line gives a technique. Options that the technique does not read are left out. */
export function techniqueSettings(
  technique: Pick<AttributionTechnique, "options">,
  values: Values,
): Omit<AttributionOptions, "target" | "signal" | "onProgress" | "layer"> {
  const given = settingsOf(technique).map((setting) => [setting.option, settingOf(setting, values)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** The largest error of a path's sum, unless --steps says how many steps it takes. */
export function toleranceOf(
  { options }: Pick<AttributionTechnique, "options">,
  values: Values,
): Pick<AttributionOptions, "tolerance"> {
  return "tolerance" in options && !values.has("steps") ? { tolerance: 0.01 } : {};
}

/** The command line's value for an option of an attribution technique. */
function settingOf({ name, definition: { type } }: Setting, values: Values): unknown {
  if (name === "probability") return values.has(name) ? "probability" : undefined;
  return optionValue(name, type, values);
}

/** The command line's value for an option, checked by the option's type. */
export function optionValue(name: OptionName, type: OptionType, values: Values): unknown {
  switch (type.kind) {
    case "whole":
      return values.whole(name, type.from, type.to);
    case "number": {
      const [number, ...others] = values.numbers(name) ?? [];
      // Several numbers are none: the technique says so.
      return others.length > 0 ? Number.NaN : number;
    }
    case "choice":
      return values.choice(name, type.of);
    case "color":
      return colorValue(values, name, type.words);
    case "layer":
      return values.text(name);
    case "layers": {
      const text = values.text(name);
      return text === undefined || type.words.includes(text)
        ? text
        : text.split(",").map((part) => part.trim());
    }
  }
}

/** A word, a number, or one number a channel. */
function colorValue(
  values: Values,
  name: OptionName,
  words: readonly string[],
): string | number | readonly number[] | undefined {
  const text = values.text(name);
  if (text === undefined || words.includes(text)) return text;
  if (text.split(",").some((part) => part.trim() === "" || !Number.isFinite(Number(part)))) {
    const near = nearest(text, words);
    throw new UsageError(
      `--${name} expects ${words.join(", ")}, a number, or one a channel with commas between, got "${text}"${near ? `; did you mean ${near}?` : ""}`,
    );
  }
  const numbers = values.numbers(name);
  return numbers?.length === 1 ? numbers[0] : numbers;
}

import { nearest } from "../gpu/options.ts";
import type { InputColor } from "../images/color.ts";
import { COMPOSITES, type CompositeName } from "../relevance/rules.ts";
import { ATTRIBUTIONS } from "../techniques/attribution/list.ts";
import type { AttributionOption, AttributionOptions, Baseline } from "../techniques/attribution/options.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import { UsageError } from "./io.ts";
import type { OptionName } from "./options.ts";
import type { Values } from "./values.ts";

/** What the command line has no option of its own for: `layer` is asked for by every command in its own way. */
type Unnamed = "layer" | "tolerance";

/** The command line's options that set a technique's own. */
const NAMED: Readonly<Record<Exclude<AttributionOption, Unnamed>, OptionName>> = {
  on: "probability",
  samples: "samples",
  noise: "noise",
  steps: "steps",
  baseline: "baseline",
  rules: "rules",
  seed: "random",
  patch: "patch",
  stride: "stride",
  fill: "fill",
  hide: "hide",
};

/** Which of the command line's options a technique reads, beside those that all do. */
export function optionsOf(technique: AttributionTechnique): OptionName[] {
  const { options, passes, weighsMaps, classesOnly } = technique;
  return [
    ...(weighsMaps || classesOnly ? [] : (["channel", "at"] as const)),
    ...(Object.keys(options) as AttributionOption[]).flatMap((option) =>
      option === "layer" || option === "tolerance" ? [] : [NAMED[option]],
    ),
    ...(passes === undefined ? [] : (["batch"] as const)),
  ];
}

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

/** @throws UsageError naming the first option that none of the techniques reads. */
export function assertOptions(techniques: readonly AttributionTechnique[], values: Values): void {
  const measured = values.has("trust") || values.has("measures");
  const known = new Set(techniques.flatMap(optionsOf).concat(measured ? ["batch"] : []));
  for (const option of new Set(ATTRIBUTIONS.flatMap(optionsOf))) {
    if (!values.has(option) || known.has(option)) continue;
    const who = techniques.length === 1 ? techniques[0]?.name : "none of these techniques";
    throw new UsageError(`${who} takes ${techniques.length === 1 ? "no " : ""}--${option}`);
  }
}

/** What the command line says of a technique's own options. Those that it does not read are left out. */
export function attributionOptions(
  { options }: Pick<AttributionTechnique, "options">,
  values: Values,
): Omit<AttributionOptions, "target" | "signal" | "onProgress" | "layer"> {
  const [noise, ...others] = values.numbers("noise") ?? [];
  const all = {
    on: values.has("probability") ? ("probability" as const) : undefined,
    samples: values.whole("samples", 1, 2 ** 24),
    // Several numbers are no fraction: the technique says so.
    noise: others.length > 0 ? Number.NaN : noise,
    steps: values.whole("steps", 1, 10_000),
    baseline: colorValue<Baseline>(values, "baseline", [...COLOURS, "blur"]),
    rules: rulesValue(values),
    seed: values.whole("random", 0, 2 ** 32 - 1),
    patch: values.whole("patch", 1, Number.MAX_SAFE_INTEGER),
    stride: values.whole("stride", 1, Number.MAX_SAFE_INTEGER),
    fill: colorValue<InputColor>(values, "fill", COLOURS),
    hide: colorValue<"segment" | InputColor>(values, "hide", [...COLOURS, "segment"]),
  };
  const given = Object.entries(all).filter(([name, value]) => value !== undefined && name in options);
  return Object.fromEntries(given);
}

/** How far a path's sum may be off unless --steps says how many nodes it gets. */
export function toleranceOf(
  { options }: Pick<AttributionTechnique, "options">,
  values: Values,
): Pick<AttributionOptions, "tolerance"> {
  return "tolerance" in options && !values.has("steps") ? { tolerance: 0.01 } : {};
}

function rulesValue(values: Values): CompositeName | undefined {
  return values.choice("rules", Object.keys(COMPOSITES) as CompositeName[]);
}

const COLOURS = ["mean", "black", "grey", "white"];

/** A word, a number, or one number a channel. */
function colorValue<T>(
  values: Values,
  name: "fill" | "baseline" | "hide",
  words: readonly string[],
): T | undefined {
  const text = values.text(name);
  if (text === undefined || words.includes(text)) return text as T | undefined;
  if (text.split(",").some((part) => part.trim() === "" || !Number.isFinite(Number(part)))) {
    const near = nearest(text, words);
    throw new UsageError(
      `--${name} expects ${words.join(", ")}, a number, or one a channel with commas between, got "${text}"${near ? `; did you mean ${near}?` : ""}`,
    );
  }
  const numbers = values.numbers(name);
  return (numbers?.length === 1 ? numbers[0] : numbers) as T | undefined;
}

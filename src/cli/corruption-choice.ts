import { nearest } from "../gpu/options.ts";
import { CORRUPTIONS } from "../techniques/robustness/corruptions/list.ts";
import { UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** The published sets of constants. */
export const CORRUPTION_SETS = ["imagenet", "cifar"] as const;

const KINDS = CORRUPTIONS.map(({ name }) => name);

/** The names of --kinds: "all", or some with commas between; the benchmark's fifteen where it is not given. */
export function kindsOf(values: Values): readonly string[] | undefined {
  const text = values.text("kinds");
  if (text === undefined) return undefined;
  if (text.trim().toLowerCase() === "all") return KINDS;
  return text.split(",").map((name) => kindNamed(name.trim(), "--kinds"));
}

/** The numbers of --severities: "1,3,5". */
export function severitiesOf(values: Values): readonly number[] | undefined {
  const text = values.text("severities");
  if (text === undefined) return undefined;
  return text.split(",").map((part) => severityOf(part.trim(), "--severities"));
}

/** What --corrupt fog:3 says. */
export function corruptionOf(
  values: Values,
): { readonly kind: string; readonly severity: number } | undefined {
  const text = values.text("corrupt");
  if (text === undefined) return undefined;
  const [, kind, severity] = /^(.*):([^:]*)$/.exec(text) ?? [];
  if (kind === undefined || severity === undefined) {
    throw new UsageError(`--corrupt expects KIND:SEVERITY, such as fog:3, got "${text}"`);
  }
  return { kind: kindNamed(kind, "--corrupt"), severity: severityOf(severity, "--corrupt") };
}

function kindNamed(given: string, option: string): string {
  const name = given.toLowerCase();
  if (KINDS.includes(name)) return name;
  const near = nearest(name, KINDS);
  throw new UsageError(
    `${option} expects kinds of ${KINDS.join(", ")}, got "${given}"${near ? `; did you mean ${near}?` : ""}`,
  );
}

function severityOf(text: string, option: string): number {
  if (/^[1-5]$/.test(text)) return Number(text);
  throw new UsageError(`${option} expects severities of 1 to 5, got "${text}"`);
}

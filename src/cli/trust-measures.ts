import type { FigureTable } from "../figures/table.ts";
import { nearest } from "../gpu/options.ts";
import { leftOutWords, TRUST_HEADS, TRUST_LEGEND, VERDICT_WORDS } from "../metrics/format.ts";
import { MEASURES, type Measure, type Trust, type TrustOptions, VERDICTS } from "../metrics/measures.ts";
import type { SharedScores } from "../metrics/scores.ts";
import { measureValue } from "../metrics/table.ts";
import { trust } from "../metrics/trust.ts";
import type { Network } from "../network/network.ts";
import type { AttributionOptions } from "../techniques/attribution/options.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import { type Io, UsageError } from "./io.ts";
import type { CommandNetworks } from "./networks.ts";
import type { ChosenObjective } from "./objective.ts";
import type { Values } from "./values.ts";

/** The measures of a sheet of all techniques by default: none that asks a technique ten times over. */
const LIGHT: readonly Measure[] = ["insertion", "deletion", "muFidelity", "modelRandomisation", "runnerUp"];
/** The fineness of such a sheet, and of a table of several techniques or images. The curves cost most, and each map has its own. */
export const LIGHTLY = { steps: 20, randomBaselines: 2 } as const;

const LIKENESSES: readonly Measure[] = ["modelRandomisation", "randomLogit", "runnerUp"];

/** The measures to take, and how finely. */
export interface TrustPlan {
  readonly measures: readonly Measure[];
  readonly settings: Pick<TrustOptions, "steps" | "randomBaselines">;
}

/**
 * Reads --trust and --measures; undefined where trust was not asked for.
 * @param always whether measuring is the default, as it is for a sheet of all techniques.
 */
export function trustPlanOf(values: Values, always: boolean): TrustPlan | undefined {
  const text = values.text("measures");
  if (text === "none") {
    if (values.has("trust")) throw new UsageError("expected --trust or --measures none, got both");
    return undefined;
  }
  if (text !== undefined && text !== "all") {
    return { measures: text.split(",").map((part) => measureNamed(part.trim())), settings: {} };
  }
  if (text === "all" || values.has("trust")) return { measures: MEASURES, settings: {} };
  return always ? { measures: LIGHT, settings: LIGHTLY } : undefined;
}

function measureNamed(name: string): Measure {
  const found = MEASURES.find((measure) => measure.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const near = name === "" ? undefined : nearest(name, MEASURES);
  throw new UsageError(
    `--measures expects ${MEASURES.join(", ")}, all or none, got "${name}"${near ? `; did you mean ${near}?` : ""}`,
  );
}

export interface TrustSetting {
  /** The class or neurons that were explained. */
  readonly objective: ChosenObjective;
  /** The technique's settings. */
  readonly settings: Omit<AttributionOptions, "target">;
  readonly networks: CommandNetworks;
  /** The scores that techniques share about one image. */
  readonly shared: SharedScores;
  readonly io: Io;
  readonly onProgress: (fraction: number) => void;
}

/** Measures a map that was made already. What is not defined for the target is left out. */
export async function measureTrust(
  network: Network,
  input: Float32Array,
  technique: AttributionTechnique,
  found: Attribution,
  { measures, settings }: TrustPlan,
  { objective, settings: told, networks, shared, io, onProgress }: TrustSetting,
): Promise<Trust> {
  const { index } = objective.report;
  const ofClass = index !== undefined;
  // A class is asked as such, so that others can be compared with it.
  const target = ofClass ? Number(index) : objective.target;
  const perturbationNetwork = await networks.several();
  const randomisedNetwork = measures.includes("modelRandomisation")
    ? await networks.randomised(network)
    : undefined;
  return trust(network, input, technique, {
    ...settings,
    target,
    perturbationNetwork,
    sharedScores: shared,
    settings: { ...again(told, found), ...networks.memoryFor(network) },
    explanation: found,
    measures: measures.filter((name) => ofClass || (name !== "randomLogit" && name !== "runnerUp")),
    signal: io.signal,
    onProgress,
    randomisedNetwork,
  });
}

/** Settings that make a map like one that was made: with as many steps as that took in the end. */
function again(
  { tolerance, ...settings }: Omit<AttributionOptions, "target">,
  { account }: Attribution,
): Omit<AttributionOptions, "target"> {
  const { steps } = account ?? {};
  return tolerance === undefined || steps === undefined ? settings : { ...settings, steps };
}

/** A map's name and measures. */
export interface NamedTrust {
  readonly name: string;
  readonly trust: Trust;
}

/** Beneath a sheet: maps by measures, the best of each in bold, and what the figures mean. */
export function drawnTrust(rows: readonly NamedTrust[], { settings }: TrustPlan): FigureTable {
  const shown = MEASURES.filter((measure) =>
    rows.some(({ trust }) => measureValue(trust, measure) !== undefined),
  );
  const best = shown.map((measure) => {
    // A likeness has no best: 0 and −1 are as good as each other.
    if (LIKENESSES.includes(measure)) return undefined;
    const known = rows
      .map(({ trust }) => measureValue(trust, measure))
      .filter((value) => value !== undefined);
    return figure(TRUST_HEADS[measure].endsWith("↑") ? Math.max(...known) : Math.min(...known));
  });
  const verdicts = VERDICTS.flatMap((verdict) => {
    const names = rows.filter(({ trust }) => trust.verdicts.includes(verdict)).map(({ name }) => name);
    const words = VERDICT_WORDS[verdict];
    return names.length > 0
      ? [`${words.charAt(0).toUpperCase()}${words.slice(1)}: ${names.join(", ")}.`]
      : [];
  });
  return {
    title: "How far each map can be trusted",
    columns: ["", ...shown.map((measure) => TRUST_HEADS[measure])],
    rows: rows.map(({ name, trust }) => [name, ...shown.map((measure) => cell(trust, measure))]),
    marked: (row, column) => {
      const { trust } = rows[row] ?? {};
      const measure = shown[column - 1];
      const value = trust && measure && measureValue(trust, measure);
      return value !== undefined && figure(value) === best[column - 1];
    },
    notes: [
      ...verdicts,
      ...leftOutWords(rows.map(({ trust }) => trust)),
      ...legendOf(shown),
      ...pace(settings),
    ],
  };
}

/** A note on how finely curves were measured, where not as finely as they could be. */
export function pace({ steps, randomBaselines }: TrustPlan["settings"]): string[] {
  return steps === undefined ? [] : [`curves of ${steps} steps, beside ${randomBaselines} random baselines`];
}

/** A line for each column that says what it is. */
export function legendOf(shown: readonly Measure[]): string[] {
  const heads = shown.map((measure) => TRUST_HEADS[measure].slice(0, -2));
  return TRUST_LEGEND.filter((line) => {
    const [names = ""] = line.split(":");
    return names.split(", ").some((name) => heads.includes(name));
  });
}

function cell(trust: Trust, measure: Measure): string {
  const value = measureValue(trust, measure);
  if (value === undefined) return "–";
  const random =
    (measure === "insertion" || measure === "deletion" ? trust[measure]?.randomBaselines : undefined) ?? [];
  const mean = random.reduce((sum, area) => sum + area, 0) / random.length;
  return `${figure(value)}${random.length > 0 ? ` (${figure(mean)})` : ""}`;
}

function figure(value: number): string {
  // No −0.00.
  return (Math.round(100 * value) / 100 + 0).toFixed(2).replace("-", "−");
}

/** The measures as plain numbers, for --json. */
export function trustReport({ target: _, ...figures }: Trust): Omit<Trust, "target"> {
  return figures;
}

import { UnsupportedError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import type { Network, Target } from "../network/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { assertCall } from "../techniques/answer.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import type { Picture } from "../techniques/question.ts";
import {
  MEASURES,
  type Measure,
  TRUST,
  type Trust,
  type TrustOptions,
  VERDICTS,
  type Verdict,
} from "./measures.ts";
import { createRandomisedNetwork } from "./randomise.ts";
import { SharedScores } from "./scores.ts";
import { trust } from "./trust.ts";

/** A technique with a name: an entry of `ATTRIBUTIONS`, or one's own. */
export type NamedTechnique = Pick<AttributionTechnique, "name" | "title" | "run"> &
  Partial<Pick<AttributionTechnique, "kind" | "on" | "passes" | "forwardOnly" | "runEach">>;

export interface TrustTableOptions extends Omit<TrustOptions, "settings" | "explanation" | "measures"> {
  /** The measures to take, of all techniques or of each. Default: all that are defined for the target. */
  readonly measures?: readonly Measure[] | ((technique: NamedTechnique) => readonly Measure[]) | undefined;
  /** The options of each technique beside the target. */
  readonly settings?:
    | TrustOptions["settings"]
    | ((technique: NamedTechnique) => TrustOptions["settings"])
    | undefined;
  /**
   * The network on which perturbed images run; see `trust`. Techniques of many samples run there too, if it has the gradients
   * that they need.
   */
  readonly perturbationNetwork?: Network | undefined;
  /** Called when a technique's turn comes, with its place and the image's, from 0. */
  readonly onTechnique?: ((technique: NamedTechnique, place: number, image: number) => void) | undefined;
}

const { explanation: _, ...OF_TRUST } = TRUST;
const TABLE: Fields<TrustTableOptions> = { ...OF_TRUST, perturbationNetwork: "may", onTechnique: "may" };

/** A technique's line of a table. */
export interface TrustRow {
  readonly name: string;
  readonly title: string;
  /** Absent where the technique is not defined for the network or the target. */
  readonly trust?: Trust | undefined;
  /** The reason why it is absent. */
  readonly unsupported?: string | undefined;
}

/** The figures of several techniques for one image. */
export interface TrustTable {
  readonly target: Target | Objective | undefined;
  readonly rows: readonly TrustRow[];
}

/** A figure over the images of a data set. */
export interface TrustSpread {
  readonly mean: number;
  /** Standard deviation between images, over n − 1; 0 of one image. */
  readonly spread: number;
  /** Images that it was measured on. */
  readonly count: number;
}

/** A technique's line of a table over a data set. */
export interface TrustSummaryRow {
  readonly name: string;
  readonly title: string;
  /** Images that the technique was defined for. */
  readonly images: number;
  readonly figures: Partial<Readonly<Record<Measure, TrustSpread>>>;
  /** Mean area of the random baselines, for insertion and deletion. */
  readonly randomBaselines: Partial<Readonly<Record<"insertion" | "deletion", TrustSpread>>>;
  /** Number of images that had each verdict. */
  readonly verdicts: Partial<Readonly<Record<Verdict, number>>>;
  /** The reason why the technique is not defined, where it never was. */
  readonly unsupported?: string | undefined;
}

/** The figures of several techniques over a data set. */
export interface TrustSummary {
  readonly images: number;
  readonly rows: readonly TrustSummaryRow[];
}

/** The one number that stands for a measure in a table: an area, a relative infidelity, a rank correlation of magnitudes. */
export function measureValue(trust: Trust, measure: Measure): number | undefined {
  switch (measure) {
    case "insertion":
    case "deletion":
      return trust[measure]?.area;
    case "infidelity":
      return trust.infidelity?.relative;
    case "modelRandomisation":
    case "randomLogit":
    case "runnerUp":
      return trust[measure]?.correlation;
    case "muFidelity":
    case "sensitivity":
      return trust[measure];
  }
}

/**
 * {@link trust} of several techniques for one image. The network with randomised parameters is created once, for all. What a
 * technique does not support is said in its row.
 */
export async function trustTable(
  network: Network,
  image: Picture,
  techniques: readonly NamedTechnique[],
  options: TrustTableOptions = {},
): Promise<TrustTable> {
  assertCall({ who: "trust table", fields: TABLE }, network, options);
  return withShared(options, (shared) => tableOf(network, image, techniques, shared));
}

/**
 * The same over a data set, an image at a time: mean and spread of each figure, and how often each verdict fell. Each image is
 * explained for the target; by default, for its own top class.
 * @throws InputError when there is no image.
 */
export async function trustSummary(
  network: Network,
  images: Iterable<Picture> | AsyncIterable<Picture>,
  techniques: readonly NamedTechnique[],
  options: TrustTableOptions & {
    /** Number of images, where progress is wanted of a source that does not tell. */
    readonly count?: number | undefined;
  } = {},
): Promise<TrustSummary> {
  assertCall({ who: "trust summary", fields: { ...TABLE, count: "may" } }, network, options);
  const { count = Array.isArray(images) ? images.length : undefined, ...told } = options;
  const { onProgress } = told;
  return withShared(told, async (shared) => {
    const tables: TrustTable[] = [];
    for await (const image of images) {
      const done = tables.length;
      const part = count === undefined ? undefined : (f: number) => onProgress?.((done + f) / count);
      const { onProgress: _, ...rest } = shared;
      const more = { ...rest, ...(part ? { onProgress: part } : {}), place: done };
      tables.push(await tableOf(network, image, techniques, more));
    }
    return summariseTrust(tables);
  });
}

/** Several tables of the same techniques, an image each, as one: figures that can be added to. */
export function summariseTrust(tables: readonly TrustTable[]): TrustSummary {
  const [first] = tables;
  const rows = (first?.rows ?? []).map(({ name, title }, place): TrustSummaryRow => {
    const all = tables.flatMap(({ rows }) => rows[place] ?? []);
    const found = all.flatMap((row) => row.trust ?? []);
    const unsupported = found.length === 0 ? all[0]?.unsupported : undefined;
    return {
      name,
      title,
      images: found.length,
      figures: spreads(MEASURES, (measure) => found.map((one) => measureValue(one, measure))),
      randomBaselines: spreads(["insertion", "deletion"], (measure) =>
        found.map((one) => meanOf(one[measure]?.randomBaselines ?? [])),
      ),
      verdicts: Object.fromEntries(
        VERDICTS.map(
          (verdict) => [verdict, found.filter(({ verdicts }) => verdicts.includes(verdict)).length] as const,
        ).filter(([, times]) => times > 0),
      ),
      unsupported,
    };
  });
  return { images: tables.length, rows };
}

/** The options of a table, with the networks and scores that its techniques share. */
interface Shared extends TrustTableOptions {
  /** A network's copy with randomised parameters, made when it is first asked for. */
  randomisedOf(network: Network): Promise<Network | undefined>;
}

async function withShared<T>(options: TrustTableOptions, work: (shared: Shared) => Promise<T>): Promise<T> {
  const { randomisedNetwork: given, seed = 0 } = options;
  const made = new Map<Network, Network>();
  const randomisedOf = async (network: Network): Promise<Network | undefined> => {
    if (given) return given;
    const found = made.get(network) ?? (await createRandomisedNetwork(network, { seed }));
    made.set(network, found);
    return found;
  };
  try {
    return await work({ ...options, sharedScores: options.sharedScores ?? new SharedScores(), randomisedOf });
  } finally {
    for (const network of made.values()) network.destroy();
  }
}

async function tableOf(
  network: Network,
  image: Picture,
  techniques: readonly NamedTechnique[],
  {
    settings,
    measures,
    onProgress,
    onTechnique,
    randomisedOf,
    place: which = 0,
    ...options
  }: Shared & { readonly place?: number },
): Promise<TrustTable> {
  const { perturbationNetwork = network } = options;
  const rows: TrustRow[] = [];
  for (const [place, technique] of techniques.entries()) {
    const { name, title, passes, forwardOnly } = technique;
    const told = typeof settings === "function" ? settings(technique) : settings;
    const wanted = typeof measures === "function" ? measures(technique) : measures;
    const many = passes !== undefined && (forwardOnly || perturbationNetwork.hasGradients);
    const own = many ? perturbationNetwork : network;
    onTechnique?.(technique, place, which);
    try {
      const randomisedNetwork =
        (wanted?.includes("modelRandomisation") ?? true) ? await randomisedOf(own) : undefined;
      const found = await trust(own, image, technique, {
        ...options,
        measures: wanted,
        randomisedNetwork,
        settings: told,
        onProgress: (fraction) => onProgress?.((place + fraction) / techniques.length),
      });
      rows.push({ name, title, trust: found });
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      rows.push({ name, title, unsupported: error.message });
      onProgress?.((place + 1) / techniques.length);
    }
  }
  return { target: rows.find((row) => row.trust)?.trust?.target, rows };
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreads<K extends string>(
  names: readonly K[],
  valuesOf: (name: K) => readonly (number | undefined)[],
): Partial<Record<K, TrustSpread>> {
  const found: Partial<Record<K, TrustSpread>> = {};
  for (const name of names) {
    const values = valuesOf(name).filter((value) => value !== undefined);
    const mean = meanOf(values);
    if (mean === undefined) continue;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const spread = Math.sqrt(squares / Math.max(1, values.length - 1));
    found[name] = { mean, spread, count: values.length };
  }
  return found;
}

import { adapterName, isSoftwareAdapter } from "../src/index.ts";
import { type Tuning, tuneConvolutions } from "../src/network.ts";
import { allowance, whatMattersFirst } from "./budget.ts";
import type { Bench, Case, Task } from "./case.ts";
import { gradientCases } from "./cases/gradients.ts";
import { gramCases } from "./cases/gram.ts";
import { groupCases } from "./cases/groups.ts";
import { layerCases } from "./cases/layers.ts";
import { forwardCases } from "./cases/networks.ts";
import { occlusionCases } from "./cases/occlusion.ts";
import { onnxCases } from "./cases/onnx-files.ts";
import { reluCases } from "./cases/relu.ts";
import { statisticsCases } from "./cases/statistics.ts";
import { styleCases } from "./cases/style.ts";
import { techniqueCases } from "./cases/techniques.ts";
import { visualisationCases } from "./cases/visualisation.ts";
import { createClock } from "./clock.ts";
import { createLimitProbes, type Limits } from "./limits.ts";
import { type Effort, measureCase } from "./measure.ts";
import type { Environment, Results, Row } from "./result.ts";
import { bestLimits, withRates } from "./result.ts";
import { chooseSizes, type Sizes } from "./sizes.ts";

/** Everything that can be measured, in the order in which it is. */
export const SUITE: readonly Case[] = [
  ...occlusionCases,
  ...gradientCases,
  ...gramCases,
  ...statisticsCases,
  ...reluCases,
  ...layerCases,
  ...groupCases,
  ...forwardCases,
  ...onnxCases,
  ...techniqueCases,
  ...visualisationCases,
  ...styleCases,
];

export interface SuiteOptions {
  /** Runs cases whose id or title holds one of these words; default: all. */
  readonly filter?: readonly string[] | undefined;
  /** Cases to choose from; default: {@link SUITE}. */
  readonly suite?: readonly Case[] | undefined;
  readonly sizes?: Sizes | undefined;
  readonly effort?: Effort | undefined;
  /**
   * Seconds that the run may take; what it falls behind, it makes up for with smaller sizes and fewer rounds, and in the
   * end by leaving cases out. Default: for all cases on a software adapter {@link BUDGET_S}, otherwise no limit.
   */
  readonly budget?: number | undefined;
  /** Ends the run after the case under way. */
  readonly signal?: AbortSignal | undefined;
}

/** Six minutes, less a case. */
const BUDGET_S = 335;

const JAX_TAKES_LONG =
  "left out of a run of the whole suite on a software adapter; words that name the case bring it";

/** Messages of a run while it goes on. */
export type Progress =
  | { readonly kind: "start"; readonly cases: number; readonly environment: Environment }
  | { readonly kind: "limits"; readonly limits: Limits }
  | { readonly kind: "case"; readonly index: number; readonly id: string; readonly title: string }
  | { readonly kind: "row"; readonly row: Row }
  | { readonly kind: "end"; readonly results: Results };

/** Facts about a run that only the host knows. */
export type HostFacts = Pick<Environment, "host" | "system" | "commit" | "versions">;

/** Cases that a filter chooses. */
export function chosen(filter: readonly string[] = [], suite = SUITE): Case[] {
  return suite.filter((one) => filter.length === 0 || filter.some((word) => isIn(one, word)));
}

/** Words of a filter that no case's name holds. */
export function unmatched(filter: readonly string[], suite = SUITE): string[] {
  return filter.filter((word) => !suite.some((one) => isIn(one, word)));
}

function isIn({ id, title }: Case, word: string): boolean {
  return `${id} ${title}`.toLowerCase().includes(word.toLowerCase());
}

/**
 * Runs the suite on a device. What goes wrong in a case is told in its row and stops nothing.
 * @param tell hears of everything as it happens, so that a run cut short leaves what it measured.
 */
export async function runSuite(
  bench: Bench,
  facts: HostFacts,
  options: SuiteOptions,
  tell: (progress: Progress) => void,
): Promise<Results> {
  const { filter = [], suite = SUITE, sizes = "auto", effort = effortFor(bench), signal } = options;
  const limited = bench.software && suite === SUITE && filter.length === 0 && sizes === "auto";
  const { budget = limited ? BUDGET_S : Number.POSITIVE_INFINITY } = options;
  const { device } = bench;
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1e3;
  const cases = limited ? whatMattersFirst(suite) : chosen(filter, suite);
  // On a software adapter jax-js compiles for most of a minute a network.
  const instruments = limited ? { ...bench, jax: { absent: JAX_TAKES_LONG } } : bench;
  const clock = await createClock(device);
  // Software adapters have tiles of their own already, and take seconds to compile the others.
  const tuning = bench.software ? undefined : await tuneConvolutions(device);
  const environment = environmentOf(bench, facts, clock.quantum, tuning);
  tell({ kind: "start", cases: cases.length, environment });
  const probes = await createLimitProbes(device, clock, bench.software);
  tell({ kind: "limits", limits: probes.limits });
  const choose = await chooseSizes(bench, clock, probes, sizes);
  const rows: Row[] = [];
  for (const [index, one] of cases.entries()) {
    const allowed = allowance(budget - elapsed(), cases.slice(index), effort);
    if (signal?.aborted || !allowed) break;
    const task = choose(one, allowed.patience);
    tell({ kind: "case", index, id: one.id, title: one.title });
    const row = withRates(await measured(one, task, allowed.effort), probes.limits);
    rows.push(row);
    tell({ kind: "row", row });
  }
  probes.destroy();
  clock.destroy();
  const results: Results = {
    format: 1,
    environment,
    limits: bestLimits(probes.limits, rows),
    complete: rows.length === cases.length,
    seconds: elapsed(),
    rows: inSuiteOrder(suite, rows),
    ...(rows.length === cases.length ? {} : { leftOut: cases.slice(rows.length).map(({ id }) => id) }),
  };
  tell({ kind: "end", results });
  return results;

  async function measured(one: Case, task: Task, effort: Effort): Promise<Row> {
    const [real] = one.tasks;
    const reduced = task === real ? {} : { reducedFrom: real.size };
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1e3;
    try {
      return {
        ...(await measureCase(instruments, { clock, probes }, effort, one, task)),
        ...reduced,
        seconds: seconds(),
      };
    } catch (failure) {
      const { id, title, clock: by = "gpu", growth } = one;
      const { size, work, tolerance = 0 } = task;
      const head = { id, title, size, work, clock: by, tolerance, growth };
      const message = (failure as Error).message;
      return { ...head, ...reduced, seconds: seconds(), reference: "", failure: message, entries: [] };
    }
  }
}

function inSuiteOrder(suite: readonly Case[], rows: readonly Row[]): Row[] {
  return suite.flatMap(({ id }) => rows.find((row) => row.id === id) ?? []);
}

/** A software adapter's many seconds go into the first runs already. */
function effortFor({ software }: Bench): Effort {
  return { milliseconds: software ? 800 : 2000, fewest: 5, most: 25 };
}

function environmentOf(
  bench: Bench,
  facts: HostFacts,
  quantum: number | undefined,
  tuning: Tuning | undefined,
): Environment {
  const { device } = bench;
  return {
    date: new Date().toISOString(),
    ...facts,
    versions: {
      ...facts.versions,
      ...("absent" in bench.tfjs ? {} : { tfjs: bench.tfjs.version }),
      ...("absent" in bench.ort ? {} : { onnxruntime: bench.ort.version }),
    },
    adapter: adapterName(device),
    software: isSoftwareAdapter(device),
    features: [...device.features].sort(),
    quantum,
    tiles: tuning?.tiles,
  };
}

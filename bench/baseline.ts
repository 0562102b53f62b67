import { type Results, wrongIn } from "./result.ts";
import type { Ratio } from "./statistics.ts";

/** How one ratio compares with an earlier run's. */
export interface Comparison {
  readonly id: string;
  readonly title: string;
  /** Whom ours was compared with. */
  readonly against: string;
  readonly before: Ratio;
  /** Absent when it was not measured this time. */
  readonly now?: Ratio;
  readonly verdict: "same" | "better" | "worse" | "missing";
}

/**
 * Compares the ratios of two runs: ratios carry over between runs of a noisy machine, times do not.
 *
 * A ratio is worse when it fell by more than the threshold and the spreads of the two do not overlap; better, the other
 * way round. A case that ran at another size than before is not comparable and counts as missing.
 * @param threshold the share by which a ratio may fall, 0.15 for 15 %.
 */
export function compare(before: Results, now: Results, threshold: number): Comparison[] {
  const known = new Map(now.rows.map((row) => [`${row.id} ${row.size}`, row]));
  return before.rows.flatMap((row) =>
    row.entries.flatMap(({ name, timed }): Comparison[] => {
      const earlier = timed?.ratio;
      if (!earlier) return [];
      const entry = known.get(`${row.id} ${row.size}`)?.entries.find((one) => one.name === name);
      const later = entry?.timed?.ratio;
      const head = { id: row.id, title: row.title, against: name, before: earlier };
      if (!later) return [{ ...head, verdict: "missing" }];
      return [{ ...head, now: later, verdict: verdictOf(earlier, later, threshold) }];
    }),
  );
}

function verdictOf(before: Ratio, now: Ratio, threshold: number): Comparison["verdict"] {
  if (now.median < before.median * (1 - threshold) && now.p90 < before.p10) return "worse";
  if (now.median > before.median * (1 + threshold) && now.p10 > before.p90) return "better";
  return "same";
}

/** What must not happen, as sentences: wrong results, failures of ours, ratios that fell. */
export function complaints(results: Results, comparisons: readonly Comparison[] = []): string[] {
  return [
    ...wrongIn(results.rows).map(
      ({ row, entry }) =>
        `${row.id}: ${entry.name} differs from the reference by ${entry.error?.toExponential(1)}, allowed ${row.tolerance}`,
    ),
    ...results.rows.flatMap((row) => {
      if (row.failure !== undefined) return [`${row.id}: ${row.failure}`];
      const ours = row.entries.find(({ kind }) => kind === "ours");
      return ours && !ours.timed && ours.error === undefined
        ? [`${row.id}: ours ${ours.absent ?? "was not measured"}`]
        : [];
    }),
    ...comparisons
      .filter(({ verdict }) => verdict === "worse")
      .map(
        ({ id, against, before, now }) =>
          `${id}: ${against} over ours fell from ${before.median.toFixed(2)} to ${now?.median.toFixed(2)}`,
      ),
  ];
}

import { type Results, wrongIn } from "./result.ts";
import type { Ratio } from "./statistics.ts";

/** Comparison of one ratio with an earlier run's. */
export interface Comparison {
  readonly id: string;
  readonly title: string;
  /** Whom ours was compared with. */
  readonly against: string;
  /** Absent for what was not measured then. */
  readonly before?: Ratio | undefined;
  /** Absent for what was not measured this time. */
  readonly now?: Ratio | undefined;
  readonly verdict: "same" | "better" | "worse" | "missing" | "new";
}

/**
 * Compares the ratios of two runs: ratios carry over between runs of a noisy machine, times do not.
 *
 * A ratio is worse when it fell by more than the threshold and the spreads of the two do not overlap; better, the other
 * way round. A case that ran at another size than before is not comparable: it counts as missing there, as new here.
 * @param threshold the share by which a ratio may fall, 0.15 for 15 %.
 */
export function compare(before: Results, now: Results, threshold: number): Comparison[] {
  const earlier = ratiosOf(before);
  const later = ratiosOf(now);
  const known = [...earlier].map(([key, { ratio, ...head }]): Comparison => {
    const found = later.get(key)?.ratio;
    if (!found) return { ...head, before: ratio, verdict: "missing" };
    return { ...head, before: ratio, now: found, verdict: verdictOf(ratio, found, threshold) };
  });
  const added = [...later].flatMap(([key, { ratio, ...head }]): Comparison[] =>
    earlier.has(key) ? [] : [{ ...head, now: ratio, verdict: "new" }],
  );
  return [...known, ...added];
}

/**
 * Why two runs cannot be compared: another adapter, or another host (Chrome is not Node, whatever its version); nothing where they can.
 */
export function differenceFrom(
  { environment: before }: Pick<Results, "environment">,
  { environment: now }: Pick<Results, "environment">,
): string | undefined {
  const kind = (host: string): string => host.split(/[ /]/)[0] ?? host;
  const differs =
    before.adapter !== now.adapter
      ? ["adapter", before.adapter, now.adapter]
      : kind(before.host) !== kind(now.host)
        ? ["host", before.host, now.host]
        : undefined;
  if (!differs) return undefined;
  const [what, then, here] = differs;
  return `--baseline expects results of the same ${what}, got those of "${then}" for a run on "${here}": ratios carry over between runs, not between machines`;
}

type Measured = Pick<Comparison, "id" | "title" | "against"> & { readonly ratio: Ratio };

/** Every ratio of a run, by case, size and contender. */
function ratiosOf({ rows }: Results): Map<string, Measured> {
  return new Map(
    rows.flatMap(({ id, title, size, entries }) =>
      entries.flatMap(({ name, timed }): [string, Measured][] =>
        timed?.ratio ? [[`${id} ${size} ${name}`, { id, title, against: name, ratio: timed.ratio }]] : [],
      ),
    ),
  );
}

function verdictOf(before: Ratio, now: Ratio, threshold: number): Comparison["verdict"] {
  if (now.median < before.median * (1 - threshold) && now.p90 < before.p10) return "worse";
  if (now.median > before.median * (1 + threshold) && now.p10 > before.p90) return "better";
  return "same";
}

/** Failures of a run, as sentences: wrong results, errors of ours, ratios that fell. */
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
          `${id}: ${against} over ours fell from ${before?.median.toFixed(2)} to ${now?.median.toFixed(2)}`,
      ),
  ];
}

import type { Goal } from "./case.ts";
import { oursOf, type Row } from "./result.ts";

/** The name of ours without the idea that a sweep saves work by. */
export const WHOLE_IMAGES = "whole images";

/** A goal beside what was measured. */
export interface Reached {
  /** "tfjs over ours". */
  readonly what: string;
  /** "≥ 15×". */
  readonly goal: string;
  /** Absent when it was not measured. */
  readonly value?: number | undefined;
  readonly unit: "×" | "%";
  readonly met?: boolean | undefined;
}

/** Compares a row's figures, as it stands, with its goals. */
export function reachedBy(row: Row): Reached[] {
  return (row.goals ?? []).map((goal) => {
    const { of, least, most } = goal;
    const share = of === "limit" || of === "saving";
    const unit = share ? "%" : "×";
    const written = (bound: number): string => (share ? `${Math.round(bound * 100)} %` : `${bound}×`);
    const value = measuredBy(row, goal);
    return {
      what: nameOf(row, goal),
      goal: least === undefined ? `≤ ${written(most ?? 0)}` : `≥ ${written(least)}`,
      unit,
      ...(value === undefined
        ? {}
        : {
            value,
            met: value >= (least ?? Number.NEGATIVE_INFINITY) && value <= (most ?? Number.POSITIVE_INFINITY),
          }),
    };
  });
}

function measuredBy(row: Row, { of, least }: Goal): number | undefined {
  const ratioTo = (name: string): number | undefined =>
    row.entries.find((entry) => entry.name === name)?.timed?.ratio?.median;
  if (of === "limit") return oursOf(row)?.rate?.share;
  if (of === "saving") {
    const faster = ratioTo(WHOLE_IMAGES);
    return faster === undefined || row.saving === undefined ? undefined : faster / row.saving;
  }
  const ratio = ratioTo(of);
  return ratio === undefined || least !== undefined ? ratio : 1 / ratio;
}

function nameOf(row: Row, { of, least }: Goal): string {
  if (of === "saving") return "of the exact saving";
  if (of !== "limit") return least === undefined ? `ours over the ${of}` : `${of} over ours`;
  return oursOf(row)?.rate?.by === "bytes" ? "of the copy limit" : "of the multiply-add limit";
}

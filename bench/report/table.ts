import { type Entry, oursOf, type Row, timeOf } from "../result.ts";

/** The columns of every tabular report. */
export const COLUMNS = [
  "case",
  "size",
  "who",
  "ms",
  "min",
  "p90",
  "n",
  "wall ms",
  "cold ms",
  "GFLOP/s",
  "GB/s",
  "of limit",
  "ours faster",
  "spread",
  "error",
] as const;

/** A number of three significant digits, without an exponent. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-4))));
  return value.toFixed(Math.min(digits, 4));
}

export function percent(share: number): string {
  return `${short(share * 100)} %`;
}

/** One line of cells for each contender of a row, the case named in the first alone. */
export function cellsOf(row: Row): string[][] {
  const remarks = [
    row.reducedFrom ? `real: ${row.reducedFrom}` : "",
    row.saving === undefined ? "" : `exact saving ${short(row.saving)}×`,
    ...row.entries.flatMap(({ name, timed }) =>
      timed?.share === undefined ? [] : `${name}: time of ${percent(timed.share)} of it, scaled`,
    ),
    row.note ?? "",
  ].filter(Boolean);
  const size = remarks.length > 0 ? `${row.size} (${remarks.join("; ")})` : row.size;
  if (row.failure !== undefined) return [[row.title, size, `failed: ${row.failure}`]];
  return row.entries.map((entry, index) => [
    ...(index === 0 ? [row.title, size] : ["", ""]),
    ...entryCells(row, entry),
  ]);
}

function entryCells(row: Row, entry: Entry): string[] {
  const { timed, rate, error } = entry;
  if (!timed || !rate) return [entry.name, entry.absent ?? "not measured"];
  const time = timeOf(row, timed);
  return [
    entry.name,
    short(time.median),
    short(time.min),
    short(time.p90),
    String(time.n),
    short(timed.wall.median),
    short(timed.cold),
    short(rate.gflops),
    short(rate.gbps),
    `${percent(rate.share)}${rate.by === "bytes" ? " B" : " F"}`,
    ...(timed.ratio
      ? [`${short(timed.ratio.median)}×`, `${short(timed.ratio.p10)}–${short(timed.ratio.p90)}`]
      : ["", ""]),
    error === undefined ? "" : error.toExponential(0),
  ];
}

/** Ratios of a row in a few words, for a progress line: "tfjs 4.2×, onnxruntime 2.1×". */
export function gist(row: Row): string {
  if (row.failure !== undefined) return `failed: ${row.failure}`;
  const ours = oursOf(row);
  if (!ours?.timed) return ours?.absent ?? "ours was not measured";
  const others = row.entries.filter((entry) => entry !== ours);
  const ratios = others.map(({ name, timed }) =>
    timed?.ratio ? `${name} ${short(timed.ratio.median)}×` : `${name} –`,
  );
  return [`${short(timeOf(row, ours.timed).median)} ms`, ...ratios].join(", ");
}

import { type Results, timeOf } from "../result.ts";

const HEADER = [
  "id",
  "size",
  "reduced_from",
  "contender",
  "kind",
  "clock",
  "n",
  "repeats",
  "min_ms",
  "median_ms",
  "p90_ms",
  "wall_median_ms",
  "cold_ms",
  "gflops",
  "gbps",
  "share_of_limit",
  "limited_by",
  "ratio",
  "ratio_p10",
  "ratio_p90",
  "error",
  "absent",
  "adapter",
  "software",
  "host",
  "commit",
  "date",
];

/** The results as comma-separated values (RFC 4180), one line a contender. */
export function csvReport({ environment, rows }: Results): string {
  const { adapter, software, host, commit, date } = environment;
  const lines = rows.flatMap((row) =>
    row.entries.map(({ name, kind, timed, rate, error, absent }) => {
      const time = timed && timeOf(row, timed);
      return [
        row.id,
        row.size,
        row.reducedFrom,
        name,
        kind,
        timed && (row.clock === "gpu" && !timed.gpu ? "wall" : row.clock),
        time?.n,
        timed?.repeats,
        time?.min,
        time?.median,
        time?.p90,
        timed?.wall.median,
        timed?.cold,
        rate?.gflops,
        rate?.gbps,
        rate?.share,
        rate?.by,
        timed?.ratio?.median,
        timed?.ratio?.p10,
        timed?.ratio?.p90,
        error,
        absent,
        adapter,
        software,
        host,
        commit,
        date,
      ];
    }),
  );
  return `${[HEADER, ...lines].map((cells) => cells.map(escaped).join(",")).join("\r\n")}\r\n`;
}

function escaped(value: string | number | boolean | undefined): string {
  const text = typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

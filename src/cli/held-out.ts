import type { Source } from "../dataset/source.ts";
import { LARGEST_U32 } from "../gpu/tensor.ts";
import { type Graph, pictureOf } from "../graph/graph.ts";
import type { HeldOutOptions } from "../lab/held-out.ts";
import { openSource } from "../node/open-source.ts";
import type { Io } from "./io.ts";
import { UsageError } from "./io.ts";
import type { OptionName } from "./options.ts";
import type { Values } from "./values.ts";

/** The options of every command that fits something to pictures of a data set, and judges it by others. */
export const HELD_OUT_OPTIONS: readonly OptionName[] = [
  ...(["data", "truth", "train", "test", "lambda", "places"] as const),
  ...(["batch", "memory", "seed", "out", "json"] as const),
];

/** Their help. */
export const HELD_OUT_HELP = {
  data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
  seed: "Seed of the choice of pictures, and of the pictures of synthetic:N. Default 0, and 1.",
  out: "File for the figure (.png or .svg).",
} as const;

/** Opens the data set that --data names, for a network. @throws UsageError where there is none. */
export function openData(command: string, graph: Graph, values: Values, io: Io): Promise<Source> {
  const [data, ...more] = values.all("data");
  if (data === undefined) throw new UsageError(`${command} expects --data FOLDER, got none`);
  if (more.length > 0) throw new UsageError(`${command} expects one --data, got ${more.length + 1}`);
  const truth = values.text("truth");
  return openSource(data, {
    ...(truth === undefined ? {} : { labels: { csv: truth } }),
    device: () => io.device(),
    seed: values.whole("seed", 0, LARGEST_U32),
    size: pictureOf(graph, command).shape[0],
  });
}

/** What the command line says of which pictures are fitted to, and how. */
export function heldOutOf(values: Values, io: Io): HeldOutOptions & { lambda?: number; places?: number } {
  const lambda = positive(values, "lambda");
  const places = values.whole("places", 1, 2 ** 31);
  return {
    train: values.whole("train", 1, 2 ** 31),
    test: values.whole("test", 1, 2 ** 31),
    seed: values.whole("seed", 0, LARGEST_U32),
    batch: values.whole("batch", 1, 1024),
    ...(lambda === undefined ? {} : { lambda }),
    ...(places === undefined ? {} : { places }),
    onBroken: ({ id, why }) => io.err(`vitrine: passed over: ${why.includes(id) ? "" : `${id}: `}${why}`),
    onProgress: (done, count) => io.progress(`${done} of ${count} pictures`),
    signal: io.signal,
  };
}

/** A number above 0. */
export function positive(values: Values, name: OptionName): number | undefined {
  const found = values.numbers(name);
  if (found === undefined) return undefined;
  const [value = 0, ...more] = found;
  if (value > 0 && more.length === 0) return value;
  throw new UsageError(`--${name} expects a number above 0, got "${values.text(name)}"`);
}

/** Names of layers with commas between; undefined where there are none. */
export function layersOf(values: Values): string[] | undefined {
  return values
    .text("layers")
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Rows of a table with their columns below one another: the first to the left, the others to the right. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((row) => (row[c] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c] ?? 0) : cell.padStart(widths[c] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** A share as a percentage, or a dash where there is none. */
export function shareText(share: number | undefined): string {
  return share === undefined ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** A number with three digits behind the point, or a dash where there is none. */
export function numberText(value: number | undefined): string {
  if (value === undefined) return "–";
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : value.toFixed(3);
}

/** Most names that are listed of those that a note is true of. */
const MOST_NAMES = 3;

/** Notes of several rows, each once, with the names of the rows that have it. */
export function gathered(
  rows: readonly { readonly name: string; readonly notes: readonly string[] }[],
): string[] {
  const names = new Map<string, Set<string>>();
  for (const { name, notes } of rows) {
    for (const note of notes) names.set(note, (names.get(note) ?? new Set()).add(name));
  }
  return [...names].map(([note, all]) => {
    const first = [...all].slice(0, MOST_NAMES).join(", ");
    const more = all.size - MOST_NAMES;
    return `${first}${more > 0 ? ` and ${more} more` : ""}: ${note}`;
  });
}

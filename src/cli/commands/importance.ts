import { composeImportance } from "../../figures/importance.ts";
import {
  type FilterImportance,
  filterImportance,
  IMPORTANCE_CRITERIA,
  type ImportanceCriterion,
} from "../../lab/filter-importance.ts";
import { type PruningCurve, pruningCurve } from "../../lab/pruning.ts";
import { TAYLOR_FORMS, type TaylorForm } from "../../lab/taylor.ts";
import { createNetworks } from "../../network/pool.ts";
import { Draws } from "../../sampling/draws.ts";
import { dataOf } from "../data-source.ts";
import { type Io, printJson, UsageError } from "../io.ts";
import { openModel } from "../model.ts";
import { outOf, writeResult } from "../output.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand, MODEL_OPTIONS } from "./command.ts";

export const IMPORTANCE: CliCommand = {
  name: "importance",
  usage: "--data DATA --layer L",
  summary: "Say how much a network needs each filter of a layer, and prune them.",
  details: [
    "l1 is the sum of a filter's weights without sign. taylor is activation × gradient of the labels' cross-entropy; three rankings go by that name, by where the magnitude is taken: of each example (the paper's), each element, or at the end. car is the accuracy that is lost when the channel is set to zero, in the values of the layer as it is named: name the activation to cut what leaves it.",
    "--prune N removes N channels: greedily, tried anew after each; by l1, the least first; and in a random order (--seed). What was lost is told class by class.",
    '--data is what "vitrine survey" takes, with labels that are classes of the network.',
  ],
  options: [
    "data",
    "truth",
    ...MODEL_OPTIONS.filter((name) => name !== "layout"),
    "layer",
    "criteria",
    "abs",
    "prune",
    "batch",
    "memory",
    "seed",
    "out",
    "json",
  ],
  help: {
    data: "The pictures: a folder, a pattern, a list, an archive, or synthetic:N.",
    seed: "Seed of the random order, and of synthetic:N. Default 0.",
    out: "A figure (.png, .svg).",
    json: "Print all numbers as JSON to standard output, and nothing else there.",
  },
  examples: [
    "vitrine importance --data synthetic:64 --layer conv1 --criteria l1,taylor",
    "vitrine importance --data synthetic:48 --layer conv1 --prune 2 --out importance.png",
  ],
  run(positionals, values, io) {
    assertNoArguments("importance", positionals);
    return importanceCommand(values, io);
  },
};

async function importanceCommand(values: Values, io: Io): Promise<void> {
  const layer = values.text("layer");
  if (layer === undefined) throw new UsageError("importance expects --layer, got none");
  if (!values.has("data")) throw new UsageError("importance expects --data FOLDER, got none");
  const criteria = criteriaOf(values);
  const abs = absOf(values);
  const prune = values.whole("prune", 1, 2 ** 16);
  const seed = values.whole("seed", 0, 2 ** 32 - 1) ?? 0;
  const memory = values.whole("memory", 1, 2 ** 20);
  const out = await outOf(values, [".png", ".svg"]);
  const graph = await openModel(values, io);
  const source = await dataOf("importance", graph, values, io);
  const networks = createNetworks(
    await io.device(),
    graph,
    memory === undefined ? {} : { memory: memory * 2 ** 20 },
  );
  try {
    const options = {
      ...{ layer, batch: values.whole("batch", 1, 1024), signal: io.signal },
      onBroken: ({ id, error }: { readonly id: string; readonly error: Error }) =>
        io.err(`vitrine: passed over: ${id}: ${error.message}`),
    };
    const found = await filterImportance(networks, source, {
      ...{ ...options, criteria },
      onProgress: (done, count) =>
        io.progress(`importance: ${done}${count === undefined ? "" : ` of ${count}`}`),
    });
    const curves: Record<string, PruningCurve> = {};
    for (const [name, order] of prune === undefined ? [] : orders(found, prune, seed)) {
      curves[name] = await pruningCurve(networks, source, {
        ...{ ...options, order, count: prune },
        onProgress: (share) => io.progress(`pruning, ${name}: ${Math.round(100 * share)} %`),
      });
    }
    io.progress();
    const lists = listsOf(found, abs);
    if (out !== undefined) {
      const draw = () =>
        composeImportance({
          title: `Importance of the filters of ${layer}`,
          subtitle: `${graph.name} on ${found.pictures ?? ""} pictures of ${source.name}`.replace("  ", " "),
          criteria: lists.map(([name, values]) => ({ name, values })),
          curves: Object.entries(curves).map(([name, { accuracy }]) => ({ name, accuracy })),
          notes: [
            `Rank correlations: ${found.correlations.map(({ a, b, correlation }) => `${a} and ${b} ${correlation.toFixed(2)}`).join("; ")}.`,
          ],
        });
      await writeResult(out, { data: new Float32Array(), shape: [0], draw }, io);
    }
    const { weightsOf, ...rest } = found;
    if (values.has("json"))
      printJson(io, { model: graph.name, data: source.name, weightsOf, abs, ...rest, curves, out });
    else print(found, lists, curves, graph.labels, io);
  } finally {
    networks.destroy();
  }
}

/** The lists that are shown: of Taylor's three forms the one that was asked for. */
function listsOf({ l1, taylor, car }: FilterImportance, abs: TaylorForm): [string, readonly number[]][] {
  return [
    ...(l1 ? ([["l1", l1]] as [string, readonly number[]][]) : []),
    ...(taylor
      ? ([[`taylor, magnitude of each ${abs === "end" ? "mean" : abs}`, taylor[abs]]] as [
          string,
          readonly number[],
        ][])
      : []),
    ...(car ? ([["car: accuracy lost", car]] as [string, readonly number[]][]) : []),
  ];
}

/** The orders in which channels are removed. */
function orders(
  { l1, channels }: FilterImportance,
  count: number,
  seed: number,
): [string, "greedy" | number[]][] {
  if (count > channels) throw new UsageError(`--prune expects 1 to ${channels} channels, got ${count}`);
  const draws = new Draws(seed, 0);
  const random = Array.from({ length: channels }, (_, c) => ({ c, at: draws.unit() }));
  return [
    ["greedy", "greedy"],
    ...(l1
      ? ([["by l1", [...l1.keys()].sort((a, b) => (l1[a] ?? 0) - (l1[b] ?? 0) || a - b)]] as [
          string,
          number[],
        ][])
      : []),
    ["random", random.sort((a, b) => a.at - b.at).map(({ c }) => c)],
  ];
}

function print(
  found: FilterImportance,
  lists: readonly [string, readonly number[]][],
  curves: Readonly<Record<string, PruningCurve>>,
  labels: readonly string[] | undefined,
  io: Io,
): void {
  const { layer, channels, accuracy, pictures, correlations } = found;
  const known =
    accuracy === undefined ? "" : `; the network is right of ${percent(accuracy)} of ${pictures} pictures`;
  io.out(`${layer}: ${channels} channels${known}`);
  for (const [name, values] of lists) {
    const ranked = [...values.keys()].sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
    const words = (some: readonly number[]) =>
      some.map((c) => `${c} (${(values[c] ?? 0).toPrecision(3)})`).join(", ");
    io.out(`  ${name}: most ${words(ranked.slice(0, 4))}; least ${words(ranked.slice(-4))}`);
  }
  for (const { a, b, correlation } of correlations)
    io.out(`  rank correlation of ${a} and ${b}: ${correlation.toFixed(2)}`);
  for (const [name, { removed, accuracy, before, after }] of Object.entries(curves)) {
    io.out(`  pruned, ${name}: ${removed.join(", ")}: ${accuracy.map(percent).join(" → ")}`);
    const lost = before
      .map((share, k) => ({ k, lost: (share ?? 0) - (after[k] ?? 0) }))
      .sort((a, b) => b.lost - a.lost)
      .slice(0, 3)
      .filter((own) => own.lost > 0);
    if (lost.length > 0) {
      io.out(
        `    lost most: ${lost.map((own) => `${labels?.[own.k] ?? own.k} ${percent(own.lost)}`).join(", ")}`,
      );
    }
  }
}

function criteriaOf(values: Values): ImportanceCriterion[] | undefined {
  return values
    .text("criteria")
    ?.split(",")
    .map((part) => {
      const found = IMPORTANCE_CRITERIA.find((name) => name === part.trim());
      if (found) return found;
      throw new UsageError(`--criteria expects ${IMPORTANCE_CRITERIA.join(", ")}, got "${part}"`);
    });
}

function absOf(values: Values): TaylorForm {
  const given = values.text("abs") ?? "example";
  const found = TAYLOR_FORMS.find((form) => form === given);
  if (found) return found;
  throw new UsageError(`--abs expects ${TAYLOR_FORMS.join(", ")}, got "${given}"`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

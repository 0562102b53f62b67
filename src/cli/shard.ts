import type { Shard } from "../dataset/survey/report.ts";
import { UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** A part of a data set, and who said so. */
export interface GivenShard extends Shard {
  /** The variable that named the part; absent where the command line did, or nobody. */
  readonly from?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The part of a data set that this process is to see: --shard I/N, or that of a scheduler's variables, with --shards for a scheduler that
 * does not tell the number of parts. Without any of them the whole, 0/1.
 * @throws UsageError for a part that cannot be, or of an unknown number of parts.
 */
export function shardOf(values: Values, environment: Environment = process.env): GivenShard {
  const text = values.text("shard");
  const shards = values.whole("shards", 1, 1_000_000);
  if (text !== undefined) {
    if (shards !== undefined) throw new UsageError("expected --shard or --shards, got both");
    const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
    if (i === undefined || Number(n) < 1 || Number(i) >= Number(n)) {
      throw new UsageError(`--shard expects I/N with I of 0 to N−1, such as 0/4, got "${text}"`);
    }
    return { i: Number(i), n: Number(n) };
  }
  const told = scheduled(environment);
  if (!told) {
    if (shards === undefined || shards === 1) return { i: 0, n: 1 };
    throw new UsageError(
      `--shards ${shards} expects a scheduler's variable (${VARIABLES.join(", ")}) that tells which part this is, found none; --shard I/${shards} says it`,
    );
  }
  const n = shards ?? told.n;
  if (n === undefined) {
    throw new UsageError(
      `${told.from} tells which part this is and not of how many: give --shards N, or --shard 0/1 for the whole`,
    );
  }
  if (told.i >= 0 && told.i < n) return { i: told.i, n, from: told.from };
  throw new UsageError(`${told.from}: expected a part of 0 to ${n - 1}, got ${told.i}`);
}

const VARIABLES = [
  "SLURM_ARRAY_TASK_ID",
  "JOB_COMPLETION_INDEX",
  "AWS_BATCH_JOB_ARRAY_INDEX",
  "PARALLEL_SEQ",
] as const;

/** The part that a scheduler's variables name: the first that there is. */
function scheduled(environment: Environment): { i: number; n?: number; from: string } | undefined {
  const number = (name: string): number | undefined => {
    const text = environment[name];
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const [slurm, kubernetes, aws, parallel] = VARIABLES.map(number);
  if (slurm !== undefined) {
    const least = number("SLURM_ARRAY_TASK_MIN") ?? 0;
    const step = number("SLURM_ARRAY_TASK_STEP") ?? 1;
    const n = number("SLURM_ARRAY_TASK_COUNT");
    return { i: (slurm - least) / step, ...(n === undefined ? {} : { n }), from: VARIABLES[0] };
  }
  if (kubernetes !== undefined) return { i: kubernetes, from: VARIABLES[1] };
  if (aws !== undefined) {
    const n = number("AWS_BATCH_JOB_ARRAY_SIZE");
    return { i: aws, ...(n === undefined ? {} : { n }), from: VARIABLES[2] };
  }
  // GNU parallel counts from 1.
  return parallel === undefined ? undefined : { i: parallel - 1, from: VARIABLES[3] };
}

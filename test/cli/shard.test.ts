import { describe, expect, test } from "vitest";
import { shardOf } from "../../src/cli/shard.ts";
import { Values } from "../../src/cli/values.ts";

function shard(options: Record<string, string>, environment: Record<string, string> = {}) {
  const values = new Map(Object.entries(options).map(([name, value]) => [name, [value]]));
  return shardOf(new Values({ positionals: [], values: values as never }), environment);
}

describe("the part of a data set", () => {
  test.each([
    [{}, {}, { i: 0, n: 1 }],
    [{ shard: "3/8" }, {}, { i: 3, n: 8 }],
    [{ shard: "0/2" }, { SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_COUNT: "9" }, { i: 0, n: 2 }],
    [
      {},
      { SLURM_ARRAY_TASK_ID: "12", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_COUNT: "4" },
      { i: 2, n: 4, from: "SLURM_ARRAY_TASK_ID" },
    ],
    [
      {},
      {
        SLURM_ARRAY_TASK_ID: "6",
        SLURM_ARRAY_TASK_MIN: "2",
        SLURM_ARRAY_TASK_STEP: "2",
        SLURM_ARRAY_TASK_COUNT: "5",
      },
      { i: 2, n: 5, from: "SLURM_ARRAY_TASK_ID" },
    ],
    [{ shards: "4" }, { JOB_COMPLETION_INDEX: "3" }, { i: 3, n: 4, from: "JOB_COMPLETION_INDEX" }],
    [
      {},
      { AWS_BATCH_JOB_ARRAY_INDEX: "1", AWS_BATCH_JOB_ARRAY_SIZE: "3" },
      { i: 1, n: 3, from: "AWS_BATCH_JOB_ARRAY_INDEX" },
    ],
    [{ shards: "7" }, { PARALLEL_SEQ: "7" }, { i: 6, n: 7, from: "PARALLEL_SEQ" }],
    [{ shards: "1" }, {}, { i: 0, n: 1 }],
  ])("of %j and %j is %j", (options, environment, expected) => {
    expect(shard(options as Record<string, string>, environment as Record<string, string>)).toEqual(expected);
  });

  test.each([
    [{ shard: "8/8" }, {}, '--shard expects I/N with I of 0 to N−1, such as 0/4, got "8/8"'],
    [{ shard: "1" }, {}, "--shard expects I/N"],
    [{ shard: "1/2", shards: "2" }, {}, "expected --shard or --shards, got both"],
    [{ shards: "2" }, {}, "expects a scheduler's variable"],
    [{}, { PARALLEL_SEQ: "1" }, "PARALLEL_SEQ tells which part this is and not of how many: give --shards N"],
    [{ shards: "4" }, { PARALLEL_SEQ: "5" }, "PARALLEL_SEQ: expected a part of 0 to 3, got 4"],
  ])("of %j and %j is refused", (options, environment, message) => {
    expect(() => shard(options as Record<string, string>, environment as Record<string, string>)).toThrow(
      message,
    );
  });
});

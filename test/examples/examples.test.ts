import { expect, test, vi } from "vitest";

/** What an example prints; it runs when it is imported. */
async function said(example: () => Promise<unknown>): Promise<string[]> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await example();
    return log.mock.calls.map(([line]) => String(line));
  } finally {
    log.mockRestore();
  }
}

test("the example of Gram matrices runs", async () => {
  expect(await said(() => import("../../examples/gram.ts"))).toEqual(["1 2 0", "2 4 0", "0 0 1"]);
});

test("the example of statistics runs", async () => {
  expect(await said(() => import("../../examples/statistics.ts"))).toEqual([
    "values 44, zeros 14, largest 10",
    "mean 3.750, variance 12.188",
    "first shard's histogram 12 6 6 0 0",
    "second shard's top images 10 9 8",
  ]);
});

test("the example of an occlusion sweep runs", async () => {
  // Pixels 0 … 15 in rows of four: 0 + 1 + 4 + 5 and so on.
  expect(await said(() => import("../../examples/occlusion.ts"))).toEqual([
    "10 10 18 18",
    "10 10 18 18",
    "42 42 50 50",
    "42 42 50 50",
  ]);
});

test("the example of a black box runs", async () => {
  expect(await said(() => import("../../examples/black-box.ts"))).toEqual([
    "10 10 0 0",
    "10 10 0 0",
    "42 42 0 0",
    "42 42 0 0",
    "1 1 0 0",
  ]);
});

test("the example of the three rules runs", async () => {
  expect(await said(() => import("../../examples/guided-relu.ts"))).toEqual([
    "gradient 5 -5 0 0",
    "guided 5 0 0 0",
    "deconvnet 5 0 5 0",
  ]);
});

test("the example that reads a data set runs", async () => {
  const lines = await said(async () => (await import("../../examples/read-data-set.ts")).main([]));
  expect(lines.at(-1)).toMatch(
    /shard-\{000\.\.001\}\.tar: 7 pictures, 0 broken, \d+ pictures\/s, \d+ MB at most$/,
  );
});

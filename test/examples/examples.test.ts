import { expect, test, vi } from "vitest";
import { main as gram } from "../../examples/gram.ts";
import { main as statistics } from "../../examples/statistics.ts";

async function said(by: () => Promise<void>): Promise<string[]> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    await by();
    return log.mock.calls.map(([line]) => String(line));
  } finally {
    log.mockRestore();
  }
}

test("the example of Gram matrices runs", async () => {
  expect(await said(gram)).toEqual(["1 2 0", "2 4 0", "0 0 1"]);
});

test("the example of statistics runs", async () => {
  expect(await said(statistics)).toEqual([
    "values 44, zeros 14, largest 10",
    "mean 3.750, variance 12.188",
    "first shard's histogram 12 6 6 0 0",
    "second shard's top images 10 9 8",
  ]);
});

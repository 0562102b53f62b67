import { setFlagsFromString } from "node:v8";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bench, Contender } from "../../bench/case.ts";
import { createClock } from "../../bench/clock.ts";
import { createBench } from "../../bench/hosts/host.ts";
import { ONE_COMPILATION } from "../../bench/hosts/node.ts";
import { createLimitProbes } from "../../bench/limits.ts";
import { type Instruments, measureCase } from "../../bench/measure.ts";
import type { Results } from "../../bench/result.ts";
import { type Progress, runSuite } from "../../bench/suite.ts";
import { createGpu, modelFromDisk } from "../../src/node.ts";
import { testDevice } from "../gpu.ts";

const FACTS = { host: "Node, in a test", system: "a test", commit: "none", versions: {} };
const EFFORT = { milliseconds: 20, fewest: 2, most: 3 };

let bench: Bench;

const navigator = Object.getOwnPropertyDescriptor(globalThis, "navigator");

beforeAll(async () => {
  setFlagsFromString(ONE_COMPILATION);
  // The peers look for WebGPU where a browser has it.
  const value = { gpu: await createGpu(), userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
  bench = await createBench(await testDevice(), { shipped: () => modelFromDisk("models/vitrine") });
});

afterAll(() => {
  if (navigator) Object.defineProperty(globalThis, "navigator", navigator);
  else Reflect.deleteProperty(globalThis, "navigator");
});

describe("a run of three tiny cases", () => {
  const told: Progress[] = [];
  let results: Results;

  beforeAll(async () => {
    const filter = ["growth/gram-16", "growth/conv-7", "groups/shufflenet"];
    const options = { filter, sizes: "small", effort: EFFORT } as const;
    results = await runSuite(bench, FACTS, options, (progress) => told.push(progress));
  });

  test("is whole, and knows where and with what it was made", () => {
    expect(results.complete).toBe(true);
    expect(results.rows.map(({ id }) => id)).toEqual([
      "growth/gram-16",
      "growth/conv-7",
      "groups/shufflenet",
    ]);
    expect(results.environment.host).toBe(FACTS.host);
    expect(results.environment.versions).toMatchObject({ tfjs: expect.stringMatching(/^4\./) });
    expect(results.limits.copy).toBeGreaterThan(0);
    expect(results.limits.f32).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(results))).toEqual(results);
  });

  test("has ours and both peers, each with the right outcome before it was timed", () => {
    for (const row of results.rows) {
      expect(row.failure).toBeUndefined();
      expect(row.entries.map(({ name }) => name).slice(0, 3)).toEqual(["vitrine", "tfjs", "onnxruntime"]);
      for (const { name, error, timed, absent } of row.entries) {
        expect(absent).toBeUndefined();
        expect(error, `${row.id} ${name}`).toBeLessThanOrEqual(row.tolerance);
        expect(timed?.wall.n).toBeGreaterThanOrEqual(EFFORT.fewest);
        expect(timed?.wall.median).toBeGreaterThan(0);
        expect(timed?.ratio === undefined).toBe(name === "vitrine");
      }
    }
  });

  test("says what share of this run's limits each reached", () => {
    for (const { id, entries } of results.rows) {
      for (const { name, rate } of entries) {
        expect(rate?.share, `${id} ${name}`).toBeGreaterThan(0);
        expect(rate?.share).toBeLessThan(2);
      }
    }
  });

  test("holds each case against the limit as it was between its rounds, and keeps the best of them", () => {
    for (const { work, limit, entries } of results.rows) {
      expect(limit?.median).toBeGreaterThan(0);
      expect(limit?.best).toBeGreaterThanOrEqual(limit?.median ?? Infinity);
      const [whole, all] =
        limit?.by === "bytes" ? [work.bytes, results.limits.copy] : [work.flops, results.limits.f32];
      expect(all).toBeGreaterThanOrEqual(limit?.best ?? Infinity);
      const [ours] = entries;
      const seconds = (ours?.timed?.gpu ?? ours?.timed?.wall)?.median ?? Number.NaN;
      expect(ours?.rate?.share).toBeCloseTo(whole / ((limit?.median ?? 0) * 1e6 * seconds), 9);
    }
  });

  test("tells of every step as it is taken", () => {
    const steps = results.rows.flatMap(() => ["case", "row"]);
    expect(told.map(({ kind }) => kind)).toEqual(["start", "limits", ...steps, "end"]);
  });
});

test("a run that is stopped leaves what it measured until then", async () => {
  const stop = new AbortController();
  const options = {
    filter: ["growth/gram-16", "growth/gram-32"],
    sizes: "small",
    effort: EFFORT,
    signal: stop.signal,
  } as const;
  const results = await runSuite(bench, FACTS, options, ({ kind }) => {
    if (kind === "row") stop.abort();
  });
  expect(results.complete).toBe(false);
  expect(results.rows.map(({ id }) => id)).toEqual(["growth/gram-16"]);
  expect(results.leftOut).toEqual(["growth/gram-32"]);
  expect(results.rows[0]?.entries[0]?.rate?.share).toBeGreaterThan(0);
});

test("a run out of time says what it left out", async () => {
  const options = { filter: ["growth/gram-16"], sizes: "small", effort: EFFORT, budget: 0 } as const;
  const results = await runSuite(bench, FACTS, options, () => {});
  expect(results).toMatchObject({ complete: false, rows: [], leftOut: ["growth/gram-16"] });
});

describe("a contender", () => {
  let instruments: Instruments;
  const calls = { created: 0, submitted: 0, destroyed: 0 };

  beforeAll(async () => {
    const device = await testDevice();
    const clock = await createClock(device);
    instruments = { clock, probes: await createLimitProbes(device, clock, true) };
  });
  afterAll(() => {
    instruments.clock.destroy();
    instruments.probes.destroy();
  });

  /** Somebody who answers so, at once. */
  function answers(name: string, kind: Contender["kind"], y: Float32Array | Error): Contender {
    return {
      name,
      kind,
      async create() {
        calls.created++;
        if (y instanceof Error) throw y;
        return {
          submit: () => void calls.submitted++,
          read: async () => y,
          destroy: () => void calls.destroyed++,
        };
      },
    };
  }

  async function measured(reference: string, ...contenders: Contender[]) {
    Object.assign(calls, { created: 0, submitted: 0, destroyed: 0 });
    const task = {
      size: "1",
      work: { flops: 1, bytes: 1 },
      prepare: () => ({
        contenders,
        reference,
        check: (y: Float32Array, witness: Float32Array) =>
          reference === "peer" ? Math.abs((y[0] ?? 0) - (witness[0] ?? 0)) : Math.abs((y[0] ?? 0) - 1),
      }),
    };
    return measureCase(bench, instruments, EFFORT, { id: "made/up", title: "made up", tasks: [task] }, task);
  }

  const right = Float32Array.of(1);
  const wrong = Float32Array.of(1.5);

  test("is timed as often as its time allows, and the limit with it", async () => {
    const { entries, limit } = await measured("one", answers("vitrine", "ours", right));
    expect(entries[0]?.timed?.wall.n).toBeGreaterThanOrEqual(EFFORT.fewest);
    expect(limit?.by).toMatch(/arithmetic|bytes/);
  });

  test("that answers wrongly is not timed, and is told of", async () => {
    const { entries } = await measured(
      "one",
      answers("vitrine", "ours", right),
      answers("tfjs", "peer", wrong),
    );
    expect(entries[0]).toMatchObject({ name: "vitrine", error: 0 });
    expect(entries[0]?.timed).toBeDefined();
    expect(entries[1]).toEqual({ name: "tfjs", kind: "peer", error: 0.5, absent: "wrong by 5.0e-1" });
    expect(calls).toMatchObject({ created: 2, destroyed: 2 });
  });

  test("that fails, or is not there, keeps nobody else from running", async () => {
    const { entries } = await measured(
      "one",
      answers("vitrine", "ours", right),
      answers("tfjs", "peer", new Error("out of memory")),
      { name: "onnxruntime", kind: "peer", absent: "it has none" },
    );
    expect(entries.map(({ absent }) => absent)).toEqual([undefined, "failed: out of memory", "it has none"]);
    expect(calls).toMatchObject({ created: 2, destroyed: 1 });
  });

  test("of ours is held against the first peer's outcome where that is the reference", async () => {
    const row = await measured("peer", answers("vitrine", "ours", wrong), answers("tfjs", "peer", right));
    expect(row.reference).toBe("tfjs");
    expect(row.entries.map(({ name }) => name)).toEqual(["vitrine", "tfjs"]);
    expect(row.entries[0]).toMatchObject({ error: 0.5, absent: "wrong by 5.0e-1" });
  });

  test("of ours is not believed where there is nothing to hold it against", async () => {
    const { entries } = await measured("peer", answers("vitrine", "ours", right));
    expect(entries[0]?.absent).toMatch(/no peer/);
    expect(entries[0]?.timed).toBeUndefined();
  });
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { compare, complaints, differenceFrom } from "../../bench/baseline.ts";
import { fileNameOf } from "../../bench/keep.ts";
import { main } from "../../bench/main.ts";
import { type Options, parseOptions } from "../../bench/options.ts";
import { readBaseline, report, tryOutputs } from "../../bench/outcome.ts";
import type { Results } from "../../bench/result.ts";
import { entry, results, row } from "./example-results.ts";

/** A run in which tfjs took so many times our time, with a spread around it. */
function run(median: number, spread = 0.05): Results {
  const ratio = { median, p10: median * (1 - spread), p90: median * (1 + spread) };
  const { timed, ...tfjs } = entry("tfjs", 8);
  if (!timed) throw new Error("expected a time");
  return results([row({ entries: [entry("vitrine", 2), { ...tfjs, timed: { ...timed, ratio } }] })]);
}

const verdict = (before: Results, now: Results, threshold = 0.15) =>
  compare(before, now, threshold).map(({ verdict }) => verdict);

describe("a comparison with an earlier run", () => {
  test("lets a ratio move within the threshold", () => {
    expect(verdict(run(4), run(3.5))).toEqual(["same"]);
    expect(verdict(run(4), run(4.5))).toEqual(["same"]);
  });

  test("finds what fell or rose by more than that", () => {
    expect(verdict(run(4), run(3))).toEqual(["worse"]);
    expect(verdict(run(4), run(5))).toEqual(["better"]);
    expect(verdict(run(4), run(3), 0.3)).toEqual(["same"]);
  });

  test("calls it noise where the two spreads overlap", () => {
    expect(verdict(run(4, 0.3), run(3, 0.3))).toEqual(["same"]);
    expect(verdict(run(4, 0.3), run(5, 0.3))).toEqual(["same"]);
  });

  test("tells of a case that is gone, one that is new, and one that ran at another size", () => {
    const [one] = run(4).rows;
    if (!one) throw new Error("expected a row");
    const other = { ...one, id: "gram/one", title: "a Gram matrix" };
    expect(compare(results([one, other]), results([one]), 0.15)).toMatchObject([
      { id: "conv/one", verdict: "same" },
      { id: "gram/one", against: "tfjs", verdict: "missing", before: { median: 4 } },
    ]);
    expect(compare(results([one]), results([one, other]), 0.15)).toMatchObject([
      { id: "conv/one", verdict: "same" },
      { id: "gram/one", against: "tfjs", verdict: "new", now: { median: 4 } },
    ]);
    const smaller = results([{ ...one, size: "4×4" }]);
    expect(verdict(results([one]), smaller)).toEqual(["missing", "new"]);
  });
});

/** A folder of its own for each test, and what is printed in place of a terminal. */
let folder: string;
let printed: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-bench-test-"));
  printed = [];
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((text: unknown) => void printed.push(String(text)));
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

describe("a baseline of other surroundings", () => {
  const { environment } = results();
  const of = (change: Partial<Results["environment"]>) => ({ environment: { ...environment, ...change } });

  test("is none of the same adapter and host, whatever its version and its day", () => {
    expect(
      differenceFrom(of({}), of({ host: "Node v24.1.0, Dawn (webgpu 0.7.0)", date: "2027-01-01" })),
    ).toBeUndefined();
    expect(
      differenceFrom(of({ host: "HeadlessChrome/155.0" }), of({ host: "HeadlessChrome/156.1" })),
    ).toBeUndefined();
  });

  test.each([
    [
      "another adapter",
      { adapter: "SwiftShader" },
      /same adapter, got those of "llvmpipe .*" for a run on "SwiftShader"/,
    ],
    [
      "another host",
      { host: "HeadlessChrome/156.0" },
      /same host, got those of "Node v20.*" for a run on "HeadlessChrome/,
    ],
  ])("is one of %s", (_, change, message) => {
    expect(differenceFrom(of({}), of(change))).toMatch(message);
  });

  test("is refused by the first that the host tells, and nothing is measured", async () => {
    const file = join(folder, "other-adapter.json");
    writeFileSync(file, JSON.stringify(results()));
    const out = join(folder, "none.json");
    const args = ["--host", "node", "--baseline", file, "--json", out, "growth/gram-16", "--sizes", "small"];
    expect(await main(args)).toBe(2);
    expect(printed.join("\n")).toMatch(/--baseline expects results of the same adapter/);
    expect(readdirSync(folder)).not.toContain("none.json");
  });
});

describe("what is to be written", () => {
  test.each(["json", "csv", "markdown", "html"])("is tried before the run: --%s", async (format) => {
    expect(await main([`--${format}`, join(folder, "nowhere", "run.out"), "gram"])).toBe(2);
    expect(printed.join("\n")).toMatch(new RegExp(`--${format}: expected a file that can be written`));
  });

  test("is a file, and no folder; and the folder of --keep can be made", async () => {
    expect(() => tryOutputs(parseOptions(["--html", folder, "gram"]))).toThrow(/is a folder/);
    writeFileSync(join(folder, "file"), "");
    expect(() => tryOutputs(parseOptions(["--keep", join(folder, "file/deeper")]))).toThrow(
      /--keep: expected/,
    );
    tryOutputs(parseOptions(["--keep", "none", "--json", join(folder, "new.json")]));
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

describe("complaints", () => {
  test("are none for a good run, also of a peer that is not there", () => {
    expect(complaints(results())).toEqual([]);
  });

  test("name a wrong result, a failure, ours without a time, and a ratio that fell", () => {
    const wrong = row({ entries: [entry("vitrine", 2), { name: "tfjs", kind: "peer", error: 0.5 }] });
    expect(complaints(results([wrong]))).toEqual([expect.stringContaining("tfjs differs")]);
    expect(complaints(results([row({ failure: "no such device", entries: [] })]))).toEqual([
      "conv/one: no such device",
    ]);
    const absent = row({ entries: [{ name: "vitrine", kind: "ours", absent: "failed: too large" }] });
    expect(complaints(results([absent]))).toEqual(["conv/one: ours failed: too large"]);
    const fell = complaints(run(3), compare(run(4), run(3), 0.15));
    expect(fell).toEqual(["conv/one: tfjs over ours fell from 4.00 to 3.00"]);
    expect(complaints(run(5), compare(run(4), run(5), 0.15))).toEqual([]);
  });
});

describe("the end of a run", () => {
  const options = (...args: string[]): Options => parseOptions(["--keep", "none", ...args]);

  test("exits with 1 on a regression against what --json wrote, and with 0 without one", () => {
    const file = join(folder, "before.json");
    expect(report(options("--json", file), run(4), undefined)).toBe(0);
    const before = readBaseline(file);
    expect(before).toEqual(run(4));
    expect(report(options(), run(3.9), before)).toBe(0);
    expect(report(options(), run(3), before)).toBe(1);
    expect(printed.join("\n")).toContain("worse   conv/one against tfjs: 4.00× → 3.00×");
    expect(report(options("--threshold", "0.3"), run(3), before)).toBe(0);
  });

  test("refuses a baseline that is something else, before anything is measured", async () => {
    const file = join(folder, "other.json");
    writeFileSync(file, '{"format":2,"rows":[]}');
    expect(() => readBaseline(file)).toThrow(/expected results that --json wrote/);
    expect(await main(["--baseline", file])).toBe(2);
    expect(await main(["--baseline", join(folder, "nowhere.json")])).toBe(2);
    writeFileSync(file, "not even JSON");
    expect(() => readBaseline(file)).toThrow(
      /^--baseline: expected results that --json wrote, got Unexpected/,
    );
    writeFileSync(file, "null");
    expect(() => readBaseline(file)).toThrow(/^--baseline: expected results/);
    expect(await main(["--baseline", file])).toBe(2);
  });

  test("keeps a whole run under its adapter's and host's name, with its table", () => {
    const whole = parseOptions(["--keep", folder]);
    expect(report(whole, results(), undefined)).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["llvmpipe-soft.node.json", "llvmpipe-soft.node.md"]);
    expect(JSON.parse(readFileSync(join(folder, "llvmpipe-soft.node.json"), "utf8"))).toEqual(results());
    expect(readFileSync(join(folder, "llvmpipe-soft.node.md"), "utf8")).toContain("| a convolution |");
    const { environment } = results();
    expect(fileNameOf({ ...environment, host: "HeadlessChrome 156.0" })).toBe("llvmpipe-soft.chrome");
    expect(fileNameOf({ ...environment, adapter: "(…)" })).toBe("unknown.node");
  });

  test("keeps a run cut short beside the last whole one, and no part of the suite", () => {
    report(parseOptions(["--keep", folder]), results([row()], { complete: false }), undefined);
    expect(readdirSync(folder).sort()).toEqual([
      "llvmpipe-soft.node.partial.json",
      "llvmpipe-soft.node.partial.md",
    ]);
    report(parseOptions(["--keep", join(folder, "part"), "gram"]), results(), undefined);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(printed.join("\n")).toContain("not kept");
  });
});

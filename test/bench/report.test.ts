import { describe, expect, test } from "vitest";
import { reachedBy } from "../../bench/goals.ts";
import { consoleReport } from "../../bench/report/console.ts";
import { csvReport } from "../../bench/report/csv.ts";
import { htmlReport } from "../../bench/report/html.ts";
import { markdownReport } from "../../bench/report/markdown.ts";
import { axisNumber, logScale } from "../../bench/report/svg.ts";
import { gist, percent, short } from "../../bench/report/table.ts";
import { bestLimits, oursOf, type Row, withRates, wrongIn } from "../../bench/result.ts";
import { entry, results, row } from "./example-results.ts";

const AWKWARD = row({
  id: "gram/awkward",
  title: 'pipes | commas, "quotes" & <b>tags</b>',
  size: "2 × 784, 128",
  reducedFrom: "8 × 784, 128",
  note: "a note",
  goals: [
    { of: "tfjs", least: 5 },
    { of: "limit", least: 0.2 },
  ],
});
const FAILED = row({ id: "conv/failed", title: "a failure", failure: "no <device>", entries: [] });

describe("rates", () => {
  const limits = { copy: 10, f32: 40 };
  const rated = (work: Row["work"], change: Partial<Row> = {}) =>
    oursOf(withRates(row({ work, ...change }), limits))?.rate;

  test("go by the limit that the work meets first, and by the row's clock", () => {
    // 2 ms by the GPU, 3 by the wall: of 40 GFLOP/s, 10 GFLOP/s are a quarter.
    expect(rated({ flops: 2e7, bytes: 1e6 })).toEqual({
      gflops: 10,
      gbps: 0.5,
      share: 0.25,
      by: "arithmetic",
    });
    expect(rated({ flops: 1e6, bytes: 1e7 })).toMatchObject({ gbps: 5, share: 0.5, by: "bytes" });
    expect(rated({ flops: 2.4e7, bytes: 1 }, { clock: "wall" })?.gflops).toBeCloseTo(8, 12);
  });

  test("go by the limit as the row itself saw it", () => {
    const limit = { by: "arithmetic", median: 20, best: 30 } as const;
    expect(rated({ flops: 2e7, bytes: 1e6 }, { limit })).toMatchObject({ gflops: 10, share: 0.5 });
    // Even where the other limit, as measured alone, would now be met first.
    expect(rated({ flops: 2e7, bytes: 1.9e7 }, { limit })).toMatchObject({ share: 0.5, by: "arithmetic" });
    expect(bestLimits(limits, [row({ limit })])).toEqual(limits);
    expect(bestLimits(limits, [row({ limit: { ...limit, best: 50 } }), row()])).toEqual({
      copy: 10,
      f32: 50,
    });
    const bytes = { by: "bytes", median: 5, best: 12 } as const;
    expect(bestLimits(limits, [row({ limit: bytes })])).toEqual({ copy: 12, f32: 40 });
  });

  test("make no wrong result of one at the tolerance, and one of NaN", () => {
    const at = (error: number) => wrongIn([row({ entries: [entry("tfjs", 1, 1, { error })] })]).length;
    expect([at(1e-4), at(2e-4), at(Number.NaN)]).toEqual([0, 1, 1]);
  });
});

describe("goals", () => {
  const reached = (change: Partial<Row>) => reachedBy(row(change))[0];

  test("compare others' time with ours, or ours with another's", () => {
    expect(reached({ goals: [{ of: "tfjs", least: 3 }] })).toEqual({
      what: "tfjs over ours",
      goal: "≥ 3×",
      unit: "×",
      value: 4,
      met: true,
    });
    expect(reached({ goals: [{ of: "tfjs", least: 5 }] })).toMatchObject({ met: false });
    const entries = [entry("vitrine", 2), entry("forward pass", 1.6, 0.8, { kind: "variant" })];
    expect(reached({ entries, goals: [{ of: "forward pass", most: 1.15 }] })).toMatchObject({
      what: "ours over the forward pass",
      value: 1.25,
      met: false,
    });
  });

  test("take the share of the limit, and of the saving that is exact", () => {
    expect(reached({ goals: [{ of: "limit", least: 0.25 }] })).toMatchObject({
      what: "of the multiply-add limit",
      goal: "≥ 25 %",
      value: 0.25,
      met: true,
    });
    const entries = [entry("vitrine", 2), entry("whole images", 16, 8, { kind: "variant" })];
    expect(reached({ entries, saving: 10, goals: [{ of: "saving", least: 0.75 }] })).toMatchObject({
      what: "of the exact saving",
      value: 0.8,
      met: true,
    });
  });

  test("that were not measured are neither met nor missed", () => {
    const found = reached({ goals: [{ of: "onnxruntime", least: 2 }] });
    expect(found).toEqual({ what: "onnxruntime over ours", goal: "≥ 2×", unit: "×" });
  });
});

describe("numbers", () => {
  test("have three digits and no exponent", () => {
    expect([1234.5, 56.78, 1.234, 0.01234, 0.00001].map(short)).toEqual([
      "1235",
      "56.8",
      "1.23",
      "0.0123",
      "0.0000",
    ]);
    expect(short(Number.NaN)).toBe("–");
    expect(percent(0.856)).toBe("85.6 %");
    expect([0.05, 20, 3000, 2e6].map(axisNumber)).toEqual(["0.05", "20", "3k", "2M"]);
  });

  test("find their places on a logarithmic axis between round ticks", () => {
    const scale = logScale([1.5, 40], [0, 100], axisNumber);
    expect(scale.ticks.map(({ label }) => label)).toEqual(["1", "2", "5", "10", "20", "50"]);
    expect(scale(1)).toBeCloseTo(0, 9);
    expect(scale(50)).toBeCloseTo(100, 9);
    expect(scale.invert(scale(7))).toBeCloseTo(7, 9);
    expect(logScale([3, 3], [0, 1], axisNumber).ticks.length).toBeGreaterThan(1);
  });

  test("of a row make a few words for a progress line", () => {
    expect(gist(row())).toBe("2.00 ms, tfjs 4.00×, onnxruntime –");
    expect(gist(FAILED)).toBe("failed: no <device>");
  });
});

/** Fields of comma-separated values, quotes undone. */
function parseCsv(text: string): string[][] {
  return text
    .trimEnd()
    .split("\r\n")
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
        quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'),
      ),
    );
}

test("CSV has a line a contender, and gives back every text", () => {
  const [head = [], ...lines] = parseCsv(csvReport(results([row(), AWKWARD, FAILED])));
  expect(lines).toHaveLength(6);
  for (const line of lines) expect(line).toHaveLength(head.length);
  const column = (name: string, line = 0): string | undefined => lines[line]?.[head.indexOf(name)];
  expect(column("adapter")).toBe(results().environment.adapter);
  expect(column("size", 3)).toBe("2 × 784, 128");
  expect(column("median_ms")).toBe("2");
  expect(column("ratio", 1)).toBe("4");
  expect(column("absent", 2)).toBe("it has no such operation");
  expect(column("software")).toBe("true");
});

test("Markdown has two tables, no cell broken by a pipe, and says that a software adapter is one", () => {
  const text = markdownReport(results([row(), AWKWARD, FAILED]));
  const tables = text.split("\n\n").filter((part) => part.startsWith("|"));
  expect(tables).toHaveLength(2);
  for (const table of tables) {
    const bars = table
      .trimEnd()
      .split("\n")
      .map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(bars).size).toBe(1);
  }
  expect(text).toContain("software adapter");
  expect(text).toContain("real: 8 × 784, 128");
  expect(tables[1]).toContain("| tfjs over ours | ≥ 5× | 4.00× | missed |");
  expect(tables[1]).toContain("| of the multiply-add limit | ≥ 20 % | 25.0 % | met |");
  const { environment } = results();
  const hardware = { ...environment, software: false };
  expect(markdownReport(results([row()], { environment: hardware }))).not.toContain("software adapter");
});

test("the terminal's tables stand in columns", () => {
  const text = consoleReport(results([row(), AWKWARD, FAILED]));
  const lines = text.split("\n");
  const head = lines.find((line) => line.startsWith("case"));
  const ours = lines.find((line) => line.startsWith("a convolution"));
  expect(head?.indexOf("who")).toBe(ours?.indexOf("vitrine"));
  expect(text).toContain("software adapter");
  expect(text).toContain("failed: no <device>");
  expect(text).toContain("missed");
});

describe("the HTML report", () => {
  const grown = [1, 10, 100].map((at) =>
    row({ id: `growth/${at}`, growth: { series: "a <series>", axis: "channels", at } }),
  );
  const html = htmlReport(results([row(), AWKWARD, FAILED, ...grown]));

  test("needs no other file and nobody's server", () => {
    expect(html).not.toMatch(/\b(src|href|action|data)\s*=/);
    expect(html).not.toMatch(/https?:|url\(|@import|<script|<link|<iframe/);
  });

  test("escapes every text", () => {
    expect(html).not.toContain("<b>");
    expect(html).not.toContain("<device>");
    expect(html).not.toContain("<series>");
    expect(html).toContain("pipes | commas, &quot;quotes&quot; &amp; &lt;b&gt;tags&lt;/b&gt;");
    expect(html).toContain("llvmpipe &quot;soft&quot; (LLVM 15, 256 bits) &lt;&amp;&gt;");
  });

  test("closes what it opens", () => {
    const open: string[] = [];
    for (const [, close, name = "", rest = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b([^>]*)>/g)) {
      if (["meta", "br", "hr"].includes(name) || rest.endsWith("/")) continue;
      if (!close) open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test("has the surroundings, goals, three kinds of plot and a table for each group", () => {
    for (const label of ["Time of the others over ours", "Roofline", "Time over size"]) {
      expect(html).toContain(`aria-label="${label}"`);
    }
    expect(html).toContain("What it is to show");
    expect(html).toContain("1 of 2 met");
    expect(html).toContain('class="warning"');
    expect([...html.matchAll(/<h3>(\w+)</g)].map(([, group]) => group)).toEqual(["conv", "gram", "growth"]);
    expect(html).toContain("failed: no &lt;device&gt;");
    // A dot for each of tfjs's ratios, with what it is.
    expect(html).toContain("tfjs: 4.00× our time (3.80 to 4.20)");
  });

  test("draws no plot of what was not measured", () => {
    const nothing = htmlReport(results([FAILED]));
    expect(nothing).not.toContain("<svg");
    expect(nothing).toContain("failed: no &lt;device&gt;");
  });
});

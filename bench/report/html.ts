import type { Tuning } from "../../src/network.ts";
import { groupOf } from "../case.ts";
import type { Results, Row } from "../result.ts";
import { growthPlots } from "./growth.ts";
import { ratioPlot } from "./ratios.ts";
import { rooflinePlot } from "./roofline.ts";
import style from "./style.css?raw";
import { escapeText } from "./svg.ts";
import { short } from "./table.ts";
import { figuresTable, goalsTable } from "./tables.ts";

/** A report that needs no other file and fetches nothing. */
export function htmlReport(results: Results): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vitrine benchmark: ${escapeText(results.environment.adapter)}</title>
<style>${style}</style>
</head>
<body class="report">
<h1>Vitrine benchmark</h1>
${reportBody(results)}
</body>
</html>
`;
}

/** The report without its page: surroundings, plots, tables. All text in it is escaped. */
export function reportBody(results: Results): string {
  const { rows } = results;
  return [
    surroundings(results),
    section("What it is to show", goalsTable(rows)),
    section("The others’ time over ours", ratioPlot(rows)),
    section("Under the roof of this device", rooflinePlot(results)),
    section("How the time grows", growthPlots(rows)),
    section(
      "All figures",
      [...groupsOf(rows)].map(([group, members]) => figuresTable(group, members)).join(""),
    ),
    LEGEND,
  ].join("\n");
}

function tileText({ pixels, channels, subgroups, staged }: Tuning["tiles"]["much"]): string {
  return `${pixels} pixels × ${channels} channels${subgroups ? " by subgroups" : staged ? " staged" : ""}`;
}

function section(title: string, body: string): string {
  return body === "" ? "" : `<section><h2>${title}</h2>${body}</section>`;
}

function surroundings({ environment, limits, complete, seconds, leftOut = [] }: Results): string {
  const { adapter, software, host, system, commit, date, quantum, versions, features, tiles } = environment;
  const facts: readonly (readonly [string, string])[] = [
    ["adapter", `${adapter}${software ? " (software)" : ""}`],
    ["host", host],
    ["system", system],
    ["commit", commit],
    ["date", date.replace("T", " ").slice(0, 16)],
    [
      "limits in this run",
      `copy ${short(limits.copy)} GB/s, multiply-add ${short(limits.f32)} GFLOP/s${limits.f16 ? `, f16 ${short(limits.f16)} GFLOP/s` : ""}`,
    ],
    ["GPU clock", quantum === undefined ? "none: wall times throughout" : `steps of ${quantum} ns`],
    [
      "versions",
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
    ["features", features.join(", ")],
    ...(tiles
      ? [
          [
            "tiles of the convolution",
            `${tileText(tiles.little)} where there is little work, ${tileText(tiles.much)} where there is much`,
          ] as const,
        ]
      : []),
    ["run", `${Math.round(seconds)} s${complete ? "" : ", cut short"}`],
    ...(leftOut.length > 0 ? [["not measured", leftOut.join(", ")] as const] : []),
  ];
  const warning = software
    ? '<p class="warning">A software adapter: the ratios tell something, the times do not compare with any GPU’s.</p>'
    : "";
  return `${warning}<dl>${facts.map(([term, fact]) => `<dt>${term}</dt><dd>${escapeText(fact)}</dd>`).join("")}</dl>`;
}

function groupsOf(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(groupOf(row.id), [...(groups.get(groupOf(row.id)) ?? []), row]);
  return groups;
}

const LEGEND = `<p class="legend">ms: median of one run by the GPU’s clock where the host has one, between marks in the
queue before the first and after the last repetition; techniques and launches go by the wall’s clock, recording by the CPU’s until all is submitted. cold: compilation, upload and
first run. GFLOP/s and GB/s count the work of the plain algorithm. of limit: the least time that the copy kernel (B) or
the multiply-add kernel (F), run at the end of each round, allows for that work, over the time taken; above 100 % where
work is saved or a cache helps. ours faster: median over the rounds of their time over ours in the same round, and its 10th to 90th
percentile. error: largest difference from the reference, relative to the reference’s largest value.</p>`;

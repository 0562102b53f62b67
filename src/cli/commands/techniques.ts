import { ATTRIBUTIONS } from "../../techniques/attribution/list.ts";
import { type AttributionTechnique, citationOf } from "../../techniques/attribution/technique.ts";
import { SYNTHESES } from "../../techniques/synthesis/list.ts";
import type { SynthesisTechnique } from "../../techniques/synthesis/technique.ts";
import { table } from "../columns.ts";
import { type Io, printJson, printLines } from "../io.ts";
import { synthesisSettings } from "../synthesis-options.ts";
import { settingsOf } from "../technique-options.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand } from "./command.ts";

export const TECHNIQUES: CliCommand = {
  name: "techniques",
  usage: "",
  summary: "List the techniques of explain and visualize, with their papers. Needs no GPU.",
  details: [
    "First those of explain, which say which pixels decided, then those of visualize, which make pictures. A map of [H,W,C] has a value for each color of each pixel, one of [H,W] a value a pixel, and one of [h,w] a value for each cell of a layer.",
  ],
  options: ["json", "markdown"],
  examples: ["vitrine techniques", "vitrine techniques --markdown"],
  async run(positionals, values, io) {
    assertNoArguments("techniques", positionals);
    list(values, io);
  },
};

function list(values: Values, io: Io): void {
  values.exclusive("json", "markdown");
  if (values.has("json")) printJson(io, [...ATTRIBUTIONS.map(reportOf), ...SYNTHESES.map(reportOfSynthesis)]);
  else if (values.has("markdown")) printLines(io, `${techniquesAsMarkdown()}\n\n${synthesesAsMarkdown()}`);
  else {
    const rows = SYNTHESES.map(({ name, summary, paper }): [string, string] => [
      name,
      `${summary}. ${citationOf({ paper })}`,
    ]);
    printLines(io, table([...ATTRIBUTIONS.map(rowOf), ...rows]).join("\n"));
  }
}

/** A technique's line in a list. */
export function rowOf(technique: AttributionTechnique): [name: string, text: string] {
  return [technique.name, `${technique.summary}. ${technique.shape} ${citationOf(technique)}`];
}

function reportOf({ name, title, summary, shape, kind, paper, ...technique }: AttributionTechnique) {
  const options = settingsOf(technique).map((setting) => [setting.name, setting.definition.default ?? null]);
  return { name, title, summary, shape, kind, paper, options: Object.fromEntries(options) };
}

function reportOfSynthesis({ name, title, summary, asks, paper, ...technique }: SynthesisTechnique) {
  const options = synthesisSettings(technique).map((setting) => [
    setting.name,
    setting.definition.default ?? null,
  ]);
  return { name, title, summary, asks, paper, options: Object.fromEntries(options) };
}

/** The list of techniques as a table of Markdown, with links to their papers. */
export function techniquesAsMarkdown(): string {
  const rows = ATTRIBUTIONS.map((technique) => {
    const { name, summary, shape } = technique;
    const options = settingsOf(technique).map((setting) => `\`--${setting.name}\``);
    return [`\`${name}\``, summary, `\`${shape}\``, options.join(" "), paperLink(technique)];
  });
  return [["technique", "the map", "shape", "options", "paper"], ["---", "---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** The techniques that make pictures, the same way. */
export function synthesesAsMarkdown(): string {
  const rows = SYNTHESES.map((technique) => {
    const options = synthesisSettings(technique).map(({ name }) => `\`--${name}\``);
    return [
      ...[`\`${technique.name}\``, technique.summary, technique.asks.join(", ")],
      ...[options.join(" "), paperLink(technique)],
    ];
  });
  return [
    ["technique", "the picture", "asked of it", "options", "paper"],
    ["---", "---", "---", "---", "---"],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function paperLink(technique: Pick<AttributionTechnique, "paper">): string {
  const { arxiv, doi } = technique.paper;
  const address = arxiv === undefined ? `https://doi.org/${doi}` : `https://arxiv.org/abs/${arxiv}`;
  return `[${citationOf(technique)}](${address})`;
}

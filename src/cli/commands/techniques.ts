import { ATTRIBUTIONS } from "../../techniques/attribution/list.ts";
import type { TechniqueOption } from "../../techniques/attribution/options.ts";
import { type AttributionTechnique, citationOf } from "../../techniques/attribution/technique.ts";
import { ATTACKS, FOOLINGS } from "../../techniques/robustness/list.ts";
import { PICTURE_TECHNIQUES, SYNTHESES } from "../../techniques/synthesis/list.ts";
import { wordsOf } from "../../techniques/synthesis/picture-technique.ts";
import { attackSettings } from "../attack-options.ts";
import { table } from "../columns.ts";
import { type Io, printJson, printLines } from "../io.ts";
import { pictureSettings } from "../picture-options.ts";
import { synthesisSettings } from "../synthesis-options.ts";
import { settingsOf } from "../technique-options.ts";
import type { Values } from "../values.ts";
import { assertNoArguments, type CliCommand } from "./command.ts";

/** A technique that makes pictures, as every list of them shows it. */
interface Maker extends Pick<AttributionTechnique, "name" | "title" | "paper" | "summary"> {
  readonly asks: readonly string[];
  /** The command that runs it. */
  readonly command: string;
  readonly settings: readonly { readonly name: string; readonly definition: TechniqueOption }[];
}

const aboutOf = ({ name, title, paper, summary }: Omit<Maker, "asks" | "command" | "settings">) => ({
  ...{ name, title, paper, summary },
});

const OF_UNITS = SYNTHESES.map((technique): Maker => {
  const command = `visualize ${technique.name}`;
  return { ...aboutOf(technique), asks: technique.asks, command, settings: synthesisSettings(technique) };
});

const OF_PICTURES = PICTURE_TECHNIQUES.map((technique): Maker => {
  const { asks, command } = technique;
  return { ...aboutOf(technique), asks: asks.map(wordsOf), command, settings: pictureSettings(technique) };
});

const AGAINST = [
  ...ATTACKS.map((technique): Maker => {
    const settings = attackSettings(technique);
    return { ...aboutOf(technique), asks: ["picture"], command: `attack ${technique.name}`, settings };
  }),
  ...FOOLINGS.map((technique): Maker => {
    const settings = pictureSettings(technique);
    const command = `fool --method ${technique.name}`;
    return { ...aboutOf(technique), asks: ["class"], command, settings };
  }),
];

const MAKERS: readonly Maker[] = [...OF_UNITS, ...OF_PICTURES, ...AGAINST];

export const TECHNIQUES: CliCommand = {
  name: "techniques",
  usage: "",
  summary: "List all techniques with their papers. Needs no GPU.",
  details: [
    "First those of explain, which say which pixels decided; then those that make pictures, of a unit (visualize) or of a picture, and those that mislead a network (attack, fool), each with its command. A map of [H,W,C] has a value for each color of each pixel, one of [H,W] a value a pixel, and one of [h,w] a value for each cell of a layer.",
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
  if (values.has("json")) printJson(io, [...ATTRIBUTIONS.map(reportOf), ...MAKERS.map(reportOfMaker)]);
  else if (values.has("markdown"))
    printLines(io, [techniquesAsMarkdown(), synthesesAsMarkdown(), robustnessAsMarkdown()].join("\n\n"));
  else {
    const rows = MAKERS.map((maker): [string, string] => [
      maker.name,
      `${sentence(maker.summary)} vitrine ${maker.command}. ${citationOf(maker)}`,
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

function reportOfMaker({ settings, ...about }: Maker) {
  const options = settings.map(({ name, definition }) => [name, definition.default ?? null]);
  return { ...about, options: Object.fromEntries(options) };
}

/** The list of techniques as a table of Markdown, with links to their papers. */
export function techniquesAsMarkdown(): string {
  return markdown(
    ["technique", "the map", "shape", "options", "paper"],
    ATTRIBUTIONS.map((technique) => {
      const { name, summary, shape } = technique;
      return [`\`${name}\``, summary, `\`${shape}\``, optionsIn(settingsOf(technique)), paperLink(technique)];
    }),
  );
}

/** The techniques that make pictures, the same way. */
export function synthesesAsMarkdown(): string {
  return markdown(
    ["technique", "the picture", "asked of it", "command", "options", "paper"],
    rowsOf(OF_UNITS, OF_PICTURES),
  );
}

/** Attacks and ways to fool a network, the same way. */
export function robustnessAsMarkdown(): string {
  return markdown(
    ["technique", "what it does", "asked of it", "command", "options", "paper"],
    rowsOf(AGAINST),
  );
}

function rowsOf(...makers: readonly (readonly Maker[])[]): string[][] {
  return makers
    .flat()
    .map((maker) => [
      ...[`\`${maker.name}\``, maker.summary.replace(/\.$/, ""), maker.asks.join(", ")],
      ...[`\`${maker.command}\``, optionsIn(maker.settings), paperLink(maker)],
    ]);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function optionsIn(settings: Maker["settings"]): string {
  return settings.map(({ name }) => `\`--${name}\``).join(" ");
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

function paperLink(technique: Pick<AttributionTechnique, "paper">): string {
  const { arxiv, doi, address = `https://doi.org/${doi}` } = technique.paper;
  return `[${citationOf(technique)}](${arxiv === undefined ? address : `https://arxiv.org/abs/${arxiv}`})`;
}

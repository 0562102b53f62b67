import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  robustnessAsMarkdown,
  synthesesAsMarkdown,
  techniquesAsMarkdown,
} from "../../src/cli/commands/techniques.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";

const [BEGIN, END] = ["<!-- vitrine techniques --markdown -->", "<!-- end of the list -->"];

/** The list of techniques that a page holds between its two marks. */
function listIn(page: string): string | undefined {
  return readFileSync(page, "utf8").split(BEGIN)[1]?.split(END)[0]?.trim();
}

test("docs/techniques.md lists the techniques as their files register them", () => {
  expect(listIn("docs/techniques.md")).toBe(techniquesAsMarkdown());
});

test("docs/synthesis.md lists those that make pictures", () => {
  expect(listIn("docs/synthesis.md")).toBe(synthesesAsMarkdown());
});

test("docs/robustness.md lists those that mislead a network", () => {
  expect(listIn("docs/robustness.md")).toBe(robustnessAsMarkdown());
});

test("README.md names every technique, in the list's order, and leads to the list", () => {
  const text = readFileSync("README.md", "utf8").replace(/\s+/g, " ");
  const titles = ATTRIBUTIONS.map(({ title }) => title).join(" · ");
  expect(text).toContain(`techniques: ${titles}. [One list](docs/techniques.md)`);
});

test("the list has a line for each technique, with a link to its paper", () => {
  const lines = techniquesAsMarkdown().split("\n").slice(2);
  expect(lines.length).toBe(ATTRIBUTIONS.length);
  for (const line of lines) expect(line).toMatch(/\]\(https:\/\/(arxiv\.org\/abs\/\d|doi\.org\/10\.)/);
});

import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { techniquesAsMarkdown } from "../../src/cli/commands/techniques.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";

const [BEGIN, END] = ["<!-- vitrine techniques --markdown -->", "<!-- end of the list -->"];

/** The list of techniques that a page holds between its two marks, if it holds one. */
function listIn(page: string): string | undefined {
  const text = readFileSync(page, "utf8");
  return text.includes(BEGIN) ? text.split(BEGIN)[1]?.split(END)[0]?.trim() : undefined;
}

test("docs/techniques.md lists the techniques as their files register them", () => {
  expect(listIn("docs/techniques.md")).toBe(techniquesAsMarkdown());
});

test("README.md, where it has the list, has the same", () => {
  expect(existsSync("README.md")).toBe(true);
  expect([undefined, techniquesAsMarkdown()]).toContain(listIn("README.md"));
});

test("the list has a line for each technique, with a link to its paper", () => {
  const lines = techniquesAsMarkdown().split("\n").slice(2);
  expect(lines.length).toBe(ATTRIBUTIONS.length);
  for (const line of lines) expect(line).toMatch(/\]\(https:\/\/(arxiv\.org\/abs\/\d|doi\.org\/10\.)/);
});

import { readFileSync } from "node:fs";

/** The code of a README's fenced blocks in one language, in order. */
export function snippets(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, code = ""]) => code,
  );
}

/** Where the links and pictures of a page of Markdown lead, less those that leave for the web. */
export function linksOf(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    .map(([, to = ""]) => to)
    .filter((to) => !/^[a-z]+:/.test(to));
}

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "vite";

const PAGE = "\0atlas-page.js";
const folder = new URL("../atlas/", import.meta.url);

/** Vite plugin: `import page from "../../atlas/page.html?whole"` gives the page of an atlas, its script and its style inside it. */
export function atlasPage(): Plugin {
  return {
    name: "vitrine:atlas-page",
    enforce: "pre",
    resolveId: { filter: { id: /\/atlas\/page\.html\?whole$/ }, handler: () => PAGE },
    load: {
      filter: { id: /^\0atlas-page\.js$/ },
      async handler() {
        const [page, style, script] = await Promise.all([text("page.html"), text("style.css"), bundled()]);
        // A function, so that nothing in the text is taken for a pattern of its own.
        const whole = page
          .replace("/*STYLE*/", () => style.replace(/\s*\n\s*/g, ""))
          .replace("/*SCRIPT*/", () => script.replaceAll("</script", "<\\/script"));
        return `export default ${JSON.stringify(whole)};`;
      },
    },
  };
}

function text(name: string): Promise<string> {
  return readFile(new URL(name, folder), "utf8");
}

async function bundled(): Promise<string> {
  const entry = fileURLToPath(new URL("main.ts", folder));
  const made = await build({
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    build: { write: false, minify: true, target: "es2023", lib: { entry, formats: ["iife"], name: "atlas" } },
  });
  const [output] = Array.isArray(made) ? made : [made];
  const chunk = output && "output" in output ? output.output.find(({ type }) => type === "chunk") : undefined;
  if (chunk?.type !== "chunk") throw new Error("expected a script of the atlas's page, got none");
  return chunk.code.trim();
}

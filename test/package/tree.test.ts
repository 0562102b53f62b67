import { relative } from "node:path";
import { build } from "vite";
import { expect, test } from "vitest";
import { ALIAS } from "../../build/alias.ts";
import { packed } from "../../build/packed.ts";
import { wgsl } from "../../build/wgsl.ts";

/** The project's files that a page bundles when it imports `names` from the library. */
async function bundled(names: string): Promise<string[]> {
  const entry = "virtual:entry";
  const result = await build({
    configFile: false,
    logLevel: "error",
    plugins: [
      wgsl(),
      packed(),
      {
        name: "entry",
        enforce: "pre",
        resolveId: (id) => (id.endsWith(entry) ? `\0${entry}` : undefined),
        load: (id) => (id === `\0${entry}` ? `export { ${names} } from "vitrine";` : undefined),
      },
    ],
    resolve: { alias: ALIAS },
    build: { write: false, lib: { entry, formats: ["es"], fileName: "bundle" } },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((each) =>
    "output" in each ? each.output : [],
  );
  const chunks = outputs.filter((output) => output.type === "chunk");
  return chunks
    .flatMap(({ modules }) => Object.entries(modules))
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .map(([id]) => relative(process.cwd(), id));
}

test("who imports one technique gets neither figures nor the other techniques", async () => {
  const files = await bundled("saliency");
  expect(files).toContain("src/techniques/attribution/saliency.ts");
  expect(
    files.filter((file) =>
      /figure|sheet|lettering|rasteriz|png|color|trust|lime|\brise|synthetic/.test(file),
    ),
  ).toEqual([]);
  // What is looked for is there when it is asked for.
  const all = await bundled("saliency, lime, renderFigure");
  expect(all).toContain("src/figures/figure.ts");
  expect(all).toContain("src/techniques/attribution/lime.ts");
});

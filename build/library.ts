import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import packageJson from "../package.json" with { type: "json" };
import { atlasPage } from "./atlas-page.ts";
import { PACKED_IN, packed } from "./packed.ts";
import { wgsl } from "./wgsl.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Sources of what package.json exports by entry, and of the two programs. */
const entries = {
  ...Object.fromEntries(
    Object.values(packageJson.exports).flatMap((to) => {
      const [, name] = typeof to === "string" ? [] : (/^\.\/dist\/(\w+)\.js$/.exec(to.default) ?? []);
      return name === undefined ? [] : [[name, `src/${name}.ts`]];
    }),
  ),
  cli: "src/cli/main.ts",
  supervise: "src/cli/supervise.ts",
};

/** The package as npm serves it: ES modules with their shaders inside, the same beside them, and every dependency outside. */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [wgsl({ serveIn: "shaders" }), packed(), atlasPage()],
  build: {
    target: "es2023",
    outDir: "dist",
    emptyOutDir: true,
    minify: false,
    lib: {
      entry: entries,
      formats: ["es"],
    },
    rolldownOptions: {
      external: (id) =>
        !id.startsWith(".") &&
        !id.startsWith("\0") &&
        !isAbsolute(id) &&
        !PACKED_IN.some((name) => id.startsWith(name)),
      output: {
        preserveModules: true,
        preserveModulesRoot: "src",
        // npm leaves out of a package whatever is called node_modules.
        entryFileNames: ({ name }) => `${name.replace(/^(node_modules|_virtual)\/_?(?=@)/, "packed/")}.js`,
      },
    },
  },
});

import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { PACKED_IN, packed } from "./packed.ts";
import { wgsl } from "./wgsl.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const entries = {
  index: "src/index.ts",
  node: "src/node.ts",
  tfjs: "src/tfjs.ts",
  three: "src/three.ts",
  cli: "src/cli/main.ts",
  supervise: "src/cli/supervise.ts",
};

/** The package as npm serves it: ES modules with their shaders inside, the same beside them, and every dependency outside. */
export default defineConfig({
  root,
  publicDir: false,
  plugins: [wgsl({ serveIn: "shaders" }), packed()],
  build: {
    target: "es2023",
    outDir: "dist",
    emptyOutDir: true,
    minify: false,
    lib: {
      entry: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(`${root}/${file}`))),
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

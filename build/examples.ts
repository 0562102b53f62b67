import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { ALIAS } from "./alias.ts";
import { packed } from "./packed.ts";
import { wgsl } from "./wgsl.ts";

const pages = ["style", "three", "tfjs", "video"].map((name) => `examples/${name}.html`);

/** The examples that are pages: `npx vite --config build/examples.ts` shows them. */
export default defineConfig({
  root: fileURLToPath(new URL("../examples", import.meta.url)),
  base: "./",
  publicDir: false,
  plugins: [wgsl(), packed()],
  resolve: { alias: ALIAS },
  server: { fs: { allow: [".."] } },
  build: {
    outDir: "../site/examples",
    target: "es2023",
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { input: pages },
  },
});

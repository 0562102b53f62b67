import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { packed } from "./packed.ts";
import { wgsl } from "./wgsl.ts";

/** The whole library in one file for a plain page: `dist/vitrine.min.js`, an ES module with its shaders inside. */
export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  publicDir: false,
  plugins: [wgsl({ comments: false }), packed()],
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: false,
    lib: { entry: "src/bundle.ts", formats: ["es"], fileName: () => "vitrine.min.js" },
    // Vite leaves the white space in a library, for whoever bundles it again.
    rolldownOptions: {
      // What a lazy reader shares with the library stays in the library's file.
      preserveEntrySignatures: "allow-extension",
      output: {
        minify: true,
        chunkFileNames: "vitrine.[name].min.js",
        // The library is one request; without this, what two lazy readers share with it would be a second.
        codeSplitting: { groups: [{ name: "library", tags: ["$initial"] }] },
      },
    },
  },
});

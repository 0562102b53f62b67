import { defineConfig } from "vitest/config";
import { ALIAS } from "./build/alias.ts";
import { atlasPage } from "./build/atlas-page.ts";
import { packed } from "./build/packed.ts";
import { wgsl } from "./build/wgsl.ts";

export default defineConfig({
  root: "demo",
  base: "./",
  plugins: [wgsl(), packed(), atlasPage()],
  resolve: { alias: ALIAS },
  // three.js alone is beyond the warning limit.
  build: {
    outDir: "../site",
    emptyOutDir: true,
    target: "es2023",
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { input: ["demo/index.html", "demo/bench.html"] },
  },
  test: {
    root: ".",
    include: ["test/**/*.test.ts"],
    globalSetup: "test/setup/machine.ts",
    setupFiles: "test/setup/watchdog.ts",
    // One process with one device: a device costs a third of a second, and two at once starve a software adapter.
    pool: "forks",
    isolate: false,
    fileParallelism: false,
    // Long enough for a machine that is busy otherwise: nothing here is asserted by time.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
  },
});

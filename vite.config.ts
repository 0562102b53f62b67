import { defineConfig } from "vitest/config";
import { wgsl } from "./build/wgsl.ts";

export default defineConfig({
  root: "demo",
  base: "./",
  plugins: [wgsl()],
  build: { outDir: "../site", emptyOutDir: true, target: "es2023" },
  test: {
    root: ".",
    include: ["test/**/*.test.ts"],
    pool: "forks",
    isolate: false,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

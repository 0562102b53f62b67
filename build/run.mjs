// Runs a TypeScript file of this repository in Node, through Vite, so that `.wgsl` imports work:
//   node build/run.mjs bench/networks.ts --help
import { resolve } from "node:path";
import { createServer } from "vite";

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error("run: expected the path of a TypeScript file, got nothing");
  process.exit(1);
}
const root = resolve(import.meta.dirname, "..");
const server = await createServer({
  configFile: resolve(root, "vite.config.ts"),
  root,
  logLevel: "error",
  server: { middlewareMode: true, ws: false, watch: null },
});
try {
  const { main } = await server.ssrLoadModule(resolve(root, file));
  process.exitCode = (await main?.(args)) ?? 0;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await server.close();
}

import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview } from "vite";

/** The built explorer behind an address. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

const options = { configFile: "vite.config.ts", logLevel: "warn" } as const;
let built: Promise<string> | undefined;

/** The folder of the built explorer: one for all the tests of this process. */
async function builtExplorer(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "vitrine-site-"));
  process.once("exit", () => rmSync(outDir, { recursive: true, force: true }));
  await build({ ...options, build: { outDir, emptyOutDir: true } });
  return outDir;
}

/** Builds the explorer into a folder of its own and serves it as `vite preview` does. */
export async function serveExplorer(): Promise<Served> {
  built ??= builtExplorer();
  const server = await preview({
    ...options,
    build: { outDir: await built },
    preview: { port: 0, host: "127.0.0.1", strictPort: false },
  });
  const address = server.httpServer.address();
  if (!address || typeof address === "string") throw new Error("preview: expected a port, got none");
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

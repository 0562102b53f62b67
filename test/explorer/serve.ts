import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview } from "vite";

/** The built explorer behind an address. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** Builds the explorer into a folder of its own and serves it as `vite preview` does. */
export async function serveExplorer(): Promise<Served> {
  const outDir = await mkdtemp(join(tmpdir(), "vitrine-site-"));
  const options = { configFile: "vite.config.ts", logLevel: "warn" } as const;
  await build({ ...options, build: { outDir, emptyOutDir: true } });
  const server = await preview({
    ...options,
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1", strictPort: false },
  });
  const address = server.httpServer.address();
  if (!address || typeof address === "string") throw new Error("preview: expected a port, got none");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async close() {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

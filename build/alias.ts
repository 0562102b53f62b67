import { fileURLToPath } from "node:url";
import type { Alias } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The package's own entries by their public names, from source: what `exports` of package.json says of the built ones. */
export const ALIAS: Alias[] = [
  { find: /^vitrine$/, replacement: `${root}src/index.ts` },
  { find: /^vitrine\/([\w-]+)$/, replacement: `${root}src/$1.ts` },
  { find: /^vitrine\/models\//, replacement: `${root}models/` },
];

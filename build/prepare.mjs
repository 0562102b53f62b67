// Runs after `npm ci` in a checkout, so that `npx vitrine` works there. A tree that does not build right now must
// still install, or nobody could repair it; packing builds again and does fail.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

if (existsSync("node_modules/vite")) {
  const { status } = spawnSync("npm", ["run", "--silent", "build:library"], {
    stdio: "inherit",
    shell: true,
  });
  if (status !== 0)
    console.error(
      "vitrine: the library does not build; fix what is printed above, then run npm run build:library",
    );
}

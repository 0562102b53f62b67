// npm run docs: makes the API reference in site/api from the comments of what package.json exports, and fails where a
// link of theirs leads nowhere. It has packages of its own, as typedoc cannot read with the project's TypeScript.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

if (!existsSync(`${here}node_modules/typedoc`)) {
  const { status } = spawnSync("npm", ["ci", "--silent"], { cwd: here, stdio: "inherit", shell: true });
  if (status !== 0) process.exit(1);
}
const { Application } = await import("typedoc");

/** Sources of the entries: ./dist/node.d.ts is made from src/node.ts. The bundle has nothing that no other entry has. */
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const entryPoints = Object.entries(exports)
  .filter(([name, { types }]) => types && name !== "./bundle")
  .map(([, { types }]) => types.replace("./dist/", `${root}src/`).replace(/\.d\.ts$/, ".ts"));

const app = await Application.bootstrap({
  entryPoints,
  name: "Vitrine",
  readme: "none",
  out: `${root}site/api`,
  tsconfig: `${here}tsconfig.json`,
  logLevel: "Warn",
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  // Tables of which only the names are public, as a union.
  intentionallyNotExported: ["KINDS", "MAP_DRAWINGS", "MODES", "SCRATCH", "TITLES"],
  validation: {
    notExported: true,
    invalidLink: true,
    invalidPath: true,
    rewrittenLink: true,
    notDocumented: false,
  },
});
const project = await app.convert();
if (project) app.validate(project);
if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
  console.error("vitrine: the API reference is not made; mend the comments that are named above");
  process.exit(1);
}
await app.generateOutputs(project);
console.log("API reference: site/api/index.html");

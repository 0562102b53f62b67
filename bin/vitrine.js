#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`vitrine: expected Node 20.19 or newer, got ${process.versions.node}`);
  process.exit(1);
}
const built = new URL("../dist/supervise.js", import.meta.url);
const { existsSync } = await import("node:fs");
if (!existsSync(built)) {
  console.error("vitrine: expected a built package, got a bare checkout; run npm ci");
  process.exit(1);
}
const { supervise } = await import(built.href);
process.exitCode = await supervise(new URL("command.js", import.meta.url), process.argv.slice(2));

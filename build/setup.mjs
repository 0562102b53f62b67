// npm run setup: finds or installs what the tests and the benchmark need beside npm's packages, and says what it found.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const { module } = await runnerImport(fileURLToPath(new URL("./machine.ts", import.meta.url)), {
  configFile: false,
});
const { ensureAdapter, ensureChrome, thisMachine } = module;
const machine = thisMachine();
try {
  const { name, driver } = ensureAdapter(machine);
  console.log(`WebGPU in Node: ${name}${driver ? ` (${driver})` : ""}`);
  console.log(`Chrome: ${ensureChrome(machine)}`);
} catch (error) {
  console.error(`vitrine: ${error.message}`);
  process.exitCode = 1;
}

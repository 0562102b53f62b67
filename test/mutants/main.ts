import { execFileSync, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { MUTANTS } from "./list.ts";
import { type Mutant, mutated, nameOf } from "./mutant.ts";

const HELP = `Applies each mutant of test/mutants to a copy of the tree and runs the tests that should notice it.

npm run test:mutants -- [options]
  --only TEXT       mutants whose file or change contains the text
  --shard I/N       the I-th of N parts of the list, from 1
  --results FILE    one line of JSON a mutant; what stands there is not run again (default: none)
  --skip-baseline   do not first see the tests pass without a mutant
  --list            print the mutants and run nothing
`;

type Verdict = "killed" | "survived" | "timeout" | "invalid";

interface Result {
  readonly mutant: string;
  readonly verdict: Verdict;
  readonly seconds: number;
  /** The first test that failed, and what it said. */
  readonly by?: string;
}

/** A mutant that runs longer than this hangs, which is noticed too. */
const LIMIT_MS = 600_000;

/** What stops the run, and the exit code that says so. */
const SIGNALS = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const;

/** Runs the mutants; returns 1 when one survives that should not, or cannot be run. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      shard: { type: "string" },
      results: { type: "string" },
      "skip-baseline": { type: "boolean" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const chosen = choose(values.only, values.shard);
  if (values.list) {
    for (const mutant of chosen) console.log(nameOf(mutant));
    console.log(`${chosen.length} mutants`);
    return 0;
  }
  const results = await earlier(values.results);
  const waiting = chosen.filter((mutant) => !results.has(nameOf(mutant)));
  const folder = await mkdtemp(join(tmpdir(), "vitrine-mutants-"));
  for (const [signal, code] of SIGNALS) {
    process.once(signal, () => {
      stopTests();
      rmSync(folder, { recursive: true, force: true });
      process.exit(code);
    });
  }
  try {
    const tree = await copyTree(folder);
    if (!values["skip-baseline"] && waiting.length > 0) {
      const tests = [...new Set(waiting.flatMap(({ tests }) => tests))];
      console.log(`${tests.length} test files without a mutant …`);
      const { code, output } = await runTests(tree, tests);
      if (code !== 0) throw new Error(`the tests fail without a mutant:\n${output.slice(-3000)}`);
    }
    for (const [index, mutant] of waiting.entries()) {
      const result = await judge(tree, mutant);
      results.set(result.mutant, result);
      if (values.results) await appendFile(values.results, `${JSON.stringify(result)}\n`);
      console.log(
        `${index + 1}/${waiting.length} ${result.verdict} in ${result.seconds} s: ${result.mutant}`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return report(chosen, results);
}

function choose(only: string | undefined, shard: string | undefined): Mutant[] {
  const named = MUTANTS.filter((mutant) => nameOf(mutant).includes(only ?? ""));
  if (!shard) return named;
  const [part = 0, parts = 0] = shard.split("/").map(Number);
  if (!(Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts)) {
    throw new Error(`--shard: expected I/N with I from 1 to N, got "${shard}"`);
  }
  return named.filter((_, index) => index % parts === part - 1);
}

async function earlier(path: string | undefined): Promise<Map<string, Result>> {
  const text = path ? await readFile(path, "utf8").catch(() => "") : "";
  const lines = text.split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line) as Result).map((result) => [result.mutant, result]));
}

/** Copies what git knows or would add into a folder, beside what the tests read outside of the tree; returns the copy. */
async function copyTree(folder: string): Promise<string> {
  const root = resolve(import.meta.dirname, "../..");
  const tree = join(folder, "tree");
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  for (const path of listed.split("\0").filter(Boolean)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await cp(join(root, path), join(tree, path)).catch((error: NodeJS.ErrnoException) => {
      // Deleted, but not yet for git.
      if (error.code !== "ENOENT") throw error;
    });
  }
  await symlink(join(root, "node_modules"), join(tree, "node_modules"));
  await symlink(resolve(root, "../shared"), join(folder, "shared"));
  return tree;
}

async function judge(tree: string, mutant: Mutant): Promise<Result> {
  const path = join(tree, mutant.file);
  const text = await readFile(path, "utf8");
  const begin = performance.now();
  try {
    await writeFile(path, mutated(mutant, text));
    const { code, output } = await runTests(tree, mutant.tests, mutant.named);
    const seconds = Math.round((performance.now() - begin) / 1000);
    const by = / FAIL {2}(.+\n.+)/.exec(output)?.[1];
    return { mutant: nameOf(mutant), verdict: verdictOf(code, output), seconds, ...(by ? { by } : {}) };
  } finally {
    await writeFile(path, text);
  }
}

function verdictOf(code: number | null, output: string): Verdict {
  if (code === null) return "timeout";
  // What does not even compile tests nothing, and neither does a name that no test has.
  if (/kernel ".*" does not compile|Transform failed|No test files found|SyntaxError/.test(output))
    return "invalid";
  if (code !== 0) return "killed";
  return /\d+ passed/.test(output) ? "survived" : "invalid";
}

/** Stops the tests that run, with their workers. */
let stopTests = (): void => {};

/** Runs test files until the first failure. */
function runTests(
  tree: string,
  tests: readonly string[],
  named?: string,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const files = tests.map((test) => join("test", test));
  return new Promise((done, failed) => {
    const only = named === undefined ? [] : ["-t", named];
    const vitest = spawn("npx", ["vitest", "run", "--bail", "1", ...only, ...files], {
      cwd: tree,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: npx and vitest's workers end with it.
      detached: true,
    });
    stopTests = () => {
      if (vitest.pid !== undefined) process.kill(-vitest.pid, "SIGKILL");
    };
    const limit = setTimeout(() => stopTests(), LIMIT_MS);
    let output = "";
    for (const stream of [vitest.stdout, vitest.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    vitest.on("error", failed);
    vitest.on("close", (code) => {
      clearTimeout(limit);
      stopTests = () => {};
      done({ code, output: stripVTControlCharacters(output) });
    });
  });
}

function report(chosen: readonly Mutant[], results: ReadonlyMap<string, Result>): number {
  const verdicts = chosen.map((mutant) => ({ mutant, verdict: results.get(nameOf(mutant))?.verdict }));
  const count = (...of: Verdict[]): number =>
    verdicts.filter(({ verdict }) => verdict && of.includes(verdict)).length;
  const invalid = count("invalid");
  const total = chosen.length - invalid;
  const killed = count("killed", "timeout");
  console.log(
    `\n${killed} of ${total} mutants killed (${((100 * killed) / Math.max(1, total)).toFixed(1)} %)`,
  );
  let unexpected = invalid;
  for (const { mutant, verdict } of verdicts) {
    if (verdict === "invalid") console.log(`does not compile: ${nameOf(mutant)}`);
    if (verdict !== "survived") continue;
    console.log(`survived: ${nameOf(mutant)}${mutant.equivalent ? ` (${mutant.equivalent})` : ""}`);
    if (!mutant.equivalent) unexpected++;
  }
  return unexpected > 0 ? 1 : 0;
}

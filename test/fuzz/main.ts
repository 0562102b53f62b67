import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "vite";
import { packed } from "../../build/packed.ts";
import { wgsl } from "../../build/wgsl.ts";
import { BATCH, type News } from "./news.ts";

const USAGE = `Reads damaged model files, pictures, arrays and lists of names, and reports what is neither read nor refused by an error of Vitrine's.

  npm run fuzz -- [--runs 10000] [--seed 1]

A mutant is at fault that ends in another error, takes more than 2 s of processor time, or brings the process to more than
512 MB. Each is printed with a command that runs it again.`;

const MOST_SECONDS = 2;
const MOST_BYTES = 512 * 2 ** 20;
/** Seconds by the clock after which a reader is taken to hang. */
const PATIENCE = 60;
/** Megabytes of JavaScript's heap in a worker. */
const HEAP = 256;

interface Fault {
  readonly index: number;
  readonly what: "other exception" | "slow" | "large";
  readonly words: string;
  readonly mutant: unknown;
}

interface Tally {
  read: number;
  refused: number;
  slowest: number;
  largest: number;
  readonly faults: Fault[];
}

/** Runs the fuzzer; see {@link USAGE}. @returns the exit code: 0 when nothing was at fault. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { runs: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } },
  });
  const [runs, seed] = [Number(values.runs ?? 10_000), Number(values.seed ?? 1)];
  if (values.help || !Number.isInteger(runs) || runs < 1 || !Number.isInteger(seed)) {
    console.log(USAGE);
    return values.help ? 0 : 1;
  }
  const tally: Tally = { read: 0, refused: 0, slowest: 0, largest: 0, faults: [] };
  const folder = await mkdtemp("node_modules/.vitrine-fuzz-");
  try {
    const script = await builtWorker(folder);
    for (let next = 0; next < runs; ) next = await work(script, [seed, next, runs], tally);
  } finally {
    await rm(folder, { recursive: true });
  }

  const count = (what: Fault["what"]) => tally.faults.filter((fault) => fault.what === what).length;
  const { read, refused, slowest, largest } = tally;
  console.log(`${runs} mutants of seed ${seed}: ${read} read, ${refused} refused`);
  console.log(
    `${count("other exception")} other exceptions, ${count("slow")} beyond ${MOST_SECONDS} s, ${count("large")} beyond 512 MB`,
  );
  console.log(
    `slowest ${slowest.toFixed(2)} s of processor time, most memory ${Math.round(largest / 2 ** 20)} MB`,
  );
  return tally.faults.length === 0 ? 0 : 1;
}

/** The worker as one script: run through Vite, it would hold Vite as well. */
async function builtWorker(folder: string): Promise<string> {
  await build({
    configFile: false,
    logLevel: "warn",
    plugins: [wgsl(), packed()],
    build: { ssr: "test/fuzz/worker.ts", outDir: folder, target: "node20" },
  });
  return join(folder, "worker.js");
}

/** Lets one worker run from a mutant on, until it is done or at fault; a fresh one goes on. @returns the next mutant. */
function work(
  script: string,
  [seed, from, to]: readonly [seed: number, from: number, to: number],
  tally: Tally,
): Promise<number> {
  const child = fork(script, [`${seed}`, `${from}`, `${to}`], {
    execArgv: [`--max-old-space-size=${HEAP}`],
  });
  let current: News | undefined;
  let ended = false;
  let hung = false;
  let timer: NodeJS.Timeout | undefined;
  const at = (what: Fault["what"], words: string): void => {
    const { index = from, mutant } = current ?? {};
    tally.faults.push({ index, what, words, mutant });
    const again = `npm run fuzz -- --seed ${seed + Math.floor(index / BATCH)} --runs ${(index % BATCH) + 1}`;
    console.log(`${what}: ${words}\n  ${JSON.stringify(mutant)}\n  ${again}`);
  };
  return new Promise((resolve) => {
    child.on("message", (news: News) => {
      if (ended) return;
      current = news;
      clearTimeout(timer);
      const { done, index } = news;
      if (!done) {
        timer = setTimeout(() => {
          hung = true;
          child.kill("SIGKILL");
        }, PATIENCE * 1000);
        return;
      }
      if (done.read) tally.read++;
      else tally.refused++;
      tally.slowest = Math.max(tally.slowest, done.seconds);
      tally.largest = Math.max(tally.largest, done.bytes);
      if (done.fault !== undefined) at("other exception", done.fault);
      if (done.seconds > MOST_SECONDS) at("slow", `${done.seconds.toFixed(1)} s`);
      if ((index + 1) % 10_000 === 0) console.log(`${index + 1} …`);
      if (done.bytes > MOST_BYTES) {
        // The most that a process has held never falls: the next mutant is measured in a process of its own.
        at("large", `${Math.round(done.bytes / 2 ** 20)} MB`);
        ended = true;
        child.kill("SIGKILL");
      }
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const begun = current && !current.done;
      if (begun)
        at(
          hung ? "slow" : "other exception",
          hung ? `no end after ${PATIENCE} s` : `the process died (${signal ?? code})`,
        );
      if (!current) throw new Error(`fuzz: expected a worker to start, got exit code ${code ?? signal}`);
      resolve(current.index + 1);
    });
  });
}

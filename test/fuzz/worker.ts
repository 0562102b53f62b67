import { readFileSync } from "node:fs";
import fc from "fast-check";
import { BATCH, type News } from "./news.ts";
import { createSubjects, type Mutant } from "./subjects.ts";
import { faultOf } from "./verdict.ts";

/** Reads the mutants `from` to `to` of a seed, one after the other, and tells the process that started this one. */
async function work([seed = "1", from = "0", to = "0"]: readonly string[]): Promise<void> {
  const { mutants, read } = await createSubjects();
  let batch: readonly Mutant[] = [];
  for (let index = Number(from); index < Number(to); index++) {
    const number = Math.floor(index / BATCH);
    if (batch.length === 0 || index % BATCH === 0) {
      batch = fc.sample(mutants, { seed: Number(seed) + number, numRuns: BATCH });
    }
    const mutant = batch[index % BATCH];
    if (!mutant) break;
    await tell({ index, mutant });
    const before = process.cpuUsage();
    const error = await read(mutant).then(
      () => undefined,
      (thrown: unknown) => ({ thrown }),
    );
    const { user, system } = process.cpuUsage(before);
    const done = {
      read: error === undefined,
      fault: error && faultOf(error.thrown),
      seconds: (user + system) / 1e6,
      bytes: mostMemory(),
    };
    await tell({ index, mutant, done });
  }
}

/** The most bytes of memory that this process has held; where the system does not say, those that it holds. */
function mostMemory(): number {
  try {
    // Not what getrusage has, which begins with the memory of the process that started this one.
    const [, kilobytes] = /VmHWM:\s*(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return 1024 * Number(kilobytes);
  } catch {
    return process.memoryUsage.rss();
  }
}

function tell(news: News): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!process.send) reject(new Error("fuzz worker: expected to be started by test/fuzz/main.ts"));
    else process.send(news, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });
}

await work(process.argv.slice(2));
process.disconnect?.();

import { url as debuggerUrl } from "node:inspector";
import { Worker } from "node:worker_threads";

/** Longest that a test process may be deaf; a driver that never returns blocks every timeout of JavaScript's. */
const LIMIT_MS = 240_000;

const WATCH = `
const { workerData } = require("node:worker_threads");
const { writeSync } = require("node:fs");
let seen = -1;
let since = Date.now();
setInterval(() => {
  const beat = Atomics.load(workerData.beats, 0);
  if (beat !== seen) {
    seen = beat;
    since = Date.now();
  } else if (Date.now() - since > workerData.limit) {
    writeSync(2, "test process " + process.pid + ": blocked for " + workerData.limit / 1000 + " s; ending it\\n");
    process.kill(process.pid, "SIGKILL");
  }
}, workerData.limit / 20);
`;

/** Ends this process when it has been blocked for too long, so that no run hangs for ever. */
export function watch(limit: number): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(beats, 0, 1), limit / 20).unref();
  new Worker(WATCH, { eval: true, workerData: { beats, limit } }).unref();
}

const watched = globalThis as { vitrineWatched?: boolean };
if (!watched.vitrineWatched && !debuggerUrl()) watch(LIMIT_MS);
watched.vitrineWatched = true;

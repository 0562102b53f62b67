import { requestDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { createGpu } from "../node/gpu.ts";
import { GpuError, type Io } from "./io.ts";
import { WATCHED } from "./supervise.ts";

/** Milliseconds between lines of progress where standard error is no terminal, and before the first. */
const LOG_EVERY = 10_000;
const LOG_FIRST = 1000;

/** The process's own streams, signals and GPU. */
export interface Terminal extends Io {
  /** Waits for what was printed, and gives everything back. @throws InputError when standard output could not be written. */
  close(): Promise<void>;
}

/** Opens the terminal of this process, or of the one that watches over it. */
export function openTerminal(): Terminal {
  const watched = process.env[WATCHED];
  // Processes that this one starts are not watched.
  delete process.env[WATCHED];
  const stop = new AbortController();
  const onStop = (): void => stop.abort(new Error("stopped"));
  const listen = watched === undefined ? onStop : () => {};
  if (watched !== undefined) {
    process.on("message", onStop);
    // Whoever watched is gone: nobody waits for the result.
    process.on("disconnect", () => process.exit());
    process.channel?.unref();
  }
  // A second Ctrl-C ends a process that nobody watches over.
  if (watched === undefined) process.once("SIGINT", listen);
  else process.on("SIGINT", listen);

  let broken: InputError | undefined;
  // Such errors come late, so these stay.
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is no failure.
    if (error.code === "EPIPE" || broken) return;
    broken = new InputError(`standard output: expected to write to it, got ${error.message}`);
    stop.abort(broken);
  });

  const progress = progressLines(watched === undefined ? process.stderr.isTTY : watched === "terminal");
  let opened: Promise<GPUDevice> | undefined;
  return {
    signal: stop.signal,
    progress,
    out: (line) => process.stdout.write(`${line}\n`),
    err(line) {
      progress();
      process.stderr.write(`${line}\n`);
    },
    device() {
      if (!opened) {
        progress("opening the GPU");
        opened = openDevice();
        // What comes next is kernels, which are compiled.
        opened.then(
          () => progress("preparing the network"),
          () => {},
        );
      }
      return opened;
    },
    async close() {
      process.off("SIGINT", listen);
      progress();
      await new Promise((done) => process.stdout.write("", done));
      const device = await opened?.catch(() => undefined);
      device?.destroy();
      if (broken) throw broken;
    },
  };
}

async function openDevice(): Promise<GPUDevice> {
  try {
    return await requestDevice(await createGpu());
  } catch (error) {
    throw new GpuError((error as Error).message);
  }
}

/** A line of a terminal that is drawn over and over; in a log, a line after a second and then now and then. */
function progressLines(terminal: boolean | undefined): (line?: string) => void {
  if (terminal) {
    let shown = false;
    return (line) => {
      if (line === undefined && !shown) return;
      process.stderr.write(`\r\x1b[2K${line ?? ""}`);
      shown = line !== undefined;
    };
  }
  let latest: string | undefined;
  let waiting = false;
  let wait = LOG_FIRST;
  const log = (): void => {
    waiting = false;
    if (latest === undefined) return;
    process.stderr.write(`vitrine: ${latest} …\n`);
    wait = LOG_EVERY;
  };
  return (line) => {
    latest = line;
    if (waiting || line === undefined) return;
    waiting = true;
    setTimeout(log, wait).unref();
  };
}

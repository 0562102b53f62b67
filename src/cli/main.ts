import { requestDevice } from "../gpu/device.ts";
import { InputError, ModelError, UnsupportedError } from "../gpu/errors.ts";
import { createGpu } from "../node/gpu.ts";
import { COMMANDS } from "./commands.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { GpuError, type Io, UsageError } from "./io.ts";
import { ownPackage } from "./model.ts";
import { nearest, parseArguments } from "./options.ts";
import { Values } from "./values.ts";

/** Exit codes, as the help has them. */
const DONE = 0;
const REFUSED = 1;
const FAILED = 2;
const STOPPED = 130;

/** Milliseconds between lines of progress where standard error is no terminal. */
const LOG_EVERY = 10_000;

/**
 * Runs a command line (without the program's name) and says the exit code: 0 done, 1 input that cannot be right, 2 a
 * failure of the GPU or the program, 130 stopped. Never throws.
 */
export async function main(argv: readonly string[], io?: Io): Promise<number> {
  if (io) return run(argv, io);
  const stop = new AbortController();
  const onStop = (): void => stop.abort(new Error("stopped"));
  process.once("SIGINT", onStop);
  // Such errors come late, so this stays.
  process.stdout.on("error", onClosedPipe);
  const terminal = terminalIo(stop.signal);
  try {
    return await run(argv, terminal);
  } finally {
    process.off("SIGINT", onStop);
    terminal.progress();
    await terminal.close();
  }
}

/** A reader that has seen enough (`| head`) is no failure. */
function onClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { positionals, values: given } = parseArguments(argv);
    const values = new Values({ positionals, values: given });
    const [name, ...rest] = positionals;
    const { version } = ownPackage();
    if (values.has("version")) {
      io.out(version);
      return DONE;
    }
    if (name === undefined) {
      if (values.has("help")) {
        io.out(generalHelp(version));
        return DONE;
      }
      throw new UsageError(
        `expected a command (${COMMANDS.map((command) => command.name).join(", ")}), got none; "vitrine --help" explains them`,
      );
    }
    const command = COMMANDS.find((candidate) => candidate.name === name);
    if (!command) {
      const names = COMMANDS.map((candidate) => candidate.name);
      const near = nearest(name, names);
      throw new UsageError(
        `expected a command (${names.join(", ")}), got "${name}"${near ? `; did you mean ${near}?` : ""}`,
      );
    }
    if (values.has("help")) {
      io.out(commandHelp(command));
      return DONE;
    }
    for (const option of given.keys()) {
      if (!command.options.includes(option)) throw new UsageError(`${name} takes no --${option}`);
    }
    await command.run(rest, values, io);
    return DONE;
  } catch (error) {
    io.progress();
    if (io.signal.aborted) {
      io.err("vitrine: stopped");
      return STOPPED;
    }
    const message = error instanceof Error ? error.message : String(error);
    io.err(`vitrine: ${message.replaceAll(/\s*\n\s*/g, " ")}`);
    const refused = [UsageError, InputError, ModelError, UnsupportedError].some(
      (kind) => error instanceof kind,
    );
    if (!refused && process.env.VITRINE_DEBUG && error instanceof Error) io.err(error.stack ?? "");
    return refused ? REFUSED : FAILED;
  }
}

/** The process's own terminal and GPU. */
function terminalIo(signal: AbortSignal): Io & { close(): Promise<void> } {
  let opened: Promise<GPUDevice> | undefined;
  let shown = false;
  let logged = performance.now();
  return {
    signal,
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    progress(line) {
      if (!process.stderr.isTTY) {
        // A log gets a line now and then, and none of what is quick.
        const now = performance.now();
        if (line === undefined || now - logged < LOG_EVERY) return;
        logged = now;
        process.stderr.write(`vitrine: ${line}\n`);
        return;
      }
      if (line === undefined && !shown) return;
      process.stderr.write(`\r\x1b[2K${line ?? ""}`);
      shown = line !== undefined;
    },
    device() {
      opened ??= openDevice();
      return opened;
    },
    async close() {
      const device = await opened?.catch(() => undefined);
      device?.destroy();
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

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { STOPPED } from "./exit-codes.ts";

/** Milliseconds that work may take to stop when it is asked to. */
const GRACE_MS = 300;

/** Lines that Dawn prints at every start on some drivers: a limit of its own that concerns nobody; and where no driver is, its stack. */
const DAWN_WARNING =
  /^Warning: (?:maxDynamic\w+ artificially reduced|vkCreateInstance)[^\n]*\n(?: +at [^\n]*\n)*(?:\n(?=vitrine:|$))?/gm;

/** Tells the watched process what its standard error leads to. */
export const WATCHED = "VITRINE_WATCHED";

/**
 * Runs the command line in a process of its own, and watches over it. Two things are beyond the reach of a process that is busy
 * in a driver: to obey Ctrl-C at once, and to keep a driver's own lines off the terminal.
 * @param script what calls `main`.
 * @returns the exit code.
 */
export function supervise(script: URL, args: readonly string[]): Promise<number> {
  const terminal = process.stderr.isTTY;
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(script), ...args], {
    stdio: ["inherit", "inherit", "pipe", "ipc"],
    env: { ...process.env, [WATCHED]: terminal ? "terminal" : "log" },
  });
  let stopped = false;
  const stop = (): void => {
    // npm passes on a signal that the terminal has sent already.
    if (stopped) return;
    stopped = true;
    if (child.connected) child.send("stop", () => {});
    setTimeout(() => child.kill("SIGKILL"), GRACE_MS).unref();
  };
  const end = (signal: NodeJS.Signals): void => {
    child.kill("SIGKILL");
    process.kill(process.pid, signal);
  };
  process.on("SIGINT", stop);
  for (const signal of ["SIGTERM", "SIGHUP"] as const) process.once(signal, end);
  process.stderr.on("error", () => {});
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    const said = text.replaceAll(DAWN_WARNING, "");
    if (said !== "") process.stderr.write(said);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      process.stderr.write(`vitrine: expected to start Node, got ${error.message}\n`);
      resolve(2);
    });
    child.on("close", (code, signal) => {
      if (code === null) {
        const clear = terminal ? "\r\x1b[2K" : "";
        process.stderr.write(`${clear}vitrine: ${stopped ? "stopped" : `ended by ${signal}`}\n`);
      }
      resolve(stopped ? STOPPED : (code ?? 2));
    });
  });
}

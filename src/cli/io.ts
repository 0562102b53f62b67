import { VitrineError } from "../gpu/errors.ts";

/** The terminal of a command; tests put their own in its place. */
export interface Io {
  /** Writes a line to standard output. A line break within it is shown, not obeyed: it can only come from a file's names. */
  out(line: string): void;
  /** Writes a line to standard error, likewise. */
  err(line: string): void;
  /** Redraws the progress line; nothing clears it. Where standard error is no terminal, a line of its own now and then. */
  progress(line?: string): void;
  /** Opens the GPU. */
  device(): Promise<GPUDevice>;
  readonly signal: AbortSignal;
}

/** A command line that cannot be understood. */
export class UsageError extends VitrineError {
  override name = "UsageError";
}

/** The machine's GPU could not be opened. */
export class GpuError extends VitrineError {
  override name = "GpuError";
}

/** Writes a text of several lines, such as a table, to standard output. */
export function printLines(io: Io, text: string): void {
  for (const line of text.split("\n")) io.out(line);
}

/** Writes a value to standard output as JSON. */
export function printJson(io: Io, value: unknown): void {
  printLines(io, JSON.stringify(value, null, 2));
}

/** Calls `onProgress` no more often than a terminal can show. */
export function progressOf(io: Io, what: string): (fraction: number) => void {
  let shown = Number.NEGATIVE_INFINITY;
  return (fraction) => {
    const now = performance.now();
    if (now - shown < 100) return;
    shown = now;
    io.progress(`${what} ${Math.round(100 * fraction)} %`);
  };
}

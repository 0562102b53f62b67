import { VitrineError } from "../gpu/errors.ts";

/** What a command talks to; tests put their own in its place. */
export interface Io {
  /** Writes a line to standard output. */
  out(line: string): void;
  /** Writes a line to standard error. */
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

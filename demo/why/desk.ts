import { Emitter } from "../emitter.ts";

/** A piece of work with a name; the same name means the same result. */
export interface Task {
  readonly key: string;
  run(options: {
    readonly signal: AbortSignal;
    readonly onProgress: (fraction: number) => void;
  }): Promise<void>;
}

/** How far a task has come. */
export type Progress =
  | { readonly stage: "waiting" }
  | { readonly stage: "working"; readonly fraction: number | undefined }
  | { readonly stage: "done" }
  | { readonly stage: "stopped" }
  | { readonly stage: "failed"; readonly words: string };

const WAITING: Progress = { stage: "waiting" };

/** Lets the page draw and answer between two pieces of work. */
const breathe = () => new Promise<void>((resolve) => setTimeout(resolve, 16));

/**
 * Does one thing after another, always the first wanted one that is not done. What is no longer wanted is stopped; what
 * was done stays done until it is forgotten.
 */
export class Desk {
  readonly changed: Emitter<void> = new Emitter();
  #wanted: readonly Task[] = [];
  readonly #progress = new Map<string, Progress>();
  #running: { readonly key: string; readonly stop: AbortController } | undefined;
  #pumping = false;
  #closed = false;

  /** Says what is wanted now, the most urgent first. */
  want(tasks: readonly Task[]): void {
    this.#wanted = tasks;
    const { key, stop } = this.#running ?? {};
    if (stop && !tasks.some((task) => task.key === key)) stop.abort();
    void this.#pump();
  }

  progressOf(key: string): Progress {
    return this.#progress.get(key) ?? WAITING;
  }

  /** Whether anything is being done, or is to be. */
  get busy(): boolean {
    return this.#wanted.some(({ key }) => ["waiting", "working"].includes(this.progressOf(key).stage));
  }

  /** Stops a task, until it is asked for again. */
  stop(key: string): void {
    this.#progress.set(key, { stage: "stopped" });
    if (this.#running?.key === key) this.#running.stop.abort();
    this.changed.emit();
  }

  /** Takes up a task again that was stopped or failed. */
  again(key: string): void {
    this.#progress.delete(key);
    this.changed.emit();
    void this.#pump();
  }

  /** Takes up again every task that was stopped and whose key begins so, when it is wanted. */
  resume(prefix: string): void {
    for (const [key, { stage }] of this.#progress) {
      if (stage === "stopped" && key.startsWith(prefix)) this.#progress.delete(key);
    }
  }

  /** Forgets everything: the question was about something that is gone. */
  forget(): void {
    this.#wanted = [];
    this.#running?.stop.abort();
    this.#progress.clear();
  }

  close(): void {
    this.#closed = true;
    this.forget();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (;;) {
        await breathe();
        const next = this.#wanted.find(({ key }) => this.progressOf(key).stage === "waiting");
        if (!next || this.#closed) return;
        await this.#do(next);
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #do({ key, run }: Task): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    this.#running = { key, stop };
    const tell = (progress: Progress) => {
      if (signal.aborted) return;
      this.#progress.set(key, progress);
      this.changed.emit();
    };
    tell({ stage: "working", fraction: undefined });
    try {
      await run({ signal, onProgress: (fraction) => tell({ stage: "working", fraction }) });
      tell({ stage: "done" });
    } catch (error) {
      tell({ stage: "failed", words: error instanceof Error ? error.message : String(error) });
    } finally {
      // Stopped because it was no longer wanted, and not by hand: it may be wanted again.
      if (signal.aborted && this.progressOf(key).stage === "working") this.#progress.delete(key);
      this.#running = undefined;
    }
  }
}

import { Emitter } from "../emitter.ts";

/** The order of work: what was asked for, then overviews beside it, then how far all of that can be trusted. */
export const PRIORITIES = ["answer", "overview", "trust"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** The means of a task to listen and to tell while it runs. */
export interface TaskOptions {
  readonly signal: AbortSignal;
  /** @param fraction the part that is done, 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** A piece of work with a name; the same name means the same result. */
export interface Task<T> {
  readonly key: string;
  readonly priority: Priority;
  run(options: TaskOptions): Promise<T>;
}

/** The stage that a task has come to. */
export type Progress =
  | { readonly stage: "waiting" }
  | { readonly stage: "working"; readonly fraction: number | undefined }
  | { readonly stage: "done" }
  | { readonly stage: "stopped" }
  | { readonly stage: "failed"; readonly message: string };

/** True if a task runs or is still to run. */
export function isOpen({ stage }: Progress): boolean {
  return stage === "waiting" || stage === "working";
}

const WAITING: Progress = { stage: "waiting" };

/** Lets the page draw and answer between two tasks. */
const nextFrame = () => new Promise<void>((resolve) => setTimeout(resolve, 16));

/** Runs the tasks of all questions, one after another: the GPU is one, and so is the reader's patience. */
export class TaskQueue {
  readonly #lists: TaskList<unknown>[] = [];
  #running = false;
  #closed = false;

  /** A new list of tasks whose results are of one type. Lists that were made earlier come first within a priority. */
  list<T>(): TaskList<T> {
    const list = new TaskList<T>(() => void this.#run());
    this.#lists.push(list as TaskList<unknown>);
    return list;
  }

  /** True if anything runs or is still to run. */
  get busy(): boolean {
    return this.#lists.some(({ busy }) => busy);
  }

  /** Stops everything for good. */
  close(): void {
    this.#closed = true;
    for (const list of this.#lists) list.forget();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (;;) {
        await nextFrame();
        const run = this.#closed ? undefined : this.#next();
        if (!run) return;
        await run();
      }
    } finally {
      this.#running = false;
    }
  }

  #next(): (() => Promise<void>) | undefined {
    for (const priority of PRIORITIES) {
      for (const list of this.#lists) {
        const run = list.next(priority);
        if (run) return run;
      }
    }
    return undefined;
  }
}

/**
 * The tasks of one kind that a question wants, and their results. A task that is no longer wanted is stopped, and waits
 * when it is wanted again; a result is kept until it is forgotten.
 */
export class TaskList<T> {
  /** A task came further, or another way. */
  readonly changed: Emitter<void> = new Emitter();
  readonly #wake: () => void;
  readonly #progress = new Map<string, Progress>();
  readonly #results = new Map<string, T>();
  #wanted: readonly Task<T>[] = [];
  #running: { readonly key: string; readonly stop: AbortController } | undefined;

  /** @param wake tells the queue that there is something to do. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** Says which tasks are wanted now, in their order within a priority. */
  want(tasks: readonly Task<T>[]): void {
    this.#wanted = tasks;
    const { key, stop } = this.#running ?? {};
    if (stop && !tasks.some((task) => task.key === key)) stop.abort();
    this.#wake();
  }

  progressOf(key: string): Progress {
    return this.#progress.get(key) ?? WAITING;
  }

  /** The result of a task; undefined until it is done. */
  resultOf(key: string): T | undefined {
    return this.#results.get(key);
  }

  /** True if a wanted task runs or is still to run. */
  get busy(): boolean {
    return this.#wanted.some(({ key }) => isOpen(this.progressOf(key)));
  }

  /** Stops a task that runs or waits, until it is asked for again. */
  stop(key: string): void {
    if (!isOpen(this.progressOf(key))) return;
    this.#progress.set(key, { stage: "stopped" });
    if (this.#running?.key === key) this.#running.stop.abort();
    this.changed.emit();
  }

  /** Takes up again a task that was stopped or failed. */
  again(key: string): void {
    const { stage } = this.progressOf(key);
    if (stage !== "stopped" && stage !== "failed") return;
    this.#progress.delete(key);
    this.changed.emit();
    this.#wake();
  }

  /** Takes up again every task that was stopped. */
  resume(): void {
    for (const [key, { stage }] of this.#progress) if (stage === "stopped") this.again(key);
  }

  /** Stops everything and drops every result: what they were about is gone. */
  forget(): void {
    this.#wanted = [];
    this.#running?.stop.abort();
    this.#progress.clear();
    this.#results.clear();
  }

  /** A call that runs the first wanted task of a priority that waits; for the queue. */
  next(priority: Priority): (() => Promise<void>) | undefined {
    const task = this.#wanted.find(
      (one) => one.priority === priority && this.progressOf(one.key).stage === "waiting",
    );
    return task && (() => this.#do(task));
  }

  async #do({ key, run }: Task<T>): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    this.#running = { key, stop };
    // News of a task that was stopped is nobody's any more.
    const tell = (progress: Progress) => {
      if (signal.aborted) return;
      this.#progress.set(key, progress);
      this.changed.emit();
    };
    tell({ stage: "working", fraction: undefined });
    try {
      const result = await run({ signal, onProgress: (fraction) => tell({ stage: "working", fraction }) });
      if (!signal.aborted) this.#results.set(key, result);
      tell({ stage: "done" });
    } catch (error) {
      tell({ stage: "failed", message: error instanceof Error ? error.message : String(error) });
    } finally {
      // It was stopped because nobody wanted it, and not by hand: it may be wanted again.
      if (signal.aborted && this.progressOf(key).stage === "working") this.#progress.delete(key);
      this.#running = undefined;
    }
  }
}

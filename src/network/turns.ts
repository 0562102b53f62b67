interface Waiting {
  start(): void;
  refuse(reason: unknown): void;
}

/** Work that must not overlap: each piece begins when those that asked before it are done. */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #taken = false;

  /**
   * Runs `work` in its turn; at once, where nothing is under way. Work that fails lets the next begin.
   * @throws the signal's reason, at once, when it aborts while the work waits; what `work` throws.
   */
  async take<T>(work: () => T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    if (this.#taken) await this.#queue(signal);
    this.#taken = true;
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.start();
      else this.#taken = false;
    }
  }

  /** Turns away whatever waits. What is under way goes on. */
  refuse(reason: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.refuse(reason);
  }

  #queue(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => signal?.removeEventListener("abort", abort);
      const waiting: Waiting = {
        start() {
          leave();
          resolve();
        },
        refuse(reason) {
          leave();
          reject(reason);
        },
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.refuse(signal?.reason);
      };
      this.#waiting.push(waiting);
      signal?.addEventListener("abort", abort);
    });
  }
}

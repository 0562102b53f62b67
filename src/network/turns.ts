interface Waiting {
  readonly signal: AbortSignal | undefined;
  start(): void;
  refuse(reason: unknown): void;
}

/** Work that must not overlap: each piece begins when those that asked before it are done. */
export class Turns {
  #waiting: Waiting[] = [];
  #taken = false;
  /** Each signal of those that wait is listened to once, however many share it. */
  readonly #listeners = new Map<AbortSignal, () => void>();

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
      if (next) {
        this.#forget(next.signal);
        next.start();
      } else this.#taken = false;
    }
  }

  /** Turns away whatever waits. What is under way goes on. */
  refuse(reason: unknown): void {
    for (const waiting of this.#waiting.splice(0)) {
      this.#forget(waiting.signal);
      waiting.refuse(reason);
    }
  }

  #queue(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ signal, start: resolve, refuse: reject });
      if (signal) this.#listen(signal);
    });
  }

  #listen(signal: AbortSignal): void {
    if (this.#listeners.has(signal)) return;
    const abort = (): void => {
      const left = this.#waiting.filter((waiting) => waiting.signal === signal);
      this.#waiting = this.#waiting.filter((waiting) => waiting.signal !== signal);
      this.#forget(signal);
      for (const waiting of left) waiting.refuse(signal.reason);
    };
    this.#listeners.set(signal, abort);
    signal.addEventListener("abort", abort);
  }

  /** Stops listening to a signal that no one who waits has any more. */
  #forget(signal: AbortSignal | undefined): void {
    const abort = signal && this.#listeners.get(signal);
    if (!abort || this.#waiting.some((waiting) => waiting.signal === signal)) return;
    this.#listeners.delete(signal);
    signal.removeEventListener("abort", abort);
  }
}

/** What a loop may wait for. */
type Reason = "pictures" | "network";

/** Measures how fast a loop goes, and what it waits for. */
export class Clock {
  readonly #start = performance.now();
  readonly #waited: Record<Reason, number> = { pictures: 0, network: 0 };

  /** Waits for something, and counts the time. */
  async during<T>(reason: Reason, work: Promise<T>): Promise<T> {
    const since = performance.now();
    try {
      return await work;
    } finally {
      this.#waited[reason] += performance.now() - since;
    }
  }

  speed(pictures: number): { readonly picturesPerSecond: number; readonly waitsFor: Reason } {
    const seconds = (performance.now() - this.#start) / 1000;
    const { pictures: reading, network } = this.#waited;
    return {
      picturesPerSecond: seconds > 0 ? pictures / seconds : 0,
      waitsFor: reading > network ? "pictures" : "network",
    };
  }
}

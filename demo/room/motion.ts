/** The time that anything on the page moves, in milliseconds. */
const DURATION = 280;

/** True if the reader asks for no motion. */
export function asksForStillness(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** A number that goes to where it is sent in one smooth motion; at once for those who ask for no motion. */
export class Moving {
  #from: number;
  #to: number;
  #since = Number.NEGATIVE_INFINITY;

  constructor(value: number) {
    this.#from = value;
    this.#to = value;
  }

  get goal(): number {
    return this.#to;
  }

  /** Sends it on its way; returns whether that is a change. */
  send(to: number, now = performance.now()): boolean {
    if (to === this.#to) return false;
    this.#from = this.at(now);
    this.#to = to;
    this.#since = asksForStillness() ? Number.NEGATIVE_INFINITY : now;
    return true;
  }

  /** Puts it there at once. */
  put(to: number): void {
    this.#from = to;
    this.#to = to;
    this.#since = Number.NEGATIVE_INFINITY;
  }

  at(now: number): number {
    const t = Math.min(1, Math.max(0, (now - this.#since) / DURATION));
    const eased = t < 1 ? 1 - (1 - t) ** 3 : 1;
    return this.#from + (this.#to - this.#from) * eased;
  }

  moving(now: number): boolean {
    return now - this.#since < DURATION;
  }
}

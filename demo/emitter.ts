/**
 * Calls every listener. An error of one is no matter of the others, nor of the caller: the window is told of it, as of any
 * that nobody caught.
 */
export function tellAll<T extends readonly unknown[]>(
  listeners: Iterable<(...news: T) => void>,
  ...news: T
): void {
  for (const listener of listeners) {
    try {
      listener(...news);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** Something that happens, and those who want to know. */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => void>();

  listen(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(value: T): void {
    tellAll(this.#listeners, value);
  }
}

/** Milliseconds that long work holds a thread at a stretch. */
const STRETCH = 12;

/** Gives the event loop a turn now and then during long work, and ends the work at the caller's signal. */
export class YieldToEventLoop {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Returns at once, or after a turn of the event loop where the last one is a while ago. @throws the signal's reason. */
  async whenDue(): Promise<void> {
    if (performance.now() - this.#since < STRETCH) return;
    await eventLoop();
    this.#since = performance.now();
    this.#signal?.throwIfAborted();
  }
}

/** A turn of the event loop. Timers would do, but pages in the background have theirs once a second. */
function eventLoop(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

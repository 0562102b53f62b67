import { whileAlive } from "../gpu/device.ts";

/** Time that a submit should take, so that a page stays smooth and a stop is prompt, in ms. */
const SUBMIT = 60;

/** Pieces of work whose size follows the time that they take. One is on the device while the next is made ready. */
export interface Pace {
  /** How large the next piece should be. */
  readonly size: number;
  /**
   * To be called behind the submit of a piece: waits for the one before.
   * @throws the signal's reason; DeviceLostError.
   */
  submitted(size: number): Promise<void>;
  /** Waits for all that was submitted. */
  settled(): Promise<void>;
}

/** @param limits the least and the largest size of a piece; sizes are multiples of the least. */
export function createPace(
  device: GPUDevice,
  who: string,
  {
    least,
    most,
    signal,
  }: { readonly least: number; readonly most: number; readonly signal?: AbortSignal | undefined },
): Pace {
  let size = least;
  let finished = performance.now();
  let before: Promise<void> = Promise.resolve();
  return {
    get size() {
      return size;
    },
    async submitted(count) {
      const done = device.queue.onSubmittedWorkDone().then(() => {
        const now = performance.now();
        const ideal = (count * SUBMIT) / Math.max(0.1, now - finished);
        size = Math.max(least, Math.min(most, 2 * size, Math.floor(ideal / least) * least));
        finished = now;
      });
      done.catch(() => {});
      await whileAlive(device, who, before);
      before = done;
      signal?.throwIfAborted();
    },
    settled: () => whileAlive(device, who, before),
  };
}

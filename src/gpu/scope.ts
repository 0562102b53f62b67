import { outOfMemory, whileAlive } from "./device.ts";
import { createTensor, type DType, type Shape, type Tensor, type TensorOptions } from "./tensor.ts";

/** Anything that holds memory of the device: a buffer, a command, a network. */
export interface Destroyable {
  destroy(): void;
}

/** The owner of what it created: `destroy`, or the end of a `using` block, frees it. */
export interface Owner extends Destroyable {
  [Symbol.dispose](): void;
}

/** Owns whatever a piece of work or a command creates, and frees it together. */
export interface Scope extends Owner {
  /** Takes what was made into the scope. After the scope's end, it is destroyed at once. */
  own<T extends Destroyable>(made: T): T;
  /**
   * A tensor that dies with the scope.
   * @throws InputError as {@link createTensor}; where the device has no memory left, `settled` throws.
   */
  tensor<D extends DType = "f32">(shape: Shape, options?: TensorOptions<D>): Tensor<D>;
  /** A command, or anything else that is made asynchronously, that dies with the scope. */
  command<T extends Destroyable>(made: Promise<T>): Promise<T>;
  /**
   * Waits until everything that the scope was given is made.
   * @throws OutOfMemoryError when the device had no memory for a tensor; what a command failed with.
   */
  settled(): Promise<void>;
}

/** The part of a scope that takes what others made. */
export type Own = Scope["own"];

/**
 * Opens a scope, whose owner destroys it. Most code wants one of its two forms: {@link build} for a command that lives on,
 * {@link withScope} for work that ends.
 * @param who the command or technique, for errors and the labels of buffers.
 */
export function createScope(device: GPUDevice, who: string): Scope {
  const owned: Destroyable[] = [];
  const pending: Promise<unknown>[] = [];
  let ended = false;
  const own = <T extends Destroyable>(made: T): T => {
    if (ended) made.destroy();
    else owned.push(made);
    return made;
  };
  const wait = <T>(making: Promise<T>): Promise<T> => {
    // Whoever failed is heard of in `settled`.
    making.catch(() => {});
    pending.push(making);
    return making;
  };
  const destroy = (): void => {
    ended = true;
    for (const made of owned.splice(0).reverse()) made.destroy();
  };
  return {
    own,
    tensor(shape, options = {}) {
      device.pushErrorScope("out-of-memory");
      try {
        const made = createTensor(device, shape, { ...options, label: options.label ?? who });
        own(made.buffer);
        return made;
      } finally {
        const said = whileAlive(device, who, device.popErrorScope());
        wait(
          said.then((error) => {
            if (error) throw outOfMemory(who, error);
          }),
        );
      }
    },
    command(made) {
      return wait(made.then(own));
    },
    async settled() {
      const failures: unknown[] = [];
      while (pending.length > 0) {
        const results = await Promise.allSettled(pending.splice(0));
        for (const result of results) if (result.status === "rejected") failures.push(result.reason);
      }
      if (failures.length > 0) throw failures[0];
    },
    destroy,
    [Symbol.dispose]: destroy,
  };
}

/**
 * Builds something in a scope of its own. If a part of it fails, all that was made before is destroyed, once nothing is still
 * being made; otherwise it lives as long as what is returned, whose `destroy` frees it.
 * @param make returns a plain object, which may be something that the scope owns.
 * @example
 * export function createBlur(device: GPUDevice, x: Tensor, y: Tensor): Promise<Command> {
 *   return build(device, "blur", async ({ tensor, command }) => {
 *     const rows = tensor(x.shape, { label: "blurred rows" });
 *     const [first, second] = await all([
 *       command(createBlurRows(device, { x, y: rows })),
 *       command(createBlurColumns(device, { x: rows, y })),
 *     ]);
 *     return sequence([first, second]);
 *   });
 * }
 */
export async function build<T extends object>(
  device: GPUDevice,
  who: string,
  make: (scope: Scope) => Promise<T>,
): Promise<T & Owner> {
  const scope = createScope(device, who);
  try {
    const made = await make(scope);
    await scope.settled();
    const { destroy } = scope;
    return { ...made, destroy, [Symbol.dispose]: destroy };
  } catch (error) {
    await abandon(scope);
    throw error;
  }
}

/**
 * The same without waiting, for hosts whose ops cannot wait (tfjs): what the device itself refuses surfaces as an uncaptured
 * error.
 */
export function buildNow<T extends object>(
  device: GPUDevice,
  who: string,
  make: (scope: { readonly own: Own }) => T,
): T & Owner {
  const scope = createScope(device, who);
  const { destroy } = scope;
  try {
    return { ...make(scope), destroy, [Symbol.dispose]: destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

/**
 * Runs some work and frees whatever it allocated in its scope, whether it succeeds or not.
 * @example
 * const values = await withScope(device, "mean", async ({ tensor, command }) => {
 *   const y = tensor([channels]);
 *   const mean = await command(createMean(device, { x, y }));
 *   const encoder = device.createCommandEncoder();
 *   record(encoder, [mean]);
 *   device.queue.submit([encoder.finish()]);
 *   return readTensor(device, y);
 * });
 */
export async function withScope<T>(
  device: GPUDevice,
  who: string,
  work: (scope: Scope) => Promise<T>,
): Promise<T> {
  const scope = createScope(device, who);
  try {
    const result = await work(scope);
    await scope.settled();
    return result;
  } finally {
    await abandon(scope);
  }
}

/** Frees a scope once nothing is still being made in it. */
async function abandon(scope: Scope): Promise<void> {
  await scope.settled().catch(() => {});
  scope.destroy();
}

/**
 * Promise.all that waits for every promise before it fails, so that nothing is still being made when the caller cleans
 * up.
 */
export async function all<const T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises) as Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }>;
}

import type { Command } from "./kernel.ts";
import { createTensor, type DType, type Shape, type Tensor, type TensorOptions } from "./tensor.ts";

/** What a piece of work allocates, freed together. */
export interface Scope {
  /** Remembers what was made, to destroy it. */
  own<T extends { destroy(): void }>(made: T): T;
  /** A tensor that dies with the scope. */
  tensor<D extends DType = "f32">(shape: Shape, options?: TensorOptions<D>): Tensor<D>;
  /** A command that dies with the scope. */
  command(made: Promise<Command>): Promise<Command>;
}

/** Runs some work and frees whatever it allocated in its scope, whether it succeeds or not. */
export async function withScope<T>(device: GPUDevice, work: (scope: Scope) => Promise<T>): Promise<T> {
  const owned: { destroy(): void }[] = [];
  const own = <M extends { destroy(): void }>(made: M): M => {
    owned.push(made);
    return made;
  };
  try {
    return await work({
      own,
      tensor(shape, options) {
        const made = createTensor(device, shape, options);
        own(made.buffer);
        return made;
      },
      command: (made) => made.then(own),
    });
  } finally {
    for (const made of owned) made.destroy();
  }
}

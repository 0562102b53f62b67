import { checked } from "./device.ts";
import { type Command, createDispatch, createDispatchNow, type DispatchOptions, sequence } from "./kernel.ts";
import type { Shader } from "./shader.ts";
import { createTensor, type DType, type Shape, type Tensor } from "./tensor.ts";

/** One dispatch of a command that takes several. */
export interface Step extends DispatchOptions {
  readonly shader: Shader;
}

/** Allocates what a command needs for itself; it is freed with the command. */
export type Scratch = <D extends DType = "f32">(
  shape: Shape,
  label: string,
  options?: { readonly dtype?: D; readonly data?: Float32Array | Uint32Array },
) => Tensor<D>;

/** The dispatches of a command, in order, with its scratch memory allocated. Checks its arguments first. */
export type Plan = (scratch: Scratch) => readonly Step[];

function allocator(device: GPUDevice, owned: Tensor[]): Scratch {
  return (shape, label, options) => {
    const tensor = createTensor(device, shape, { label, ...options });
    owned.push(tensor);
    return tensor;
  };
}

function commandOf(dispatches: readonly Command[], owned: readonly Tensor[]): Command {
  const all = sequence(dispatches);
  return {
    encode: (pass) => all.encode(pass),
    destroy: () => {
      all.destroy();
      for (const { buffer } of owned) buffer.destroy();
    },
  };
}

/**
 * Makes a plan ready to record: allocates, compiles, binds. Nothing is left behind when a part of it fails.
 * @param who the command, for errors.
 */
export async function createSteps(device: GPUDevice, who: string, plan: Plan): Promise<Command> {
  const owned: Tensor[] = [];
  const made: Command[] = [];
  try {
    const steps = await checked(device, who, () => plan(allocator(device, owned)));
    const tried = await Promise.allSettled(
      steps.map(({ shader, ...options }) => createDispatch(device, shader, options)),
    );
    for (const one of tried) if (one.status === "fulfilled") made.push(one.value);
    for (const one of tried) if (one.status === "rejected") throw one.reason;
    return commandOf(made, owned);
  } catch (error) {
    for (const command of made) command.destroy();
    for (const { buffer } of owned) buffer.destroy();
    throw error;
  }
}

/** The same without waiting, for hosts whose ops cannot wait; see {@link createDispatchNow}. */
export function createStepsNow(device: GPUDevice, plan: Plan): Command {
  const owned: Tensor[] = [];
  const steps = plan(allocator(device, owned));
  return commandOf(
    steps.map(({ shader, ...options }) => createDispatchNow(device, shader, options)),
    owned,
  );
}

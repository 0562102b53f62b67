import { type Command, sequence } from "./command.ts";
import { checked } from "./device.ts";
import { createDispatch, createDispatchNow, type DispatchOptions } from "./dispatch.ts";
import { all, build, buildNow, type Own } from "./scope.ts";
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

function allocator(device: GPUDevice, { own }: { readonly own: Own }): Scratch {
  return (shape, label, options) => {
    const tensor = createTensor(device, shape, { label, ...options });
    own(tensor.buffer);
    return tensor;
  };
}

/**
 * Makes a plan ready to record: allocates, compiles, binds. Nothing is left behind when a part of it fails.
 * @param who the command, for errors.
 */
export function createSteps(device: GPUDevice, who: string, plan: Plan): Promise<Command> {
  return build(device, who, async (scope) => {
    const steps = await checked(device, who, () => plan(allocator(device, scope)));
    const dispatches = steps.map(({ shader, ...options }) =>
      scope.command(createDispatch(device, shader, options)),
    );
    return sequence(await all(dispatches));
  });
}

/** The same without waiting, for hosts whose ops cannot wait; see {@link createDispatchNow}. */
export function createStepsNow(device: GPUDevice, who: string, plan: Plan): Command {
  return buildNow(device, who, (scope) =>
    sequence(
      plan(allocator(device, scope)).map(({ shader, ...options }) =>
        scope.own(createDispatchNow(device, shader, options)),
      ),
    ),
  );
}

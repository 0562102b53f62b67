import type { Command } from "../gpu/command.ts";
import { createDispatch, type DispatchOptions } from "../gpu/dispatch.ts";
import { build } from "../gpu/scope.ts";
import type { Shader } from "../gpu/shader.ts";
import type { Tensors } from "./op.ts";

/**
 * A dispatch of a kernel that can tell where its maxima came from: it writes `saved.argmax` if there is one, else a
 * placeholder is bound and nothing written. The shader has a binding `argmax` and an override `ARGMAX`.
 */
export async function createArgmaxDispatch(
  device: GPUDevice,
  shader: Shader,
  saved: Tensors,
  options: DispatchOptions,
): Promise<Command> {
  const create = (argmax: DispatchOptions["bindings"][string], wanted: boolean): Promise<Command> =>
    createDispatch(device, shader, {
      ...options,
      constants: { ...options.constants, ARGMAX: Number(wanted) },
      bindings: { ...options.bindings, argmax },
    });
  if (saved.argmax) return create(saved.argmax, true);

  return build(device, "no argmax", ({ tensor, command }) =>
    command(create(tensor([1], { dtype: "u32" }), false)),
  );
}

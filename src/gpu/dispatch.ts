import { createBuffer } from "./buffer.ts";
import type { Command, Recording } from "./command.ts";
import { checked } from "./device.ts";
import { InputError } from "./errors.ts";
import { compileKernel, compileNow, type Kernel, type KernelOptions } from "./kernel.ts";
import { build, buildNow, type Own } from "./scope.ts";
import type { Shader, ShaderField } from "./shader.ts";
import { assertTensor, LARGEST_U32, type Tensor } from "./tensor.ts";

export interface DispatchOptions extends KernelOptions {
  /** Name for labels and errors: the layer's. */
  readonly label?: string | undefined;
  /** Every field of the shader's `params`, by name. */
  readonly params?: Readonly<Record<string, number | readonly number[]>> | undefined;
  /** Every other binding, by name. */
  readonly bindings: Readonly<Record<string, Tensor | GPUBuffer>>;
  readonly workgroups: readonly [x: number, y?: number, z?: number];
}

/**
 * Makes one dispatch ready to record: compiles, writes its parameters, binds its buffers.
 * @throws InputError when a binding or parameter is missing, unknown or out of range, or the grid exceeds the device's
 * limits; VitrineError when the device refuses a buffer (its usage, its size).
 */
export async function createDispatch(
  device: GPUDevice,
  shader: Shader,
  options: DispatchOptions,
): Promise<Command> {
  const parts = partsOf(device, shader, options);
  const kernel = await compileKernel(device, shader, options);
  return build(device, parts.label, (scope) =>
    checked(device, parts.label, () => bind(device, kernel, parts, scope)),
  );
}

/**
 * The same without waiting, for hosts whose ops cannot wait (tfjs): it compiles on the spot, and what the device itself
 * refuses surfaces as an uncaptured error.
 * @throws InputError as {@link createDispatch}.
 */
export function createDispatchNow(device: GPUDevice, shader: Shader, options: DispatchOptions): Command {
  const parts = partsOf(device, shader, options);
  const kernel = compileNow(device, shader, options);
  return buildNow(device, parts.label, (scope) => bind(device, kernel, parts, scope));
}

/** A dispatch's options, checked. */
function partsOf(device: GPUDevice, shader: Shader, options: DispatchOptions) {
  const label = `vitrine ${shader.name}${options.label ? ` "${options.label}"` : ""}`;
  const [x, y = 1, z = 1] = options.workgroups;
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  if (![x, y, z].every((count) => Number.isInteger(count) && count >= 1 && count <= most)) {
    throw new InputError(`${label}: expected 1 to ${most} workgroups a dimension, got ${x}×${y}×${z}`);
  }
  const buffers = buffersByBinding(shader, options.bindings, label);
  const bytes = packParams(shader, options.params ?? {}, label);
  return { label, workgroups: [x, y, z] as const, buffers, bytes };
}

function bind(
  device: GPUDevice,
  { shader, pipeline, layout }: Kernel,
  { label, workgroups: [x, y, z], buffers, bytes }: ReturnType<typeof partsOf>,
  { own }: { readonly own: Own },
): Recording {
  const params = bytes ? own(uniformOf(device, bytes, `${label} params`)) : undefined;
  const entries = shader.bindings.flatMap(({ name, binding }): GPUBindGroupEntry[] => {
    const buffer = name === "params" ? params : buffers.get(binding);
    return buffer ? [{ binding, resource: { buffer } }] : [];
  });
  const bindGroup = device.createBindGroup({ label, layout, entries });
  return {
    encode(pass) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(x, y, z);
    },
  };
}

function buffersByBinding(
  shader: Shader,
  bindings: DispatchOptions["bindings"],
  label: string,
): Map<number, GPUBuffer> {
  const wanted = shader.bindings.filter(({ name }) => name !== "params");
  for (const name of Object.keys(bindings)) {
    if (!wanted.some((binding) => binding.name === name)) {
      throw new InputError(
        `${label}: expected bindings [${wanted.map((binding) => binding.name).join(", ")}], got "${name}"`,
      );
    }
  }
  return new Map(
    wanted.map(({ name, binding }) => {
      const bound = bindings[name];
      if (!bound) throw new InputError(`${label}: expected a buffer for "${name}", got none`);
      if (!("buffer" in bound)) return [binding, bound];
      assertTensor(`${label}, "${name}"`, bound);
      return [binding, bound.buffer];
    }),
  );
}

const INTEGER_RANGES = { u32: [0, LARGEST_U32], i32: [-(2 ** 31), 2 ** 31 - 1] } as const;

function fits(value: number, type: ShaderField["type"]): boolean {
  if (type === "f32") return !Number.isNaN(value);
  const [least, most] = INTEGER_RANGES[type];
  return Number.isInteger(value) && value >= least && value <= most;
}

function packParams(
  shader: Shader,
  params: NonNullable<DispatchOptions["params"]>,
  label: string,
): DataView | undefined {
  const { size, fields } = shader.params;
  for (const name of Object.keys(params)) {
    if (!fields.some((field) => field.name === name)) {
      throw new InputError(
        `${label}: expected parameters [${fields.map((field) => field.name).join(", ")}], got "${name}"`,
      );
    }
  }
  if (size === 0) return undefined;
  const bytes = new DataView(new ArrayBuffer(size));
  for (const { name, offset, length, type } of fields) {
    const value = params[name];
    const values = typeof value === "number" ? [value] : value;
    if (values?.length !== length || !values.every((v) => fits(v, type))) {
      throw new InputError(
        `${label}: expected params.${name} to be ${length} × ${type}, got ${values ?? "nothing"}`,
      );
    }
    for (const [index, v] of values.entries()) {
      const at = offset + 4 * index;
      if (type === "f32") bytes.setFloat32(at, v, true);
      else if (type === "i32") bytes.setInt32(at, v, true);
      else bytes.setUint32(at, v, true);
    }
  }
  return bytes;
}

function uniformOf(device: GPUDevice, data: DataView, label: string): GPUBuffer {
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  return createBuffer(device, { label, size: data.byteLength, usage, data });
}

/**
 * A two-dimensional grid of at least `count` workgroups for kernels that number them as
 * `workgroup_id.x + workgroup_id.y * num_workgroups.x`.
 */
export function gridOf(count: number, most = 65535): [x: number, y: number] {
  const y = Math.ceil(count / most);
  return [Math.ceil(count / y), y];
}

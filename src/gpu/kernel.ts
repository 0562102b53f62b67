import { createBuffer } from "./buffer.ts";
import { checked, whileAlive } from "./device.ts";
import { CompileError, InputError } from "./errors.ts";
import { describe } from "./options.ts";
import { build, buildNow, type Own } from "./scope.ts";
import type { Shader, ShaderField } from "./shader.ts";
import { assertTensor, type Tensor } from "./tensor.ts";

/** Work to be recorded into an open compute pass. */
export interface Recording {
  /** Records the work into an open compute pass. */
  encode(pass: GPUComputePassEncoder): void;
}

/** Work that can be recorded: it allocates nothing, submits nothing and writes no queue when it is. */
export interface Command extends Recording {
  /** Frees what the command allocated; buffers that were passed in stay. */
  destroy(): void;
}

/**
 * Records commands into the caller's encoder as one compute pass.
 * @throws InputError when that is no encoder.
 */
export function record(
  encoder: GPUCommandEncoder,
  commands: Iterable<Command>,
  descriptor: GPUComputePassDescriptor = {},
): void {
  assertEncoder("record", encoder);
  const pass = encoder.beginComputePass(descriptor);
  for (const command of commands) command.encode(pass);
  pass.end();
}

/** @throws InputError when what an untyped caller gave is no command encoder. */
export function assertEncoder(who: string, encoder: GPUCommandEncoder): void {
  if (typeof (encoder as Partial<GPUCommandEncoder> | undefined)?.beginComputePass === "function") return;
  throw new InputError(
    `${who}: expected a GPUCommandEncoder, got ${describe(encoder)}; device.createCommandEncoder() makes one`,
  );
}

/** Several commands as one, in order; destroying it destroys them. */
export function sequence(commands: readonly Command[]): Command {
  return {
    encode: (pass) => {
      for (const command of commands) command.encode(pass);
    },
    destroy: () => {
      for (const command of commands) command.destroy();
    },
  };
}

/**
 * Several commands that are still being made, as one, in order. Where one of them fails, the others are destroyed.
 */
export async function createSequence(made: readonly Promise<Command>[]): Promise<Command> {
  const results = await Promise.allSettled(made);
  const commands = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return sequence(commands);
  for (const command of commands) command.destroy();
  throw failed.reason;
}

/** A command that does nothing. */
export const NOTHING: Command = { encode: () => {}, destroy: () => {} };

export interface KernelOptions {
  /** Values for the shader's overrides. */
  readonly constants?: Readonly<Record<string, number>>;
  /**
   * New values for module-scope `const`s or `alias`es, for the few things that WGSL's overrides cannot size
   * (a register tile, a storage type). Fails loudly if a name is absent.
   */
  readonly redeclare?: Readonly<Record<string, string | number>>;
}

/** A compiled kernel and the layout that binds it. */
export interface Kernel {
  readonly shader: Shader;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const kernels = new WeakMap<GPUDevice, Map<Shader, Map<string, Promise<Kernel>>>>();

function nested<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/**
 * Compiles a kernel, or joins the compilation that is under way, or returns the one compiled before on this device.
 * @throws CompileError with the kernel's name, and the line and text of its WGSL, shared blocks included.
 */
export function compileKernel(
  device: GPUDevice,
  shader: Shader,
  options: KernelOptions = {},
): Promise<Kernel> {
  const ofDevice = nested(kernels, device, () => new Map<Shader, Map<string, Promise<Kernel>>>());
  const variants = nested(ofDevice, shader, () => new Map<string, Promise<Kernel>>());
  const key = JSON.stringify([options.constants ?? {}, options.redeclare ?? {}]);
  return nested(variants, key, () => {
    const kernel = whileAlive(device, `kernel "${shader.name}"`, compile(device, shader, options));
    kernel.catch(() => variants.delete(key));
    return kernel;
  });
}

function redeclared(shader: Shader, names: Readonly<Record<string, string | number>>): string {
  // A module says so when it names half floats; on its first line, so that errors keep their lines.
  const halves = Object.values(names).some((value) => /\bf16\b/.test(String(value)));
  const source = halves ? `enable f16; ${shader.code}` : shader.code;
  return Object.entries(names).reduce((code, [name, value]) => {
    const declaration = new RegExp(`^((?:const|alias)\\s+${name}\\b[^=\\n]*=)[^;\\n]*;`, "m");
    if (!declaration.test(code)) {
      throw new CompileError(
        `kernel "${shader.name}": expected a module-scope const or alias "${name}" to redeclare, found none`,
      );
    }
    return code.replace(declaration, (_, head: string) => `${head} ${value};`);
  }, source);
}

/** What the compiler is given: the shader's text as the options have it, and its bindings. */
function prepare(device: GPUDevice, shader: Shader, { constants = {}, redeclare = {} }: KernelOptions) {
  for (const name of Object.keys(constants)) {
    if (!shader.overrides.includes(name)) {
      throw new CompileError(
        `kernel "${shader.name}": expected an override "${name}", found [${shader.overrides.join(", ")}]`,
      );
    }
  }
  const label = `vitrine ${shader.name}`;
  const layout = device.createBindGroupLayout({
    label,
    entries: shader.bindings.map(({ binding, access }) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: {
        type: access === "uniform" ? "uniform" : access === "read" ? "read-only-storage" : "storage",
      },
    })),
  });
  const code = redeclared(shader, redeclare);
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label, code });
  const invalid = device.popErrorScope();
  invalid.catch(() => {});
  const descriptor: GPUComputePipelineDescriptor = {
    label,
    layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main", constants: { ...constants } },
  };
  return { layout, module, invalid, descriptor };
}

async function compile(device: GPUDevice, shader: Shader, options: KernelOptions): Promise<Kernel> {
  const { layout, module, invalid, descriptor } = prepare(device, shader, options);
  try {
    const pipeline = await device.createComputePipelineAsync(descriptor);
    const refused = await invalid;
    if (refused) throw new Error(refused.message);
    return { shader, pipeline, layout };
  } catch (error) {
    const { messages } = await module.getCompilationInfo();
    const lines = messages
      .filter((message) => message.type === "error")
      .map(({ lineNum, linePos, message }) => {
        const line = shader.code.split("\n")[lineNum - 1]?.trim() ?? "";
        return `${shader.name}.wgsl:${lineNum}:${linePos} ${message}${line && `, in: ${line}`}`;
      });
    const detail =
      lines.length > 0 ? lines.join("\n") : ((await invalid)?.message ?? (error as Error).message);
    throw new CompileError(`kernel "${shader.name}" does not compile: ${detail}`);
  }
}

const compiledNow = new WeakMap<GPUDevice, Map<Shader, Map<string, Kernel>>>();

function compileNow(device: GPUDevice, shader: Shader, options: KernelOptions): Kernel {
  const ofDevice = nested(compiledNow, device, () => new Map<Shader, Map<string, Kernel>>());
  const variants = nested(ofDevice, shader, () => new Map<string, Kernel>());
  const key = JSON.stringify([options.constants ?? {}, options.redeclare ?? {}]);
  return nested(variants, key, () => {
    const { layout, descriptor } = prepare(device, shader, options);
    return { shader, pipeline: device.createComputePipeline(descriptor), layout };
  });
}

export interface DispatchOptions extends KernelOptions {
  /** What the dispatch is for, in labels and errors: the layer's name. */
  readonly label?: string | undefined;
  /** Every field of the shader's `params`, by name. */
  readonly params?: Readonly<Record<string, number | readonly number[]>>;
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

const INTEGER_RANGES = { u32: [0, 2 ** 32 - 1], i32: [-(2 ** 31), 2 ** 31 - 1] } as const;

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

import { whileAlive } from "./device.ts";
import { CompileError } from "./errors.ts";
import type { Shader } from "./shader.ts";

export interface KernelOptions {
  /** Values for the shader's overrides. */
  readonly constants?: Readonly<Record<string, number>> | undefined;
  /**
   * New values for module-scope `const`s or `alias`es, for the few things that WGSL's overrides cannot size
   * (a register tile, a storage type). Fails loudly if a name is absent.
   */
  readonly redeclare?: Readonly<Record<string, string | number>> | undefined;
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

/** Prepares the compiler's input: the shader's text with the options applied, and its bindings. */
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

export function compileNow(device: GPUDevice, shader: Shader, options: KernelOptions): Kernel {
  const ofDevice = nested(compiledNow, device, () => new Map<Shader, Map<string, Kernel>>());
  const variants = nested(ofDevice, shader, () => new Map<string, Kernel>());
  const key = JSON.stringify([options.constants ?? {}, options.redeclare ?? {}]);
  return nested(variants, key, () => {
    const { layout, descriptor } = prepare(device, shader, options);
    return { shader, pipeline: device.createComputePipeline(descriptor), layout };
  });
}

/** Steps at which making something may fail, by what the device is asked for, each time it is made. */
export const ALLOCATIONS = [
  "createBuffer",
  "getMappedRange",
  "createTexture",
  "createQuerySet",
  "createBindGroup",
  "popErrorScope",
] as const;

/** Steps that a device takes once: it keeps what it compiled. */
export const COMPILATIONS = ["createComputePipelineAsync"] as const;

type Step = (typeof ALLOCATIONS)[number] | (typeof COMPILATIONS)[number];

/** A device that fails at one step, once it is armed. */
export interface FailingDevice {
  readonly device: GPUDevice;
  /** Begins to count steps of some kinds; the one of this number (from 1) fails. */
  arm(step: number, kinds: readonly Step[]): void;
  disarm(): void;
  /** What failed, if the step was reached. */
  failed(): string | undefined;
}

const pipelines = new WeakMap<GPUDevice, Map<string, Promise<GPUComputePipeline>>>();
const modules = new WeakMap<GPUShaderModule, string>();

/** Compiled once for all that stand for a device: what fails is told apart from what is compiled. */
function pipelineOf(
  device: GPUDevice,
  descriptor: GPUComputePipelineDescriptor,
): Promise<GPUComputePipeline> {
  const known = pipelines.get(device) ?? new Map<string, Promise<GPUComputePipeline>>();
  pipelines.set(device, known);
  const { module, constants } = descriptor.compute;
  const key = `${modules.get(module)} ${JSON.stringify(constants)}`;
  const made = known.get(key) ?? device.createComputePipelineAsync(descriptor);
  known.set(key, made);
  return made;
}

/**
 * Stands for a device, as a new one that has compiled nothing yet. A step that fails throws, or rejects, as a device does;
 * an error scope that fails reports that there is no memory left.
 */
export function failingDevice(real: GPUDevice): FailingDevice {
  let left = 0;
  let armed: readonly Step[] = [];
  let failed: string | undefined;
  /** Whether this step is to fail. */
  const step = (name: Step): boolean => {
    if (!armed.includes(name) || --left !== 0) return false;
    failed = name;
    return true;
  };
  const error = (): Error => new Error(`failed on purpose at ${failed}`);
  const own: Record<string, unknown> = {
    createBuffer(descriptor: GPUBufferDescriptor) {
      if (step("createBuffer")) throw error();
      const buffer = real.createBuffer(descriptor);
      if (!descriptor.mappedAtCreation || !step("getMappedRange")) return buffer;
      buffer.getMappedRange = () => {
        throw error();
      };
      return buffer;
    },
    createTexture(descriptor: GPUTextureDescriptor) {
      if (step("createTexture")) throw error();
      return real.createTexture(descriptor);
    },
    createQuerySet(descriptor: GPUQuerySetDescriptor) {
      if (step("createQuerySet")) throw error();
      return real.createQuerySet(descriptor);
    },
    createBindGroup(descriptor: GPUBindGroupDescriptor) {
      if (step("createBindGroup")) throw error();
      return real.createBindGroup(descriptor);
    },
    createShaderModule(descriptor: GPUShaderModuleDescriptor) {
      const module = real.createShaderModule(descriptor);
      modules.set(module, descriptor.code);
      return module;
    },
    async createComputePipelineAsync(descriptor: GPUComputePipelineDescriptor) {
      const fails = step("createComputePipelineAsync");
      const pipeline = await pipelineOf(real, descriptor);
      if (fails) throw error();
      return pipeline;
    },
    async popErrorScope() {
      const fails = step("popErrorScope");
      const said = await real.popErrorScope();
      return fails ? { message: "failed on purpose" } : said;
    },
  };
  const device = new Proxy(real, {
    get(whole, key) {
      if (typeof key === "string" && key in own) return own[key];
      const value: unknown = Reflect.get(whole, key, whole);
      return typeof value === "function" ? value.bind(whole) : value;
    },
    set(_, key, value) {
      own[String(key)] = value;
      return true;
    },
  });
  return {
    device,
    arm(at, kinds) {
      [left, armed, failed] = [at, kinds, undefined];
    },
    disarm() {
      armed = [];
    },
    failed: () => failed,
  };
}

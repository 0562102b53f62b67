import type anyShader from "../shaders/place_voxels.wgsl";

/** A `.wgsl` file with what was reflected from it when the page was built. */
type Shader = typeof anyShader;

type Values = Readonly<Record<string, number | readonly number[]>>;

/** A compute kernel of the explorer, bound by name, whose parameters may change from one frame to the next. */
export interface Kernel {
  readonly shader: Shader;
  readonly pipeline: GPUComputePipeline;
}

/** Work that can be recorded again and again. */
export interface Dispatch {
  /** Writes parameters; those that are left out keep their values. */
  set(values: Values): void;
  /** Records it; `invocations` are rounded up to whole workgroups of 64. */
  encode(pass: GPUComputePassEncoder, invocations: number): void;
  destroy(): void;
}

/** Compiles a kernel with the layout that its own bindings give. */
export async function compile(device: GPUDevice, shader: Shader): Promise<Kernel> {
  const module = device.createShaderModule({ label: shader.name, code: shader.code });
  const pipeline = await device.createComputePipelineAsync({
    label: shader.name,
    layout: "auto",
    compute: { module, entryPoint: "main" },
  });
  return { shader, pipeline };
}

/** Binds a kernel to buffers. */
export function bind(
  device: GPUDevice,
  { shader, pipeline }: Kernel,
  buffers: Readonly<Record<string, GPUBuffer>>,
): Dispatch {
  const params = device.createBuffer({
    label: `${shader.name} params`,
    size: shader.params.size,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const bytes = new DataView(new ArrayBuffer(shader.params.size));
  const group = device.createBindGroup({
    label: shader.name,
    layout: pipeline.getBindGroupLayout(0),
    entries: shader.bindings.map(({ name, binding }) => {
      const buffer = name === "params" ? params : buffers[name];
      if (!buffer) throw new Error(`kernel ${shader.name}: no buffer for "${name}"`);
      return { binding, resource: { buffer } };
    }),
  });
  return {
    set(values) {
      for (const { name, offset, type } of shader.params.fields) {
        const value = values[name];
        if (value === undefined) continue;
        for (const [index, v] of (typeof value === "number" ? [value] : value).entries()) {
          if (type === "f32") bytes.setFloat32(offset + 4 * index, v, true);
          else bytes.setUint32(offset + 4 * index, v, true);
        }
      }
      device.queue.writeBuffer(params, 0, bytes);
    },
    encode(pass, invocations) {
      const groups = Math.max(1, Math.ceil(invocations / 64));
      const rows = Math.ceil(groups / 65535);
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(Math.ceil(groups / rows), rows);
    },
    destroy: () => params.destroy(),
  };
}

/** Records one dispatch of a kernel of the benchmark's own. */
export type Dispatch = (pass: GPUComputePassEncoder) => void;

export interface DispatchOptions {
  readonly constants?: Record<string, number>;
  /** Contents of binding 0. */
  readonly params: Uint32Array<ArrayBuffer>;
  /** Bindings 1 and on. */
  readonly buffers: readonly GPUBuffer[];
  readonly workgroups: number;
}

/** Makes a kernel ready, in the plainest way WebGPU offers. Its few bytes live as long as the device. */
export function dispatchOf(device: GPUDevice, code: string, options: DispatchOptions): Dispatch {
  const { constants = {}, params, buffers, workgroups } = options;
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module, entryPoint: "main", constants },
  });
  const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const uniform = device.createBuffer({ size: params.byteLength, usage });
  device.queue.writeBuffer(uniform, 0, params);
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [uniform, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const y = Math.ceil(workgroups / device.limits.maxComputeWorkgroupsPerDimension);
  const x = Math.ceil(workgroups / y);
  return (pass) => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(x, y);
  };
}

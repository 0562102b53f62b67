/** What a piece of work held in GPU buffers. */
export interface Held {
  /** The most bytes at one time, beside what was there before. */
  readonly peak: number;
  /** Bytes that it left behind. */
  readonly left: number;
}

/** Runs some work and counts the bytes of every buffer that it creates and destroys on a device. */
export async function liveBytes<T>(device: GPUDevice, work: () => Promise<T>): Promise<Held & { result: T }> {
  const create = device.createBuffer;
  let [live, peak] = [0, 0];
  device.createBuffer = function (this: GPUDevice, descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = create.call(device, descriptor);
    const destroy = buffer.destroy.bind(buffer);
    let there = true;
    buffer.destroy = () => {
      if (there) live -= buffer.size;
      there = false;
      destroy();
    };
    live += buffer.size;
    peak = Math.max(peak, live);
    return buffer;
  };
  try {
    const result = await work();
    return { result, peak, left: live };
  } finally {
    device.createBuffer = create;
  }
}

/** A buffer to be made, with its contents where it has any. */
export interface BufferWith {
  readonly label: string;
  /** Bytes. */
  readonly size: number;
  readonly usage: GPUBufferUsageFlags;
  readonly data: ArrayBufferView | undefined;
}

/** Makes a buffer that the caller owns, filled as it is made. Where it cannot be filled, it is destroyed. */
export function createBuffer(device: GPUDevice, { data, ...descriptor }: BufferWith): GPUBuffer {
  const buffer = device.createBuffer({ ...descriptor, mappedAtCreation: data !== undefined });
  if (!data) return buffer;
  try {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  } catch (error) {
    buffer.destroy();
    throw error;
  }
}

import { whileAlive } from "./device.ts";
import { InputError } from "./errors.ts";

/** Sizes of a tensor's axes, outermost first; images are [N, H, W, C]. */
export type Shape = readonly number[];

export type DType = "f32" | "u32";

/** A view of a GPU buffer as a dense row-major array. Whoever created the buffer destroys it. */
export interface Tensor {
  readonly buffer: GPUBuffer;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

/** A shape as people write it: 32×32×3. */
export function formatShape(shape: Shape): string {
  return shape.length === 0 ? "scalar" : shape.join("×");
}

/** [N, H, W, C] of any shape of rank 1 to 4: leading axes after the batch become 1. */
export function asNhwc(shape: Shape): [n: number, h: number, w: number, c: number] {
  const [n = 1, ...rest] = shape;
  if (rest.length > 3) throw new InputError(`expected a shape of at most 4 axes, got ${formatShape(shape)}`);
  const [h = 1, w = 1, c = 1] = [...Array<number>(3 - rest.length).fill(1), ...rest];
  return [n, h, w, c];
}

export interface TensorOptions {
  readonly dtype?: DType;
  readonly label?: string;
  /** Initial contents; without it the tensor is zero. */
  readonly data?: Float32Array | Uint32Array;
  /** Added to STORAGE | COPY_SRC | COPY_DST. */
  readonly usage?: GPUBufferUsageFlags;
}

/**
 * Allocates a tensor that the caller owns: `tensor.buffer.destroy()` frees it.
 * @throws InputError when it is larger than the device allows or `data` has another length.
 */
export function createTensor(device: GPUDevice, shape: Shape, options: TensorOptions = {}): Tensor {
  const { dtype = "f32", label = "tensor", data, usage = 0 } = options;
  const size = sizeOf(shape);
  const bytes = size * 4;
  const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  if (!Number.isInteger(size) || size < 1) {
    throw new InputError(`tensor "${label}": expected at least one element, got shape ${formatShape(shape)}`);
  }
  if (bytes > limit) {
    throw new InputError(
      `tensor "${label}": expected at most ${limit} bytes (this device's limit), got ${bytes} for ${formatShape(shape)}; use a smaller batch`,
    );
  }
  if (data && data.length !== size) {
    throw new InputError(
      `tensor "${label}": expected ${size} values for ${formatShape(shape)}, got ${data.length}`,
    );
  }
  const buffer = device.createBuffer({
    label,
    size: bytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST | usage,
    mappedAtCreation: data !== undefined,
  });
  if (data) {
    const mapped = buffer.getMappedRange();
    if (data instanceof Float32Array) new Float32Array(mapped).set(data);
    else new Uint32Array(mapped).set(data);
    buffer.unmap();
  }
  return { buffer, shape, dtype };
}

/** A tensor's values on the CPU. */
export type TensorData<T extends Tensor> = T["dtype"] extends "u32" ? Uint32Array : Float32Array;

/**
 * Reads tensors back in one synchronisation. This is the only place where data crosses to the CPU.
 * @throws DeviceLostError when the device is lost meanwhile.
 */
export async function readTensors(device: GPUDevice, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  const sizes = tensors.map((tensor) => sizeOf(tensor.shape) * 4);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const staging = device.createBuffer({
    label: "vitrine readback",
    size: total,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  try {
    const encoder = device.createCommandEncoder({ label: "vitrine readback" });
    let offset = 0;
    for (const [index, tensor] of tensors.entries()) {
      encoder.copyBufferToBuffer(tensor.buffer, 0, staging, offset, sizes[index] ?? 0);
      offset += sizes[index] ?? 0;
    }
    device.queue.submit([encoder.finish()]);
    await whileAlive(device, "read", staging.mapAsync(GPUMapMode.READ));
    const bytes = staging.getMappedRange().slice(0);
    staging.unmap();
    let start = 0;
    return sizes.map((size) => {
      const values = new Float32Array(bytes, start, size / 4);
      start += size;
      return values;
    });
  } finally {
    staging.destroy();
  }
}

/** Reads one f32 tensor back; see {@link readTensors}. */
export async function readTensor(device: GPUDevice, tensor: Tensor): Promise<Float32Array> {
  const [values] = await readTensors(device, [tensor]);
  return values ?? new Float32Array();
}

import { createBuffer } from "./buffer.ts";
import { checked, whileAlive } from "./device.ts";
import { InputError } from "./errors.ts";
import { assertFields, describe, type Fields } from "./options.ts";

/** Sizes of a tensor's axes, outermost first; images are [N, H, W, C]. */
export type Shape = readonly number[];

/** Type in which a value is stored. Halves need the device's feature "shader-f16"; `createCast` makes them. */
/** The largest number of 32 bits without a sign, and so the largest seed. */
export const LARGEST_U32 = 2 ** 32 - 1;

export type DType = "f32" | "f16" | "u32";

/** A view of a GPU buffer as a dense row-major array. Whoever created the buffer destroys it. */
export interface Tensor<D extends DType = DType> {
  readonly buffer: GPUBuffer;
  readonly shape: Shape;
  readonly dtype: D;
}

/**
 * Checks what an untyped caller may get wrong of a tensor.
 * @throws InputError when it is none, its buffer holds fewer bytes than its shape needs, or it asks for an offset.
 */
export function assertTensor(who: string, tensor: Tensor): void {
  const { buffer, shape, dtype, ...more } = (tensor ?? {}) as Partial<Tensor> & { readonly offset?: unknown };
  if (!buffer || typeof buffer.size !== "number" || !Array.isArray(shape) || dtype === undefined) {
    throw new InputError(`${who}: expected a tensor { buffer, shape, dtype }, got ${describe(tensor)}`);
  }
  const other = Object.keys(more).find((key) => /offset/i.test(key));
  if (other !== undefined) {
    throw new InputError(
      `${who}: expected a tensor that begins where its buffer does, got "${other}"; copy its part into a buffer of its own`,
    );
  }
  const bytes = bytesOf({ shape, dtype });
  if (buffer.size < bytes) {
    throw new InputError(
      `${who}: expected a buffer of at least ${bytes} bytes for ${formatShape(shape)} of ${dtype}, got ${buffer.size}`,
    );
  }
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, axis) => size * axis, 1);
}

/** A shape as people write it: 32×32×3. */
export function formatShape(shape: Shape): string {
  return shape.length === 0 ? "scalar" : shape.join("×");
}

/** Several shapes, of very many the first. */
export function formatShapes(shapes: readonly Shape[]): string {
  const shown = shapes.slice(0, 8).map(formatShape).join(", ");
  return shapes.length > 8 ? `${shown}, …` : shown || "none";
}

/** [N, H, W, C] of any shape: its last axes, axes that it lacks being 1, and those between the batch and the last two as one. */
export function asNhwc(shape: Shape): [n: number, h: number, w: number, c: number] {
  const [n = 1, ...rest] = shape;
  return [n, sizeOf(rest.slice(0, -2)), rest.at(-2) ?? 1, rest.at(-1) ?? 1];
}

export interface TensorOptions<D extends DType = DType> {
  readonly dtype?: D | undefined;
  readonly label?: string | undefined;
  /** Initial contents, a Uint32Array for u32, none for f16; without it the tensor is zero. */
  readonly data?: Float32Array | Uint32Array | undefined;
  /** Added to STORAGE | COPY_SRC | COPY_DST. */
  readonly usage?: number | undefined;
}

const TENSOR: Fields<TensorOptions> = {
  dtype: ["f32", "f16", "u32"],
  label: "may",
  data: "may",
  usage: "may",
};

/**
 * Allocates a tensor that the caller owns: `tensor.buffer.destroy()` frees it.
 * @throws InputError when it is larger than the device allows or `data` has another length or type.
 */
export function createTensor<D extends DType = "f32">(
  device: GPUDevice,
  shape: Shape,
  options: TensorOptions<D> = {},
): Tensor<D> {
  assertFields("tensor", options, TENSOR);
  const { dtype = "f32" as D, label = "tensor", data, usage = 0 } = options;
  const size = sizeOf(shape);
  const bytes = bytesOf({ shape, dtype });
  const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  if (!shape.every((axis) => Number.isInteger(axis) && axis >= 1)) {
    throw new InputError(
      `tensor "${label}": expected at least one element along every axis, got shape ${formatShape(shape)}`,
    );
  }
  if (bytes > limit) {
    throw new InputError(
      `tensor "${label}": expected at most ${limit} bytes (this device's limit), got ${bytes} for ${formatShape(shape)}; use a smaller batch or image, or a device with larger limits`,
    );
  }
  if (data && dtype === "f16") {
    throw new InputError(
      `tensor "${label}": expected no data for f16; write it to a tensor of f32 and cast it with createCast()`,
    );
  }
  if (data && data.length !== size) {
    throw new InputError(
      `tensor "${label}": expected ${size} values for ${formatShape(shape)}, got ${data.length}`,
    );
  }
  if (data && data instanceof Uint32Array !== (dtype === "u32")) {
    throw new InputError(
      `tensor "${label}": expected ${dtype === "u32" ? "a Uint32Array" : "a Float32Array"} for ${dtype}, got ${data.constructor.name}`,
    );
  }
  const buffer = createBuffer(device, {
    label,
    size: bytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST | usage,
    data,
  });
  return { buffer, shape, dtype };
}

/** A tensor's values on the CPU: a Uint32Array for u32, else a Float32Array. */
export type TensorData<T extends Tensor> = T["dtype"] extends "u32" ? Uint32Array : Float32Array;

/**
 * Reads tensors back in one synchronisation. This is the only place where data crosses to the CPU.
 * @returns the values of each tensor, in order.
 * @throws InputError for halves; DeviceLostError when the device is lost meanwhile; VitrineError when a buffer was
 * destroyed or cannot be copied.
 */
export async function readTensors<const T extends readonly Tensor[]>(
  device: GPUDevice,
  tensors: T,
): Promise<{ -readonly [I in keyof T]: TensorData<T[I]> }> {
  for (const tensor of tensors) assertTensor("read", tensor);
  if (tensors.some(({ dtype }) => dtype === "f16")) {
    throw new InputError("read: expected tensors of f32 or u32, got f16; cast it with createCast() first");
  }
  const staged: GPUBuffer[] = [];
  const places: { readonly tensor: Tensor; readonly staging: number; readonly offset: number }[] = [];
  try {
    const copied = checked(device, "read", () => {
      const encoder = device.createCommandEncoder({ label: "vitrine readback" });
      for (const group of groupsWithin(device.limits.maxBufferSize, tensors)) {
        const size = group.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
        const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
        const staging = device.createBuffer({ label: "vitrine readback", size, usage });
        staged.push(staging);
        let offset = 0;
        for (const tensor of group) {
          encoder.copyBufferToBuffer(tensor.buffer, 0, staging, offset, bytesOf(tensor));
          places.push({ tensor, staging: staged.length - 1, offset });
          offset += bytesOf(tensor);
        }
      }
      device.queue.submit([encoder.finish()]);
    });
    const mapped = staged.map((staging) => staging.mapAsync(GPUMapMode.READ));
    await Promise.all([copied, whileAlive(device, "read", Promise.all(mapped))]);
    const ranges = staged.map((staging) => staging.getMappedRange());
    const values = places.map(({ tensor, staging, offset }) => {
      const bytes = ranges[staging]?.slice(offset, offset + bytesOf(tensor)) ?? new ArrayBuffer();
      return tensor.dtype === "u32" ? new Uint32Array(bytes) : new Float32Array(bytes);
    });
    return values as { -readonly [I in keyof T]: TensorData<T[I]> };
  } finally {
    for (const staging of staged) staging.destroy();
  }
}

/** Bytes of a tensor's buffer: whole words, since only these can be copied. */
function bytesOf({ shape, dtype }: Pick<Tensor, "shape" | "dtype">): number {
  return Math.ceil((sizeOf(shape) * (dtype === "f16" ? 2 : 4)) / 4) * 4;
}

/** Cuts a list of tensors where a staging buffer would grow beyond `most` bytes. */
function groupsWithin(most: number, tensors: readonly Tensor[]): Tensor[][] {
  const groups: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor);
    const group = groups.at(-1);
    if (group && bytes <= room) group.push(tensor);
    else {
      groups.push([tensor]);
      room = most;
    }
    room -= bytes;
  }
  return groups;
}

/** Reads one tensor back; see {@link readTensors}. */
export async function readTensor<T extends Tensor>(device: GPUDevice, tensor: T): Promise<TensorData<T>> {
  const [values] = await readTensors(device, [tensor]);
  return values as TensorData<T>;
}

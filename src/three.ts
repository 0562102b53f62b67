import "./gpu/platform.ts";
import { storage } from "three/tsl";
import {
  type BufferAttribute,
  REVISION,
  StorageBufferAttribute,
  type StorageBufferNode,
  type WebGPURenderer,
} from "three/webgpu";
import { InputError, UnsupportedError } from "./gpu/errors.ts";
import { formatShape, sizeOf, type Tensor } from "./gpu/tensor.ts";

/** Elements of a storage node: numbers one by one, or in fours. */
export type StorageType = "float" | "uint" | "vec4" | "uvec4";

export interface StorageOptions<T extends StorageType = StorageType> {
  /**
   * "float" or "vec4" for a tensor of f32, "uint" or "uvec4" for one of u32; default one number an element. Fours need a
   * size that they divide; there are no threes, since WGSL stores a three-vector in sixteen bytes.
   */
  readonly type?: T;
}

/** The part of three's own GPU state that the bridge needs. */
interface Backend {
  readonly isWebGPUBackend?: boolean;
  get(attribute: BufferAttribute): { buffer?: GPUBuffer };
  destroyAttribute(attribute: BufferAttribute): void;
}

/** The attributes of each backend whose buffers are borrowed. */
const borrowed = new WeakMap<Backend, WeakSet<BufferAttribute>>();

/** One attribute a buffer and type: three keeps its bind groups by the attribute. */
const attributes = new WeakMap<Backend, WeakMap<GPUBuffer, Map<StorageType, StorageBufferAttribute>>>();

/**
 * A tensor as a storage node of three's, over the same buffer, for materials and compute nodes:
 * `storageOf(renderer, network.activation("conv1")).element(index)`. It can be read only; `setAccess("readWrite")` lets a
 * compute node write. The buffer stays its owner's: three never destroys it, and it must live for as long as the node is
 * drawn. A tensor's values are drawn as they are at the time of the frame.
 * @param renderer created with the tensor's device, `new WebGPURenderer({ device })`, and initialised with `await renderer.init()`.
 * @throws UnsupportedError when the renderer has fallen back to WebGL 2, or for a tensor of halves; InputError for a
 * renderer that is not initialised, or a type that does not suit the tensor.
 */
export function storageOf(renderer: WebGPURenderer, tensor: Tensor<"f32">): StorageBufferNode<"float">;
export function storageOf(renderer: WebGPURenderer, tensor: Tensor<"u32">): StorageBufferNode<"uint">;
export function storageOf<T extends StorageType>(
  renderer: WebGPURenderer,
  tensor: Tensor,
  options: StorageOptions<T> & { readonly type: T },
): StorageBufferNode<T>;
export function storageOf(
  renderer: WebGPURenderer,
  tensor: Tensor,
  options: StorageOptions = {},
): StorageBufferNode<StorageType> {
  const { dtype, shape, buffer } = tensor;
  if (dtype === "f16") {
    throw new UnsupportedError(
      "storageOf: expected a tensor of f32 or u32, got f16; cast it with createCast()",
    );
  }
  const [one, four] = dtype === "f32" ? (["float", "vec4"] as const) : (["uint", "uvec4"] as const);
  const { type = one } = options;
  const size = sizeOf(shape);
  if (type !== one && type !== four) {
    throw new InputError(`storageOf: expected type "${one}" or "${four}" for ${dtype}, got "${type}"`);
  }
  if (type === four && size % 4 !== 0) {
    throw new InputError(
      `storageOf: expected a multiple of 4 values for "${four}", got ${size} in ${formatShape(shape)}; use "${one}"`,
    );
  }
  const backend = backendOf(renderer, "storageOf");
  const ofBackend = entry(attributes, backend, () => new WeakMap());
  const ofBuffer = entry(ofBackend, buffer, () => new Map());
  const attribute = entry(ofBuffer, type, () => {
    const itemSize = type === four ? 4 : 1;
    // One element: three keeps no copy of the values, and the buffer beneath has the rest.
    const array = dtype === "f32" ? new Float32Array(itemSize) : new Uint32Array(itemSize);
    return lendBuffer(renderer, buffer, new StorageBufferAttribute(array, itemSize));
  });
  return storage(attribute, type, type === four ? size / 4 : size).toReadOnly();
}

/**
 * Puts a buffer that somebody else owns beneath an attribute of three's, which from then on reads it where it lies and
 * never destroys it: neither `attribute.dispose()` nor `renderer.dispose()` does. It is what {@link storageOf} does, for
 * attributes of other kinds, such as the arguments of an indirect draw (the buffer then needs INDIRECT usage too).
 * @returns the attribute.
 * @throws as storageOf; InputError for a buffer without STORAGE usage.
 */
export function lendBuffer<T extends BufferAttribute>(
  renderer: WebGPURenderer,
  buffer: GPUBuffer,
  attribute: T,
): T {
  const backend = backendOf(renderer, "lendBuffer");
  if (!(buffer.usage & GPUBufferUsage.STORAGE)) {
    throw new InputError("lendBuffer: expected a buffer with STORAGE usage, got one without");
  }
  const ours = entry(borrowed, backend, () => {
    const set = new WeakSet<BufferAttribute>();
    const destroy = backend.destroyAttribute.bind(backend);
    // three has no notion of a borrowed buffer; this is the one place where it destroys them.
    backend.destroyAttribute = (disposed) => {
      if (!set.has(disposed)) destroy(disposed);
    };
    return set;
  });
  ours.add(attribute);
  backend.get(attribute).buffer = buffer;
  return attribute;
}

/** The renderer's backend, which is WebGPU's and ready. */
function backendOf(renderer: WebGPURenderer, who: string): Backend {
  if (!renderer.hasInitialized?.()) {
    throw new InputError(
      `${who}: expected a WebGPURenderer that is initialised, got one that is not; await renderer.init() first`,
    );
  }
  const backend = renderer.backend as unknown as Backend;
  if (!backend.isWebGPUBackend) {
    throw new UnsupportedError(
      `${who}: expected three to draw with WebGPU, got its WebGL 2 fallback, which cannot see a GPU buffer; use a browser with WebGPU`,
    );
  }
  if (typeof backend.get !== "function" || typeof backend.destroyAttribute !== "function") {
    throw new UnsupportedError(
      `${who}: expected three's WebGPU backend as its releases 172 to 187 have it, got another in release ${REVISION}`,
    );
  }
  return backend;
}

function entry<K extends object | string, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

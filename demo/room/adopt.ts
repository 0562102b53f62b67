import { IndirectStorageBufferAttribute, StorageBufferAttribute, type WebGPURenderer } from "three/webgpu";

/** What three keeps of an attribute's buffer on the GPU. */
interface Backend {
  get(attribute: StorageBufferAttribute): { buffer?: GPUBuffer | { destroy(): void } };
}

const backendOf = (renderer: WebGPURenderer): Backend => renderer.backend as unknown as Backend;

/**
 * Lets three draw from a buffer that somebody else owns, without a copy: scalars or four-vectors only.
 * The buffer must have STORAGE usage; it is read where it lies.
 */
export function adopt(
  renderer: WebGPURenderer,
  buffer: GPUBuffer,
  itemSize: 1 | 4 = 1,
): StorageBufferAttribute {
  const attribute = new StorageBufferAttribute(new Float32Array(itemSize), itemSize);
  backendOf(renderer).get(attribute).buffer = buffer;
  return attribute;
}

/** The same for the arguments of an indirect draw; the buffer must have INDIRECT usage too. */
export function adoptArguments(renderer: WebGPURenderer, buffer: GPUBuffer): IndirectStorageBufferAttribute {
  const attribute = new IndirectStorageBufferAttribute(new Uint32Array(4), 4);
  backendOf(renderer).get(attribute).buffer = buffer;
  return attribute;
}

/** Gives a buffer back: from now on three cannot destroy it. */
export function release(renderer: WebGPURenderer, attribute: StorageBufferAttribute): void {
  backendOf(renderer).get(attribute).buffer = { destroy() {} };
}

/** The buffer that three draws from. */
export function adopted(renderer: WebGPURenderer, attribute: StorageBufferAttribute): unknown {
  return backendOf(renderer).get(attribute).buffer;
}

import { IndirectStorageBufferAttribute, StorageBufferAttribute, type WebGPURenderer } from "three/webgpu";
import { lendBuffer } from "../../src/three.ts";

/**
 * An attribute through which three draws from a buffer that somebody else owns, without a copy: scalars or four-vectors only.
 * The buffer must have STORAGE usage; it is read where it lies.
 */
export function attributeOf(
  renderer: WebGPURenderer,
  buffer: GPUBuffer,
  itemSize: 1 | 4 = 1,
): StorageBufferAttribute {
  return lendBuffer(renderer, buffer, new StorageBufferAttribute(new Float32Array(itemSize), itemSize));
}

/** The same for the arguments of an indirect draw; the buffer must have INDIRECT usage too. */
export function drawArguments(renderer: WebGPURenderer, buffer: GPUBuffer): IndirectStorageBufferAttribute {
  return lendBuffer(renderer, buffer, new IndirectStorageBufferAttribute(new Uint32Array(4), 4));
}

/** Lets three forget an attribute; its buffer stays its owner's. */
export function release(attribute: StorageBufferAttribute): void {
  attribute.dispose();
}

/** The buffer that three draws from. */
export function bufferBehind(renderer: WebGPURenderer, attribute: StorageBufferAttribute): unknown {
  const backend = renderer.backend as unknown as { get(of: StorageBufferAttribute): { buffer?: GPUBuffer } };
  return backend.get(attribute).buffer;
}

/// <reference lib="esnext.disposable" preserve="true" />

// Names of the platform's types that public signatures use. Where the compiler has them, from its DOM or WebWorker
// library or from @webgpu/types, these empty declarations merge with the full ones. Where it has not, as in Node without
// the DOM library, the signatures still stand, and a GPUDevice is something to pass on.

declare global {
  interface AbortSignal {}
  interface Blob {}
  interface File {}
  interface FileSystemDirectoryHandle {}
  interface HTMLCanvasElement {}
  interface HTMLImageElement {}
  interface HTMLVideoElement {}
  interface ImageBitmap {}
  interface ImageData {}
  interface OffscreenCanvas {}
  interface URL {}
  interface VideoFrame {}

  interface GPU {}
  interface GPUBindGroupLayout {}
  interface GPUBuffer {}
  interface GPUCommandEncoder {}
  interface GPUComputePassDescriptor {}
  interface GPUComputePassEncoder {}
  interface GPUComputePassTimestampWrites {}
  interface GPUComputePipeline {}
  interface GPUDevice {}
  interface GPUError {}
  interface GPUTexture {}
}

export {};

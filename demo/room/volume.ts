import { BufferGeometry, Mesh, type StorageBufferAttribute, type WebGPURenderer } from "three/webgpu";
import type { Tensor } from "../../src/index.ts";
import layerRangeShader from "../shaders/layer_range.wgsl";
import mapRangesShader from "../shaders/map_ranges.wgsl";
import pickNearestShader from "../shaders/pick_nearest.wgsl";
import pickValueShader from "../shaders/pick_value.wgsl";
import placeShader from "../shaders/place_voxels.wgsl";
import { adopt, adoptArguments, release } from "./adopt.ts";
import { bind, compile, type Dispatch, type Kernel } from "./kernel.ts";
import { createVoxelMaterial, type VoxelMaterial } from "./voxel-material.ts";

/** The explorer's compute kernels on a device. */
export interface Kernels {
  readonly mapRanges: Kernel;
  readonly layerRange: Kernel;
  readonly place: Kernel;
  readonly pickNearest: Kernel;
  readonly pickValue: Kernel;
}

export async function compileKernels(device: GPUDevice): Promise<Kernels> {
  const [mapRanges, layerRange, place, pickNearest, pickValue] = await Promise.all(
    [mapRangesShader, layerRangeShader, placeShader, pickNearestShader, pickValueShader].map((shader) =>
      compile(device, shader),
    ),
  );
  if (!mapRanges || !layerRange || !place || !pickNearest || !pickValue)
    throw new Error("kernels: none compiled");
  return { mapRanges, layerRange, place, pickNearest, pickValue };
}

/** How a volume's voxels stand; see place_voxels.wgsl. */
export interface Placing {
  readonly stride: readonly [number, number, number];
  readonly sheet: number;
  readonly cell: number;
  readonly pitch: number;
  readonly sheetCell: number;
  readonly gap: number;
  readonly columns: number;
  readonly rows: number;
}

export interface Ray {
  readonly origin: readonly [number, number, number];
  readonly direction: readonly [number, number, number];
}

/** Minimum and maximum of an activation's maps and of the whole layer, on the GPU: [C + 1, 2]. */
export class Ranges {
  readonly buffer: GPUBuffer;
  readonly #steps: readonly [Dispatch, number][];

  constructor(device: GPUDevice, kernels: Kernels, activation: GPUBuffer, pixels: number, channels: number) {
    this.buffer = device.createBuffer({
      label: "ranges",
      size: 8 * (channels + 1),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
    const maps = bind(device, kernels.mapRanges, { x: activation, ranges: this.buffer });
    maps.set({ pixels, channels });
    const layer = bind(device, kernels.layerRange, { ranges: this.buffer });
    layer.set({ channels });
    this.#steps = [
      [maps, channels * 64],
      [layer, 1],
    ];
  }

  encode(pass: GPUComputePassEncoder): void {
    for (const [step, invocations] of this.#steps) step.encode(pass, invocations);
  }

  destroy(): void {
    for (const [step] of this.#steps) step.destroy();
    this.buffer.destroy();
  }
}

/**
 * One activation as voxels: its buffer is read where the network wrote it, the visible voxels are listed by a kernel, and
 * three draws the list indirectly. Nothing of it crosses to the CPU.
 */
export class Volume {
  readonly mesh: Mesh;
  readonly look: VoxelMaterial;
  readonly attributes: {
    readonly activation: StorageBufferAttribute;
    readonly voxels: StorageBufferAttribute;
  };
  readonly size: readonly [number, number, number];
  readonly capacity: number;
  readonly #adopted: StorageBufferAttribute[] = [];
  readonly #voxels: GPUBuffer;
  readonly #arguments: GPUBuffer;
  readonly #picked: GPUBuffer;
  readonly #place: Dispatch;
  readonly #pick: readonly [Dispatch, Dispatch];
  readonly #device: GPUDevice;
  #count = 0;

  constructor(
    renderer: WebGPURenderer,
    device: GPUDevice,
    kernels: Kernels,
    colors: StorageBufferAttribute,
    ranges: Ranges,
    tensor: Tensor,
    size: readonly [number, number, number],
    capacity: number,
  ) {
    const [height, width, channels] = size;
    const total = height * width * channels;
    this.size = size;
    this.capacity = Math.min(capacity, total);
    this.#device = device;
    const buffer = (label: string, bytes: number, usage: GPUBufferUsageFlags) =>
      device.createBuffer({
        label,
        size: bytes,
        usage: usage | GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
      });
    this.#voxels = buffer("voxels", 16 * this.capacity, 0);
    this.#arguments = buffer("voxel arguments", 16, GPUBufferUsage.INDIRECT | GPUBufferUsage.COPY_DST);
    this.#picked = buffer("picked voxel", 16, GPUBufferUsage.COPY_DST);
    const shared = { voxels: this.#voxels, arguments: this.#arguments };
    this.#place = bind(device, kernels.place, { x: tensor.buffer, ranges: ranges.buffer, ...shared });
    this.#pick = [
      bind(device, kernels.pickNearest, { ...shared, picked: this.#picked }),
      bind(device, kernels.pickValue, { ...shared, x: tensor.buffer, picked: this.#picked }),
    ];

    const hold = <T extends StorageBufferAttribute>(attribute: T): T => {
      this.#adopted.push(attribute);
      return attribute;
    };
    this.attributes = {
      activation: hold(adopt(renderer, tensor.buffer)),
      voxels: hold(adopt(renderer, this.#voxels, 4)),
    };
    this.look = createVoxelMaterial({
      ...this.attributes,
      ranges: hold(adopt(renderer, ranges.buffer)),
      colors,
      sizes: { voxels: this.capacity, activation: total, channels },
    });
    const geometry = new BufferGeometry();
    geometry.setDrawRange(0, 18);
    geometry.setIndirect(hold(adoptArguments(renderer, this.#arguments)));
    this.mesh = new Mesh(geometry, this.look.material);
    this.mesh.frustumCulled = false;
  }

  /** Records which voxels are seen and where they stand. */
  place(encoder: GPUCommandEncoder, threshold: number, perMap: boolean, placing: Placing): void {
    const { stride, ...rest } = placing;
    const count = this.size.map((size, axis) => Math.ceil(size / (stride[axis] ?? 1)));
    this.#count = count.reduce((product, axis) => product * axis, 1);
    this.#place.set({ size: this.size, every: stride, count, threshold, perMap: Number(perMap), ...rest });
    this.#device.queue.writeBuffer(this.#arguments, 0, new Uint32Array([0, 1, 0, 0]));
    const pass = encoder.beginComputePass({ label: "place voxels" });
    this.#place.encode(pass, this.#count);
    pass.end();
  }

  /** Reads back which voxel a ray in the volume's coordinates meets first. */
  async pick({
    origin,
    direction,
  }: Ray): Promise<{ distance: number; index: number; value: number } | undefined> {
    const { extent } = this.look;
    const device = this.#device;
    const safe = direction.map((value) => (Math.abs(value) < 1e-6 ? 1e-6 : value));
    for (const step of this.#pick) {
      step.set({ origin, direction: safe, extent: extent.value.toArray() });
    }
    device.queue.writeBuffer(this.#picked, 0, new Uint32Array([0xffffffff, 0, 0, 0]));
    const staging = device.createBuffer({
      size: 16,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = device.createCommandEncoder({ label: "pick" });
      const pass = encoder.beginComputePass();
      for (const step of this.#pick) step.encode(pass, this.#count);
      pass.end();
      encoder.copyBufferToBuffer(this.#picked, 0, staging, 0, 16);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const view = new DataView(staging.getMappedRange());
      const index = view.getUint32(4, true);
      if (index === 0) return undefined;
      return { distance: view.getFloat32(0, true), index: index - 1, value: view.getFloat32(8, true) };
    } finally {
      staging.destroy();
    }
  }

  destroy(): void {
    for (const attribute of this.#adopted) release(attribute);
    this.mesh.geometry.dispose();
    this.look.material.dispose();
    for (const step of [this.#place, ...this.#pick]) step.destroy();
    for (const buffer of [this.#voxels, this.#arguments, this.#picked]) buffer.destroy();
  }
}

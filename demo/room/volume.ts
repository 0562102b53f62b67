import { BufferGeometry, Mesh, type StorageBufferAttribute, type WebGPURenderer } from "three/webgpu";
import type { LayerForm } from "../../src/graph.ts";
import type { Tensor } from "../../src/index.ts";
import { attributeOf, drawArguments, release } from "./buffer-attributes.ts";
import { bind, type Dispatch } from "./kernel.ts";
import type { Kernels } from "./kernels.ts";
import type { Ranges } from "./ranges.ts";
import type { Standing } from "./standing.ts";
import { createVoxelMaterial, type VoxelMaterial } from "./voxel-material.ts";

export interface Ray {
  readonly origin: readonly [number, number, number];
  readonly direction: readonly [number, number, number];
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
  readonly form: LayerForm;
  readonly capacity: number;
  readonly #attributes: StorageBufferAttribute[] = [];
  readonly #voxels: GPUBuffer;
  readonly #arguments: GPUBuffer;
  readonly #picked: GPUBuffer;
  readonly #place: Dispatch;
  readonly #pick: readonly [Dispatch, Dispatch];
  readonly #device: GPUDevice;
  #count = 0;
  /** The settings that the list of voxels was made with; undefined when it must be made again. */
  #placed: string | undefined;

  constructor(
    renderer: WebGPURenderer,
    device: GPUDevice,
    kernels: Kernels,
    colors: StorageBufferAttribute,
    ranges: Ranges,
    tensor: Tensor,
    form: LayerForm,
    capacity: number,
  ) {
    const [height, width, channels] = form.size;
    const total = height * width * channels;
    this.form = form;
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
      this.#attributes.push(attribute);
      return attribute;
    };
    this.attributes = {
      activation: hold(attributeOf(renderer, tensor.buffer)),
      voxels: hold(attributeOf(renderer, this.#voxels, 4)),
    };
    this.look = createVoxelMaterial({
      ...this.attributes,
      ranges: hold(attributeOf(renderer, ranges.buffer)),
      colors,
      sizes: { voxels: this.capacity, activation: total, channels, map: form.stride.map },
    });
    const geometry = new BufferGeometry();
    geometry.setDrawRange(0, 18);
    geometry.setIndirect(hold(drawArguments(renderer, this.#arguments)));
    this.mesh = new Mesh(geometry, this.look.material);
    this.mesh.frustumCulled = false;
  }

  /** Its values or their ranges changed: the voxels must be listed again. */
  spoil(): void {
    this.#placed = undefined;
  }

  /** Records which voxels are seen and where they stand, unless that is what was recorded last. */
  place(encoder: GPUCommandEncoder, threshold: number, perMap: boolean, standing: Standing): void {
    const { count, placing } = standing;
    const { size, stride } = this.form;
    const params = { size, ...stride, threshold, perMap: Number(perMap), count, ...placing };
    const wanted = JSON.stringify(params);
    if (wanted === this.#placed) return;
    this.#placed = wanted;
    this.#count = count.reduce((product, axis) => product * axis, 1);
    this.#place.set(params);
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
    for (const attribute of this.#attributes) release(attribute);
    this.mesh.geometry.dispose();
    this.look.material.dispose();
    for (const step of [this.#place, ...this.#pick]) step.destroy();
    for (const buffer of [this.#voxels, this.#arguments, this.#picked]) buffer.destroy();
  }
}

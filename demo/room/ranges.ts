import type { LayerForm } from "../../src/graph.ts";
import { bind, type Dispatch } from "./kernel.ts";
import type { Kernels } from "./kernels.ts";

/** Numbers that are kept of each map and of the layer: the smallest and the largest finite value, and the count of those that are not finite. */
export const RANGE = 3;

/** The span of the values of a map, or of a whole layer. */
export interface MapRange {
  readonly least: number;
  readonly most: number;
  /** The count of values that are NaN or infinite. */
  readonly strange: number;
}

/** The range of a map among those that were read back; at the number of maps, that of the layer. */
export function rangeIn(ranges: Float32Array, index: number): MapRange | undefined {
  const [least, most, strange] = ranges.subarray(RANGE * index, RANGE * (index + 1));
  return least === undefined || most === undefined || strange === undefined
    ? undefined
    : { least, most, strange };
}

/** The ranges of an activation's maps and of the whole layer, on the GPU: [C + 1, 3]; see map_ranges.wgsl. */
export class Ranges {
  readonly buffer: GPUBuffer;
  readonly #steps: readonly [Dispatch, number][];

  constructor(device: GPUDevice, kernels: Kernels, activation: GPUBuffer, { size, stride }: LayerForm) {
    const [height, width, channels] = size;
    this.buffer = device.createBuffer({
      label: "ranges",
      size: 4 * RANGE * (channels + 1),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
    });
    const maps = bind(device, kernels.mapRanges, { x: activation, ranges: this.buffer });
    maps.set({ pixels: height * width, channels, ...stride });
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

import { isSoftwareAdapter } from "../gpu/device.ts";

/**
 * Output channels in one block of packed weights (BLOCK in the kernels): 4, 8 or 16. Where groups of channels go in fours,
 * no block straddles two.
 */
export function blockOf(channels: number, groups = 1): number {
  const block = channels > 8 ? 16 : channels > 4 ? 8 : 4;
  const width = channels / groups;
  return groups === 1 ? block : ([16, 8].find((size) => width % size === 0) ?? 4);
}

/** The convolution kernel that runs, and the way the work is cut. */
export interface Tiling {
  /** True if lanes share the weights that they read. Needs the device's feature "subgroups". */
  readonly subgroups: boolean;
  /** True if a workgroup stages what it reads in workgroup memory, where channels go in fours. */
  readonly staged?: boolean | undefined;
  /** Pixels of one thread. */
  readonly pixels: number;
  /** Threads of a workgroup along the pixels. */
  readonly lanes: number;
  /** Chunks (four output channels where their number allows) of one thread; a whole block with subgroups. */
  readonly columns: number;
  /** Threads of a workgroup along the output channels; 1 with subgroups. */
  readonly channelLanes: number;
}

/** A register tile, whatever the number of channels; what a device is measured with. */
export interface ConvolutionTile {
  /** True if lanes share the weights that they read; a thread then keeps a whole block of channels. */
  readonly subgroups: boolean;
  /** True if a workgroup stages 64 pixels by 64 output channels in workgroup memory; narrower outputs go without. */
  readonly staged?: boolean | undefined;
  /** Pixels of one thread. */
  readonly pixels: number;
  /** Output channels of one thread: 4, 8 or 16. */
  readonly channels: number;
}

/** The tiles that serve a device best where there is little work, and where there is much. */
export interface ConvolutionTiles {
  readonly little: ConvolutionTile;
  readonly much: ConvolutionTile;
}

/** Chunks of output channels of a workgroup in conv2d_staged.wgsl. */
const STAGED_COLUMNS = 16;

/** Elements of an output from which on there is much work: enough for 8192 threads of 4 pixels × 8 channels. */
const MUCH = 8192 * 32;

const measured = new WeakMap<GPUDevice, ConvolutionTiles>();

/** Has a device use these tiles in whatever is created on it from now on, in place of {@link defaultTiles}. */
export function useTiles(device: GPUDevice, tiles: ConvolutionTiles): void {
  measured.set(device, tiles);
}

/**
 * Tiles for a device that nobody measured. In order of weight:
 * - Where all subgroups have eight lanes (llvmpipe: a read costs there as much as dozens of products) lanes share their
 *   reads of weights: 2.5 to 3 times as fast as without. On GPUs with wide subgroups the cache does that job.
 * - A thread keeps 4 pixels × 8 channels where there is much work, or else 4 × 4, so that small images with many
 *   channels still fill a GPU; a CPU is always full (SwiftShader: 1.7 times as fast with 4 × 8).
 */
export function defaultTiles(device: GPUDevice): ConvolutionTiles {
  const { least, most } = subgroupsOf(device);
  if (least === 8 && most === 8) {
    const tile = { subgroups: true, pixels: 2, channels: 16 };
    return { little: tile, much: tile };
  }
  const much = { subgroups: false, pixels: 4, channels: 8 };
  return { little: isSoftwareAdapter(device) ? much : { subgroups: false, pixels: 4, channels: 4 }, much };
}

/** Every tile that a device can run. */
export function tilesFor(device: GPUDevice): ConvolutionTile[] {
  const { least } = subgroupsOf(device);
  return [
    { subgroups: false, pixels: 4, channels: 4 },
    { subgroups: false, pixels: 4, channels: 8 },
    { subgroups: false, pixels: 2, channels: 4 },
    { subgroups: false, pixels: 8, channels: 4 },
    { subgroups: false, staged: true, pixels: 4, channels: 8 },
    ...(least >= 8 ? [2, 4].map((pixels) => ({ subgroups: true, pixels, channels: 16 })) : []),
  ];
}

/** Sizes of a device's subgroups; 0 where kernels cannot use them. */
function subgroupsOf(device: GPUDevice): { readonly least: number; readonly most: number } {
  if (!device.features.has("subgroups")) return { least: 0, most: 0 };
  // Browsers that shipped WebGPU early have no `adapterInfo` on the device.
  const info: Partial<GPUAdapterInfo> = (device.adapterInfo as GPUAdapterInfo | undefined) ?? {};
  return { least: info.subgroupMinSize ?? 0, most: info.subgroupMaxSize ?? 0 };
}

/** The one place where the work of a convolution is cut: by the device's tiles, as the output's size allows. */
export function chooseTiling(device: GPUDevice, pixels: number, channels: number, groups = 1): Tiling {
  const { little, much } = measured.get(device) ?? defaultTiles(device);
  return tilingOf(pixels * channels >= MUCH ? much : little, channels, groups);
}

/** A tile, laid over so many output channels, so that what a thread or a workgroup shares belongs to one group. */
export function tilingOf(tile: ConvolutionTile, channels: number, groups = 1): Tiling {
  const width = channels / groups;
  const chunk = width % 4 === 0 ? 4 : 1;
  if (tile.subgroups && (groups === 1 || chunk === 4)) {
    const block = blockOf(channels, groups);
    // What a narrow block leaves of the registers goes to pixels.
    const pixels = Math.min(4, (tile.pixels * 16) / block);
    return { subgroups: true, pixels, lanes: 8, columns: block / chunk, channelLanes: 1 };
  }
  const chunks = channels / chunk;
  const most = Math.min(tile.channels / chunk, chunks);
  const columns = groups === 1 ? most : largestDivisor(width / chunk, most);
  const idleColumns = Math.ceil(chunks / STAGED_COLUMNS) * STAGED_COLUMNS - chunks;
  const apart = groups === 1 || width % (STAGED_COLUMNS * chunk) === 0;
  if (tile.staged && chunk === 4 && 3 * idleColumns <= chunks && apart) {
    return { subgroups: false, staged: true, pixels: 4, lanes: 16, columns: 2, channelLanes: 8 };
  }
  // A workgroup of 64 threads is 8 chunks wide, or less where that would leave more than a quarter of them idle.
  const needed = Math.ceil(chunks / columns);
  const idle = (lanes: number): number => Math.ceil(needed / lanes) * lanes - needed;
  const channelLanes = [8, 4, 2].find((lanes) => 3 * idle(lanes) <= needed) ?? 1;
  return { subgroups: false, pixels: tile.pixels, lanes: 64 / channelLanes, columns, channelLanes };
}

/** The largest divisor of a number that is no more than that. */
function largestDivisor(of: number, most: number): number {
  let divisor = Math.min(of, most);
  while (of % divisor !== 0) divisor--;
  return divisor;
}

import { type Command, recordCommands } from "../gpu/command.ts";
import type { Scope } from "../gpu/scope.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { createSquaredDistances, type DistanceTile } from "../kernels/neighbours.ts";
import type { LoopOptions } from "../sampling/batches.ts";
import { createPace } from "./pace.ts";

/** Distances that are on the device at once: 32 MiB of them. */
const TILE = 2 ** 23;
/** The most queries of a block. */
const BLOCK = 2048;

/** Two sets of points between which distances are taken, each [rows, channels]. */
export interface Spaces {
  readonly points: Float32Array;
  readonly queries: Float32Array;
  readonly channels: number;
}

/** What is done with the distances of a block of queries to all points. */
export interface Reader {
  /** Passes over all points; what each does with a tile of distances. */
  readonly passes: readonly (readonly Command[])[];
  /** Called before the passes of a block. */
  readonly begin?: (first: number, count: number) => void;
  /** Called after them. */
  readonly end: (first: number, count: number) => Promise<void>;
}

/** Numbers that a binding can hold at most. */
export function mostNumbers(device: GPUDevice): number {
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  return Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4);
}

/** How many queries a block has, for each of which a reader holds `held` numbers. */
export function blockOf(device: GPUDevice, { queries, channels }: Spaces, held: number): number {
  const most = Math.floor(mostNumbers(device) / Math.max(channels, held));
  return Math.max(1, Math.min(BLOCK, queries.length / channels, most));
}

/**
 * Goes over the distances of every query to every point, tile by tile: no more of them are held at once. Points that are
 * larger than the device's largest buffer come in several parts.
 * @param block the most queries at once, as `blockOf` gives it.
 * @throws the signal's reason; DeviceLostError.
 */
export async function overDistances(
  device: GPUDevice,
  who: string,
  spaces: Spaces,
  block: number,
  read: (site: DistanceTile, scope: Pick<Scope, "tensor" | "command">) => Promise<Reader>,
  { scope, signal, onProgress }: LoopOptions & { readonly scope: Pick<Scope, "tensor" | "command"> },
): Promise<void> {
  const { points, queries, channels } = spaces;
  const [n, m] = [points.length / channels, queries.length / channels];
  const rows = Math.max(1, Math.min(n, Math.floor(mostNumbers(device) / channels)));
  const most = Math.max(1, Math.min(rows, Math.floor(Math.min(TILE, mostNumbers(device)) / block)));
  const x = scope.tensor([block, channels], { label: `${who} queries` });
  const y = scope.tensor([rows, channels], { label: `${who} points` });
  const tile = scope.tensor([most, block], { label: `${who} distances` });
  const place: Tensor = scope.tensor([5], { dtype: "u32", label: `${who} place` });
  const distances = await scope.command(createSquaredDistances(device, { tile, place, x, y }));
  const { passes, begin, end } = await read({ tile, place }, scope);

  const pace = createPace(device, who, { least: Math.min(64, most), most, signal });
  const write = (to: Tensor, from: Float32Array, first: number, count: number): void => {
    device.queue.writeBuffer(to.buffer, 0, from, first * channels, count * channels);
  };
  const whole = m * n * passes.length;
  let done = 0;
  let held = -1;
  for (let first = 0; first < m; first += block) {
    const count = Math.min(block, m - first);
    write(x, queries, first, count);
    begin?.(first, count);
    for (const pass of passes) {
      for (let part = 0; part < n; part += rows) {
        const there = Math.min(rows, n - part);
        if (held !== part) write(y, points, part, there);
        held = part;
        let row = 0;
        while (row < there) {
          const taken = Math.min(pace.size, there - row);
          device.queue.writeBuffer(place.buffer, 0, new Uint32Array([count, row, taken, part + row, first]));
          const encoder = device.createCommandEncoder({ label: `vitrine ${who}` });
          recordCommands(encoder, [distances, ...pass]);
          device.queue.submit([encoder.finish()]);
          row += taken;
          await pace.submitted(taken);
          done += count * taken;
          onProgress?.(done / whole);
        }
      }
    }
    await pace.settled();
    await end(first, count);
  }
}

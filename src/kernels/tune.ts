import { type Command, recordCommands } from "../gpu/command.ts";
import { adapterName, whileAlive } from "../gpu/device.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { withScope } from "../gpu/scope.ts";
import { createConvolution } from "../layers/convolution.ts";
import {
  type ConvolutionTile,
  type ConvolutionTiles,
  tilesFor,
  tilingOf,
  useTiles,
} from "../layers/tiling.ts";

/** Store of texts by name: `localStorage`, or anything like it. */
export interface TextStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export interface TuneOptions {
  /** Store that remembers the choice, by the adapter's name. */
  readonly store?: TextStore | undefined;
  /** Stops the measurement; `tuneConvolutions` then throws the signal's reason and changes nothing. */
  readonly signal?: AbortSignal | undefined;
}

const TUNE: Fields<TuneOptions> = { store: "may", signal: "may" };

/** Result of tuning, measured or remembered. */
export interface Tuning {
  readonly adapter: string;
  readonly tiles: ConvolutionTiles;
  /** True if this call measured, false if it recalled an earlier measurement. */
  readonly measured: boolean;
}

/** A convolution to measure with: 3×3, as many channels in as out. */
interface Probe {
  readonly side: number;
  readonly channels: number;
}

const PROBES: Readonly<Record<keyof ConvolutionTiles, Probe>> = {
  little: { side: 14, channels: 128 },
  much: { side: 64, channels: 64 },
};

/** One sample lasts at least so long, since browsers blur their clocks. */
const SAMPLE_MS = 4;
const SAMPLES = 5;
/** A tile this much slower than the best so far is not measured further. */
const HOPELESS = 3;
/** Bumped when kernels change so that old measurements say nothing about them. */
const VERSION = 2;

/**
 * Chooses the convolution's register tiles by measurement, for a small and a large output: one portable choice may cost
 * another GPU half its speed. Some tenths of a second on a GPU, some seconds on a software adapter; remembered by the
 * adapter's name where there is a store. Whatever is created on the device afterwards uses the choice; the results of a
 * convolution do not depend on it.
 * @throws the signal's reason; DeviceLostError.
 */
export async function tuneConvolutions(device: GPUDevice, options: TuneOptions = {}): Promise<Tuning> {
  assertFields("tuneConvolutions", options, TUNE);
  const { store, signal } = options;
  signal?.throwIfAborted();
  const adapter = adapterName(device);
  const key = `vitrine tiles ${VERSION} ${adapter}`;
  const candidates = tilesFor(device);
  const known = recall(store?.getItem(key), candidates);
  const tiles = known ?? {
    little: await best(device, candidates, PROBES.little, signal),
    much: await best(device, candidates, PROBES.much, signal),
  };
  if (!known) store?.setItem(key, JSON.stringify(tiles));
  useTiles(device, tiles);
  return { adapter, tiles, measured: !known };
}

/** Tiles as they were remembered, unless they are none that the device can run. */
function recall(
  text: string | null | undefined,
  candidates: readonly ConvolutionTile[],
): ConvolutionTiles | undefined {
  if (!text) return undefined;
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return undefined;
  }
  const same = (wanted: unknown): ConvolutionTile | undefined =>
    candidates.find((tile) => JSON.stringify(tile) === JSON.stringify(wanted));
  const { little, much } = { ...(stored as Partial<Record<keyof ConvolutionTiles, unknown>>) };
  const found = { little: same(little), much: same(much) };
  return found.little && found.much ? { little: found.little, much: found.much } : undefined;
}

/** The tile with the least time of several samples, taken in turns. */
async function best(
  device: GPUDevice,
  candidates: readonly ConvolutionTile[],
  probe: Probe,
  signal: AbortSignal | undefined,
): Promise<ConvolutionTile> {
  const { side, channels } = probe;
  const values = (length: number): Float32Array =>
    Float32Array.from({ length }, (_, index) => Math.sin(index) / 8);
  const shape = [1, side, side, channels];
  return withScope(device, "tune", async ({ tensor, command: owned }) => {
    const x = tensor(shape, { data: values(side * side * channels) });
    const w = tensor([channels / 16, 9 * channels, 16], { data: values(9 * channels * channels) });
    const y = tensor(shape);
    const running: {
      readonly tile: ConvolutionTile;
      readonly command: Command;
      repeats: number;
      least: number;
    }[] = [];
    for (const tile of candidates) {
      signal?.throwIfAborted();
      const command = await owned(
        createConvolution(device, {
          label: "tune",
          x,
          w,
          y,
          kernel: [3, 3],
          scale: [1, 1],
          dilation: [1, 1],
          offset: [-1, -1],
          phases: [1, 1],
          tiling: tilingOf(tile, channels),
        }),
      );
      running.push({ tile, command, repeats: 1, least: Number.POSITIVE_INFINITY });
    }
    for (let sample = -1; sample < SAMPLES; sample++) {
      const least = Math.min(...running.map((one) => one.least));
      for (const one of running) {
        signal?.throwIfAborted();
        if (one.least > HOPELESS * least) continue;
        const taken = await timeOf(device, one.command, one.repeats);
        // The first run uploads and compiles; it only tells how often to repeat.
        if (sample < 0) one.repeats = Math.max(1, Math.min(200, Math.ceil(SAMPLE_MS / taken)));
        else one.least = Math.min(one.least, taken);
      }
    }
    return running.reduce((a, b) => (b.least < a.least ? b : a)).tile;
  });
}

/** Milliseconds of one run. */
async function timeOf(device: GPUDevice, command: Command, repeats: number): Promise<number> {
  const encoder = device.createCommandEncoder({ label: "vitrine tune" });
  recordCommands(encoder, Array<Command>(repeats).fill(command));
  const begin = performance.now();
  device.queue.submit([encoder.finish()]);
  await whileAlive(device, "tune", device.queue.onSubmittedWorkDone());
  return (performance.now() - begin) / repeats;
}

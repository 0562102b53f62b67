import { extname } from "node:path";
import { sizeOf } from "../gpu/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import type { Pixels } from "../images/pixels.ts";
import { createNetworks, type Networks } from "../network/pool.ts";
import { writePng } from "../node/image.ts";
import { writeNpy } from "../node/npy.ts";
import type { FoolingOption, FoolingSettings } from "../techniques/robustness/fooling-technique.ts";
import type { PictureOption, PictureOptions } from "../techniques/synthesis/picture-technique.ts";
import type { LiveSynthesis } from "../techniques/synthesis/synthesis.ts";
import { type Io, progressOf, UsageError } from "./io.ts";
import type { OptionName } from "./options.ts";
import { pictureSettings, type WithPictureOptions } from "./picture-options.ts";
import { optionValue } from "./technique-settings.ts";
import type { Values } from "./values.ts";

/** Options of commands that make a picture from a picture, step by step. */
export const MADE_OPTIONS = ["steps", "save-every", "memory", "seed", "out", "json"] as const;

/** Longer side of a photograph, unless --longest says otherwise. */
export const LONGEST = 256;

const MOST_STEPS = 100_000;

/** How a picture is made, as the command line says, and what is written on the way. */
export interface Making {
  readonly options: {
    readonly steps: number | undefined;
    readonly every: number | undefined;
    readonly signal: AbortSignal;
    readonly onProgress: (fraction: number) => void;
    readonly onPicture?: (live: LiveSynthesis) => void;
  };
  /** Waits for the files on the way. @throws what went wrong with one. */
  written(): Promise<void>;
}

/** @param out file whose name those of the pictures on the way begin with. */
export function makingOf(values: Values, io: Io, what: string, out: string | undefined): Making {
  const every = values.whole("save-every", 1, MOST_STEPS);
  if (every !== undefined && out === undefined)
    throw new UsageError("--save-every expects --out FILE, got none");
  let files: Promise<unknown> = Promise.resolve();
  const options = {
    ...{ steps: values.whole("steps", 1, MOST_STEPS), every },
    ...{ signal: io.signal, onProgress: progressOf(io, what) },
  };
  if (every === undefined || out === undefined) return { options, written: async () => {} };
  const onPicture = ({ step, pictures: [data = new Float32Array()], shape }: LiveSynthesis): void => {
    const kind = extname(out);
    const file = `${out.slice(0, out.length - kind.length)}-${step}${kind}`;
    files = files.then(() =>
      kind.toLowerCase() === ".npy"
        ? writeNpy(file, { data, shape })
        : writePng(file, pixelsOf({ data, shape })),
    );
    files.catch(() => {});
  };
  return {
    options: { ...options, onPicture },
    async written() {
      await files;
    },
  };
}

/** Runs some work with networks that keep within --memory, and frees them. */
export async function withPool<T>(
  graph: Graph,
  values: Values,
  io: Io,
  work: (networks: Networks) => Promise<T>,
): Promise<T> {
  const mebibytes = values.whole("memory", 1, 2 ** 20);
  const memory = mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
  const networks = createNetworks(await io.device(), graph, { memory });
  try {
    return await work(networks);
  } finally {
    networks.destroy();
    io.progress();
  }
}

/** Names of layers with commas between. @throws UsageError where there are none. */
export function layersIn(values: Values, command: string, option: OptionName): string[] {
  const text = values.text(option);
  if (text === undefined) {
    throw new UsageError(`${command} expects --${option} NAME, got none; "vitrine layers" lists the names`);
  }
  return text.split(",").map((name) => name.trim());
}

/** The settings that the command line gives a technique. */
export function pictureValues(
  technique: WithPictureOptions,
  values: Values,
): Pick<PictureOptions, PictureOption> & Pick<FoolingSettings, FoolingOption> {
  const given = pictureSettings(technique).map(
    ({ name, option, definition }) => [option, optionValue(name, definition.type, values)] as const,
  );
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** One number. */
export function numberIn(values: Values, option: OptionName): number | undefined {
  return values.numbers(option)?.[0];
}

/** A picture of 0…1 as pixels of 8 bits. */
export function pixelsOf({
  data,
  shape: [height, width],
}: {
  readonly data: Float32Array;
  readonly shape: readonly [number, number, 3];
}): Pixels {
  return { height, width, data: Uint8ClampedArray.from(data, (value) => 255 * value) };
}

/** Pictures of one size as one array [pictures, H, W, 3]. */
export function arrayOf(pictures: readonly Float32Array[], shape: readonly [number, number, 3]) {
  const all = [pictures.length, ...shape];
  const data = new Float32Array(sizeOf(all));
  for (const [i, picture] of pictures.entries()) data.set(picture, i * sizeOf(shape));
  return { data, shape: all };
}

import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { readInput } from "../images/picture.ts";
import type { Networks } from "../network/pool.ts";
import type { Patch } from "./patches.ts";
import { classIndex, classNamed, type RelevanceRunOptions, RelevanceRuns } from "./relevance-runs.ts";
import type { RelevanceTarget } from "./top-by-relevance.ts";

/** A channel of a layer with its patches. */
export interface ChannelPatches {
  readonly channel: number;
  readonly patches: readonly Patch[];
}

export interface PatchRelevanceOptions extends RelevanceRunOptions {
  readonly layer: string;
  /** Whose relevance: that for the class which the network gives the picture, its own label, or one class. Default "answer". */
  readonly target?: RelevanceTarget | undefined;
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
}

const PATCH_RELEVANCE: Fields<PatchRelevanceOptions> = {
  ...{ layer: "must", target: "may", rules: "may", pass: "may", batch: "may" },
  ...{ inputs: "may", signal: "may", onProgress: "may" },
};

/** A map that is asked for: of which patch, and of which channel. */
interface Job {
  readonly values: Float32Array;
  readonly label: string | undefined;
  readonly unit: number;
  readonly rank: number;
  readonly channel: number;
}

/**
 * Concept-conditional relevance (Achtibat et al. 2023, section 4.1): for each patch the part of an answer's relevance that went through
 * the channel, on the pixels. Of the layer's relevance only the channel's is passed on. One pass over the source.
 * @returns for each channel and patch a map `[height, width]` over the pixels of the network's input, summed over color.
 * @throws UnsupportedError naming a layer for which LRP is not defined.
 * @throws InputError when a picture is missing, or a label is no class of the network; the signal's reason.
 */
export async function patchRelevance(
  networks: Networks,
  source: Source,
  units: readonly ChannelPatches[],
  options: PatchRelevanceOptions,
): Promise<Float32Array[][]> {
  const who = "relevance of patches";
  assertFields(who, options, PATCH_RELEVANCE);
  const { layer, target = "answer", signal, onProgress } = options;
  const wanted = new Map<number, { unit: number; rank: number }[]>();
  for (const [unit, { patches }] of units.entries()) {
    for (const [rank, { index }] of patches.entries()) {
      wanted.set(index, [...(wanted.get(index) ?? []), { unit, rank }]);
    }
  }
  const count = units.reduce((sum, { patches }) => sum + patches.length, 0);
  const maps: Float32Array[][] = units.map(() => []);
  if (count === 0) return maps;
  return RelevanceRuns.during(networks, [layer], options, async (runs) => {
    const { head, graph } = runs;
    let done = 0;
    const run = async (jobs: readonly Job[]): Promise<void> => {
      const answers = await runs.forward(jobs.map(({ values }) => values));
      const classes = jobs.map(({ label }, n) => {
        if (target === "answer") return answers[n] ?? 0;
        if (target !== "label") return classNamed(who, head, target.class);
        const own = label === undefined ? undefined : classIndex(head, label);
        if (own === undefined)
          throw new InputError(`${who}: expected a label that is a class, got ${label ?? "none"}`);
        return own;
      });
      const [found] = await runs.back(classes, { activations: true });
      if (!found) return;
      const channels = runs.shapeOf(layer).at(-1) ?? 1;
      const each = found.relevance.length / jobs.length;
      const share = new Float32Array(each * runs.batch);
      for (const [n, { channel }] of jobs.entries()) {
        for (let i = channel; i < each; i += channels) {
          const activation = found.activation[n * each + i] ?? 0;
          if (activation !== 0) share[n * each + i] = (found.relevance[n * each + i] ?? 0) / activation;
        }
      }
      const pixels = await runs.toPicture(layer, share);
      for (const [n, { unit, rank }] of jobs.entries()) {
        const size = pixels.length / runs.batch;
        const map = overColor(pixels.subarray(n * size, (n + 1) * size), runs.colors);
        const own = maps[unit];
        if (own) own[rank] = map;
      }
      done += jobs.length;
      onProgress?.(done, count);
    };
    let jobs: Job[] = [];
    for await (const { index, label, pixels } of source.read({ signal, onBroken: () => {} })) {
      const here = wanted.get(index);
      if (!here) continue;
      wanted.delete(index);
      const values = await readInput(graph, pixels);
      for (const { unit, rank } of here) {
        jobs.push({ values, label, unit, rank, channel: units[unit]?.channel ?? 0 });
        if (jobs.length < runs.batch) continue;
        await run(jobs);
        jobs = [];
      }
      if (wanted.size === 0) break;
    }
    if (jobs.length > 0) await run(jobs);
    const [missing] = wanted.keys();
    if (missing !== undefined) {
      throw new InputError(
        `${who}: expected picture ${missing} in ${source.name}, got none that can be read`,
      );
    }
    return maps;
  });
}

function overColor(values: Float32Array, colors: number): Float32Array {
  const map = new Float32Array(values.length / colors);
  for (const [i, value] of values.entries()) {
    const pixel = Math.floor(i / colors);
    map[pixel] = (map[pixel] ?? 0) + value;
  }
  return map;
}

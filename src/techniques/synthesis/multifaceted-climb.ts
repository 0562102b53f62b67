import type { Graph } from "../../graph/graph.ts";
import { inputShape } from "../../images/preprocess.ts";
import { zoomed } from "../../images/zoom.ts";
import type { Networks } from "../../network/pool.ts";
import { ascend } from "../../optimise/ascend.ts";
import { pinnedImage } from "../../optimise/image/pinned.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { normalisedGradient } from "../../optimise/optimisers/gradient-ascent.ts";
import { clip } from "../../optimise/regularisers/clip.ts";
import { denoiseTv } from "../../optimise/regularisers/denoise-tv.ts";
import { affine } from "../../optimise/transforms/affine.ts";
import { Draws } from "../../sampling/draws.ts";
import type { Ascended } from "./judge.ts";
import { cropsOf, frameOf, GROWTH, phasesOf } from "./multifaceted-phases.ts";
import type { ValuedPicture } from "./natural-pictures.ts";
import type { SynthesisOptions } from "./options.ts";
import type { Facet } from "./synthesis.ts";
import { asUnit } from "./unit-pictures.ts";
import type { Unit } from "./wanted.ts";

interface Climbing extends Omit<SynthesisOptions, "onPicture" | "seed" | "steps"> {
  readonly steps: number;
  readonly seed: number;
  /** Called with each picture, [H, W, C] of 0…1. */
  readonly onPixels?: ((step: number, pixels: readonly Float32Array[]) => void) | undefined;
}

/** Lets the facets of one unit climb side by side, phase by phase. */
export async function climbFacets(
  networks: Networks,
  unit: Unit,
  facets: readonly Facet[],
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  { steps, sweeps = 30, seed, signal, every, onProgress, onPixels }: Climbing,
): Promise<Ascended[]> {
  const { graph } = networks;
  const grown = [height, width] as const;
  const crop = [Math.max(1, Math.round(height / GROWTH)), Math.max(1, Math.round(width / GROWTH))] as const;
  const resized = (pixels: Float32Array, from: readonly [number, number], to: readonly [number, number]) =>
    zoomed({ data: pixels, shape: [...from, channels] }, to).data;
  const [h, w] = inputShape(graph);
  let size = crop;
  let pixels = facets.map(({ naturals }) => resized(meanPicture(graph, naturals), [h, w], crop));
  const curves = facets.map((): number[] => []);
  let done = 0;
  for (const [n, phase] of phasesOf(steps).entries()) {
    const wanted = phase.grown ? grown : crop;
    pixels = pixels.map((one) => resized(one, size, wanted));
    size = wanted;
    const before = done;
    const start = pixels;
    const kind = (numbers: readonly number[]) =>
      pixelImage({ start: joined(numbers.map((number) => start[number] ?? new Float32Array())) });
    // The authors divide the step by the mean over a crop, which is smaller than the picture.
    const share = (crop[0] * crop[1]) / (size[0] * size[1]);
    const rates = phase.rate.map((rate) => (rate * share) / 255) as [number, number];
    const each = (all: Float32Array): Float32Array[] =>
      asUnit(all, graph, "unit", facets.length).map((one) =>
        one.map((value) => Math.min(1, Math.max(0, value))),
      );
    const climbed = await ascend(networks, {
      objective: unit.objective(),
      numbers: facets.map((_, i) => i),
      image: (numbers) =>
        phase.margin === 0
          ? kind(numbers)
          : pinnedImage(kind(numbers), { mask: frameOf(size, crop, phase.margin) }),
      size,
      steps: phase.steps,
      optimiser: normalisedGradient({ rate: { from: rates[0], to: rates[1], steps: phase.steps } }),
      transforms: phase.grown
        ? [
            affine(
              cropsOf(phase, size, crop, new Draws(seed, n)).map(([y, x]) => [1, 0, y, 0, 1, x]),
              { ordered: true, size: crop },
            ),
          ]
        : [],
      regularisers: [
        clip({ low: 0, high: 1, at: "after" }),
        denoiseTv({
          weight: { from: 255 * phase.weight[0], to: 255 * phase.weight[1], steps: phase.steps },
          sweeps,
        }),
      ],
      ...{ seed, signal, every },
      onProgress: onProgress && ((part) => onProgress((before + part * phase.steps) / steps)),
      onPicture:
        onPixels &&
        (({ step, pixels: seen }) =>
          onPixels(
            before + step,
            each(seen).map((one) => resized(one, size, grown)),
          )),
    });
    pixels = each(climbed.pixels);
    for (const [i, curve] of climbed.curves.entries()) curves[i]?.push(...curve);
    done += phase.steps;
  }
  const end = pixels.map((one) => resized(one, size, grown));
  return end.map((one, i) => ({ pixels: one, curve: Float32Array.from(curves[i] ?? []) }));
}

/** The mean of natural pictures, [H, W, C] of 0…1. */
function meanPicture(graph: Graph, naturals: readonly ValuedPicture[]): Float32Array {
  const all = naturals.map(({ picture }) => asUnit(picture, graph, "input", 1)[0] ?? new Float32Array());
  const sum = new Float32Array(all[0]?.length ?? 0);
  for (const one of all) for (const [i, value] of one.entries()) sum[i] = (sum[i] ?? 0) + value / all.length;
  return sum;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const each = parts[0]?.length ?? 0;
  const all = new Float32Array(each * parts.length);
  for (const [i, part] of parts.entries()) all.set(part, i * each);
  return all;
}

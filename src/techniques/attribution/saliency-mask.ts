import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import type { Shape } from "../../gpu/tensor.ts";
import { graphCut } from "../../images/graph-cut.ts";
import { maxOverColor } from "../../images/over-color.ts";
import { deprocess } from "../../images/preprocess.ts";
import type { Network } from "../../network/network.ts";
import { assertCall, copyOf } from "../answer.ts";
import {
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  type Picture,
  type ScoreKind,
} from "../question.ts";
import { NONE, type Prepare } from "./command.ts";
import { ON } from "./options.ts";
import { SALIENCY, saliency } from "./saliency.ts";
import { attributionTechnique, fromGradient } from "./technique.ts";

export interface MaskOptions {
  /** Quantile of the map above which pixels show the foreground's colours. Default 0.95. */
  readonly foreground?: number | undefined;
  /** Quantile below which they show the background's. Default 0.3. */
  readonly background?: number | undefined;
  /** The cost of a boundary, against that of colours that fit ill. Default 10. */
  readonly smoothness?: number | undefined;
  /** True to drop all but the largest connected part. Default true. */
  readonly largest?: boolean | undefined;
}

const MASK: Fields<MaskOptions> = { foreground: "may", background: "may", smoothness: "may", largest: "may" };

/** A mask of what a map points at. */
export interface MaskExplanation extends Explanation {
  /** The saliency that the mask was made of, the largest magnitude over colour, [H, W]. */
  readonly map: Float32Array;
}

/**
 * Saliency as a mask of the object, 1 inside and 0 outside, [H, W]: the most and the least salient pixels give the colours of
 * foreground and background, a graph cut parts the image by them, and the largest connected part is kept
 * (Simonyan et al. 2013, arXiv:1312.6034, section 3.2; their quantiles, 95 % and 30 %).
 * @throws InputError when an option is out of range; UnsupportedError when the input is no grey or RGB image.
 */
export async function saliencyMask(
  network: Network,
  image: Picture,
  options: ObjectiveOptions & MaskOptions = {},
): Promise<MaskExplanation> {
  assertCall({ who: "saliency mask", fields: { ...EXPLAIN, ...MASK } }, network, options);
  const { foreground: _f, background: _b, smoothness: _s, largest: _l, ...question } = options;
  const input = await copyOf(network, image);
  const pixels = deprocess(input, network.graph);
  const { target, ...found } = await saliency(network, input, question);
  const { data: map, shape } = maxOverColor(found);
  return { data: maskOf(pixels, map, options), shape, target, map };
}

/** The mask of any map [H, W] of an image as large; see {@link saliencyMask}. */
export function maskOf(
  image: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray | Uint8Array },
  map: Float32Array,
  options: MaskOptions = {},
): Float32Array {
  assertFields("mask", options, { ...EXPLAIN, ...MASK });
  const { foreground = 0.95, background = 0.3, smoothness = 10, largest = true } = options;
  const { width, height } = image;
  if (map.length !== width * height) {
    throw new InputError(`mask: expected a map of ${height}×${width}, got ${map.length} values`);
  }
  if (!(background >= 0 && background < foreground && foreground <= 1)) {
    throw new InputError(
      `mask: expected quantiles of 0 to 1, background below foreground, got ${background} and ${foreground}`,
    );
  }
  if (!(smoothness >= 0 && Number.isFinite(smoothness))) {
    throw new InputError(`mask: expected a smoothness of at least 0, got ${smoothness}`);
  }
  const sorted = map.toSorted();
  const quantile = (share: number): number => sorted[Math.floor(share * (map.length - 1))] ?? 0;
  const [high, low] = [quantile(foreground), quantile(background)];
  const cut = graphCut(
    image,
    (pixel) => (map[pixel] ?? 0) > high,
    (pixel) => (map[pixel] ?? 0) < low,
    smoothness,
  );
  return Float32Array.from(largest ? largestPart(cut, [height, width]) : cut);
}

/** The largest part of a mask whose pixels touch along their edges; the first of several as large. */
function largestPart(mask: Uint8Array, [height = 1, width = 1]: Shape): Uint8Array {
  const part = new Uint32Array(mask.length);
  let [best, most, count] = [0, 0, 0];
  for (let start = 0; start < mask.length; start++) {
    if (mask[start] !== 1 || part[start] !== 0) continue;
    const stack = [start];
    part[start] = ++count;
    let size = 0;
    for (let p = stack.pop(); p !== undefined; p = stack.pop()) {
      size++;
      const [y, x] = [Math.floor(p / width), p % width];
      for (const [row, column] of [
        [y - 1, x],
        [y + 1, x],
        [y, x - 1],
        [y, x + 1],
      ] as const) {
        const q = row * width + column;
        if (row < 0 || row >= height || column < 0 || column >= width || mask[q] !== 1 || part[q] !== 0)
          continue;
        part[q] = count;
        stack.push(q);
      }
    }
    if (size > most) [best, most] = [count, size];
  }
  return mask.map((_, p) => Number(best > 0 && part[p] === best));
}

/** Results: `gradient`, [H, W, C]. The graph cut is the processor's. */
const prepareMask: Prepare<
  ObjectiveOptions & MaskOptions & { readonly on?: ScoreKind | undefined },
  MaskExplanation
> = async (site, options) => {
  // An input that is no image has no colours to cut by.
  deprocess(site.input, site.network.graph);
  const { on, ...mask } = options;
  const { target, output, region, signal } = mask;
  const { results, finish, ...prepared } = await SALIENCY.prepare(site, {
    target,
    output,
    region,
    on,
    signal,
  });
  const { map: gradient } = results;
  if (!gradient) throw new InputError("saliency mask: expected a saliency map to make it of");
  return {
    ...prepared,
    results: { gradient },
    async finish({ gradient: values = NONE }, shown) {
      const pixels = deprocess(shown, site.network.graph);
      const found = await finish({ map: values }, shown);
      const { data: map, shape } = maxOverColor(found);
      return { data: maskOf(pixels, map, mask), shape, target: found.target, map };
    },
  };
};

export const SALIENCY_MASK = attributionTechnique({
  name: "saliency-mask",
  title: "Saliency mask",
  paper: { authors: "Simonyan et al.", year: 2013, arxiv: "1312.6034" },
  summary: "The object cut out of the image: 1 on it and 0 beside it, found by saliency and colour",
  shape: "[H,W]",
  kind: "expectation",
  unit: "1: the object",
  options: { on: ON },
  run: fromGradient(saliencyMask),
  prepare: prepareMask,
});

import type { Source } from "../dataset/source.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { type Graph, shapesOf } from "../graph/graph.ts";
import { type Rectangle, receptiveField } from "../graph/receptive-field.ts";
import { readInput } from "../images/picture.ts";
import type { Pixels } from "../images/pixels.ts";
import { deprocess, inputShape } from "../images/preprocess.ts";
import { resizePixels } from "../images/resample.ts";
import type { TopEntry } from "../kernels/top-k.ts";

/** A patch of a data set's picture. */
export interface Patch {
  /** The picture: its name and number in the data set, and its label. */
  readonly id: string;
  readonly index: number;
  readonly label?: string | undefined;
  /** Activation, or relevance, at the place. */
  readonly value: number;
  /** Row and column of the layer. */
  readonly y: number;
  readonly x: number;
  /** Pixels of the network's input that were cut; those beyond its border have the color that the network takes for zero. */
  readonly field: Rectangle;
  readonly pixels: Pixels;
}

/** Which patches are cut. */
export interface CutOptions {
  readonly layer: string;
  /** For each unit its places, best first. */
  readonly places: readonly (readonly TopEntry[])[];
  /** The longest side of a patch in pixels; a larger one is made smaller. */
  readonly side?: number | undefined;
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CUT: Fields<CutOptions> = {
  ...{ layer: "must", places: "must", side: "may", onProgress: "may", signal: "may" },
};

/**
 * Cuts patches from the pictures of a source, as the network was shown them, in one pass. A field that is larger than the network's input
 * is cut to it along that side.
 * @throws InputError when the source ends before a picture that is needed, or cannot read it.
 */
export async function cutPatches(graph: Graph, source: Source, asked: CutOptions): Promise<Patch[][]> {
  assertFields("patches", asked, CUT);
  const { layer, places, side, signal, onProgress } = asked;
  const needed = new Map<number, { unit: number; rank: number; place: TopEntry }[]>();
  for (const [unit, own] of places.entries()) {
    for (const [rank, place] of own.entries()) {
      const known = needed.get(place.image);
      if (known) known.push({ unit, rank, place });
      else needed.set(place.image, [{ unit, rank, place }]);
    }
  }
  const count = needed.size;
  const fieldOf = fieldsOf(graph, layer);
  const border = deprocess(new Float32Array(inputShape(graph).reduce((a, b) => a * b)), graph).data;
  const cut: Patch[][] = places.map(() => []);
  // A picture that is broken and not needed was passed over before, too.
  const pictures = source.read({ signal, onBroken: () => {} });
  if (count > 0) {
    for await (const { id, index, label, pixels } of pictures) {
      const wanted = needed.get(index);
      if (!wanted) continue;
      const seen = deprocess(await readInput(graph, pixels), graph);
      for (const { unit, rank, place } of wanted) {
        const { value, y, x } = place;
        const field = fieldOf(y, x);
        const patch = withinSide(cutOut(seen, field, border), side);
        const own = cut[unit];
        if (own) own[rank] = { id, index, label, value, y, x, field, pixels: patch };
      }
      needed.delete(index);
      onProgress?.(count - needed.size, count);
      if (needed.size === 0) break;
    }
  }
  const [missing] = needed.keys();
  if (missing !== undefined) {
    throw new InputError(`patches: expected picture ${missing} in ${source.name}, got none that can be read`);
  }
  return cut;
}

/** The field of each place of a layer; the whole input where the layer has no places. */
function fieldsOf(graph: Graph, layer: string): (y: number, x: number) => Rectangle {
  const [height, width] = inputShape(graph);
  const known = new Map<string, Rectangle>();
  const hasPlaces = (shapesOf(graph).get(layer)?.length ?? 0) > 2;
  return (y, x) => {
    if (!hasPlaces) return { top: 0, left: 0, bottom: height, right: width };
    const key = `${y},${x}`;
    const found = known.get(key);
    if (found) return found;
    const { top, left, bottom, right } = receptiveField(graph, { layer, y, x }).full;
    const [tall, wide] = [bottom - top > height, right - left > width];
    const field = {
      ...{ top: tall ? 0 : top, bottom: tall ? height : bottom },
      ...{ left: wide ? 0 : left, right: wide ? width : right },
    };
    known.set(key, field);
    return field;
  };
}

function cutOut({ width, height, data }: Pixels, field: Rectangle, border: Pixels["data"]): Pixels {
  const { top, left, bottom, right } = field;
  const [h, w] = [bottom - top, right - left];
  const out = new Uint8ClampedArray(h * w * 3);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [row, column] = [top + y, left + x];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      for (let c = 0; c < 3; c++) {
        out[(y * w + x) * 3 + c] = (inside ? data[(row * width + column) * 3 + c] : border[c]) ?? 0;
      }
    }
  }
  return { width: w, height: h, data: out };
}

function withinSide(pixels: Pixels, side: number | undefined): Pixels {
  const { width, height } = pixels;
  const longest = Math.max(width, height);
  if (side === undefined || longest <= side) return pixels;
  const scaled = (length: number): number => Math.max(1, Math.round((length * side) / longest));
  return resizePixels(pixels, scaled(width), scaled(height));
}

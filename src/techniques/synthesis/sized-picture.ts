import { InputError } from "../../gpu/errors.ts";
import { type Graph, pictureOf } from "../../graph/graph.ts";
import { resized } from "../../graph/resize.ts";
import { type Picture, readInput, readPicture } from "../../images/picture.ts";
import { resizePixels } from "../../images/resample.ts";

import type { Size } from "../../optimise/transforms/transform.ts";

/** A picture as a network takes it, and the size at which the network looks at it. */
export interface Sized {
  readonly input: Float32Array;
  readonly size: Size;
}

/**
 * A picture for a graph: of a size, resized to it; or without one, as it is fitted to the network, or with `own` at its own size.
 * @throws InputError for what is no picture, of no finite values, or for values [H, W, C] of another size than the network's.
 */
export async function sizedPicture(
  graph: Graph,
  picture: Picture,
  size: Size | undefined,
  own = false,
): Promise<Sized> {
  const [height, width] = pictureOf(graph, "synthesis").shape;
  const asked = size ?? (own ? undefined : ([height, width] as const));
  if (picture instanceof Float32Array || (!size && !own)) {
    if (asked && (asked[0] !== height || asked[1] !== width)) {
      throw new InputError(
        `picture: expected pixels { width, height, data } for another size than the network's ${height}×${width}, got values [H, W, C], which stand as they are`,
      );
    }
    return { input: await readInput(graph, picture), size: [height, width] };
  }
  const pixels = await readPicture(picture);
  const [h, w] = asked ?? [pixels.height, pixels.width];
  const fitted = resizePixels(pixels, w, h);
  return { input: await readInput(atSize(graph, [h, w]), fitted), size: [h, w] };
}

/** @throws InputError that names the size, where the graph does not run at it. */
function atSize(graph: Graph, size: Size): Graph {
  try {
    return resized(graph, size);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `picture: expected a size at which the network runs, got ${size.join("×")}; take another size, or layers before the one that does not fit: ${error.message}`,
      { cause: error },
    );
  }
}
